//! Cursors that a caller made up: each is refused, or leads to a place in the list.
#![no_main]

use opentrain_mcp::answer::paging::{Cursor, Key};
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // A caller sends base64 of JSON; the fuzzer writes the JSON.
    let cursor = serde_json::from_str::<Cursor>(&text).map_or_else(|_| text.to_string(), |cursor| cursor.seal());
    let Ok(cursor) = Cursor::open(&cursor, &Value::Null) else { return };
    let items: Vec<Key> =
        (0..5).map(|n| Key { id: format!("c{}", n / 2), created_at: format!("2026-06-0{n}T00:00:00Z") }).collect();
    assert!(cursor.start(items.clone().into_iter()).given <= items.len());
});
