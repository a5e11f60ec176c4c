//! Lines of a host: no line panics, and the id of a message is found.
#![no_main]

libfuzzer_sys::fuzz_target!(|line: &[u8]| opentrain_mcp::mcp::fuzz_message(line));
