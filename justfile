# Short names for what is done often. `just` lists them.

_default:
    @just --list

# Everything that CI runs
ci:
    .ci/run

# Format, lints, documentation and tests
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
    cargo test

# Creates under faults and kills, for about two minutes
campaign size="6" seed="20260612":
    CAMPAIGN_SIZE={{size}} CAMPAIGN_SEED={{seed}} cargo test --test campaign -- --nocapture

# Rewrite what is made from the tables: schemas/ and the marked sections of README and docs
generate:
    UPDATE_GENERATED=1 cargo test --test suite generated

# The main job on a sandbox of its own
demo:
    cargo run --release -- demo

# The sandbox alone, with the tokens to try it with
sandbox:
    cargo run --release -- sandbox

# Real hosts from npm, in a home of their own: are they connected after `install`?
hosts:
    cargo test --no-run --test suite
    tests/hosts/run.sh target/debug/opentrain-mcp

# The figures of docs/figures.md
bench:
    cargo bench

# Licences, advisories, sources (needs cargo-deny)
deny:
    cargo deny check
