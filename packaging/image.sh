#!/bin/sh
# Lays out what the container image has, for the Dockerfile: the program, the certificates, and an empty folder for data.
#   packaging/image.sh PROGRAM CERTIFICATES FOLDER
set -eu
program=$1 certificates=$2 folder=$3
mkdir -p "$folder/files/etc/ssl/certs" "$folder/data"
cp "$program" "$folder/files/opentrain-mcp"
cp "$certificates" "$folder/files/etc/ssl/certs/ca-certificates.crt"
chmod 755 "$folder/files/opentrain-mcp"
chmod 700 "$folder/data"
