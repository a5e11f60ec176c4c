//! States that a client made up, and those that are sealed: a forged one opens nothing, an own one stays small.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| opentrain_mcp::mcp::fuzz_state(text));
