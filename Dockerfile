# The server in an image that has nothing but the program and the certificates: no shell, no package manager, no root.
#   docker build --tag opentrain-mcp .
#   docker run --rm --interactive --read-only --volume opentrain:/data --env OT_API_TOKEN opentrain-mcp
# The release puts a folder with finished programs in the place of the first stage: --build-context program=FOLDER.

FROM docker.io/library/rust:1.95-alpine AS program
RUN apk add --no-cache ca-certificates musl-dev
WORKDIR /source
COPY . .
RUN cargo build --release --locked \
    && packaging/image.sh target/release/opentrain-mcp /etc/ssl/certs/ca-certificates.crt /image \
    && mv /image/* /

FROM scratch
LABEL io.modelcontextprotocol.server.name="io.github.opentrain-mcp/opentrain-mcp" \
    org.opencontainers.image.title="opentrain-mcp" \
    org.opencontainers.image.source="https://github.com/opentrain-mcp/opentrain-mcp" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=program /files/ /
COPY --from=program --chown=65532:65532 /data/ /data/
USER 65532:65532
# The record, the locks, the account and temporary files: all that is written.
ENV HOME=/data XDG_CONFIG_HOME=/data/config XDG_STATE_HOME=/data/state TMPDIR=/data
VOLUME /data
ENTRYPOINT ["/opentrain-mcp"]
