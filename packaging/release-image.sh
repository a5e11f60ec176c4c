#!/usr/bin/env bash
# Builds the image of both CPUs from the programs of the release, pushes it under the version, and prints its name and
# digest for the next steps.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/facts.sh"
cd "$project"
images=()
for pair in x86_64:amd64 aarch64:arm64; do
    cpu=${pair#*:} folder=target/image/${pair#*:}
    mkdir -p "$folder"
    tar -xzf "target/packages/opentrain-mcp-${pair%:*}-unknown-linux-musl.tar.gz" -C "$folder"
    packaging/image.sh "$folder/opentrain-mcp" /etc/ssl/certs/ca-certificates.crt "$folder/image"
    docker buildx build --platform "linux/$cpu" --build-context "program=$folder/image" --provenance=false \
        --tag "$image:$version-$cpu" --push .
    images+=("$image:$version-$cpu")
done
docker buildx imagetools create --tag "$image:$version" --tag "$image:latest" "${images[@]}"
digest=$(docker buildx imagetools inspect "$image:$version" --format '{{json .Manifest}}' | jq -r .digest)
printf 'name=%s\ndigest=%s\n' "$image" "$digest" >>"${GITHUB_OUTPUT:-/dev/stdout}"
