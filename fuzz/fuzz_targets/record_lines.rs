//! Lines of a record, whole and damaged.
#![no_main]

libfuzzer_sys::fuzz_target!(|line: &[u8]| opentrain_mcp::guard::ledger::fuzz_line(line));
