//! Parses a line as JSON. A byte order mark, invalid UTF-8 and lone surrogates are repaired; a duplicate key is
//! refused, because its meaning is ambiguous.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::answer::{Shown, quoted, shown};
use crate::api::surrogates::without_lone_surrogates;

/// The deepest nesting of a message that serde_json reads.
const DEEPEST: usize = 127;
/// The byte order mark that some programs write before a text.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The reason why a line is not a message.
#[derive(Debug, PartialEq)]
pub(in crate::mcp) enum Unreadable {
    NotJson(String),
    /// Valid JSON that is not one message.
    Refused(Shown),
}

/// Removes what may surround a message in its line.
pub(in crate::mcp) fn bare(line: &[u8]) -> &[u8] {
    line.strip_prefix(MARK).unwrap_or(line).trim_ascii()
}

/// Parses a line.
pub(in crate::mcp) fn read(line: &[u8], depth: usize) -> Result<Value, Unreadable> {
    if depth > DEEPEST {
        return Err(Unreadable::Refused(shown!("the message is nested more than {} levels deep", DEEPEST)));
    }
    let text = String::from_utf8_lossy(bare(line));
    let text = without_lone_surrogates(text.as_bytes());
    let value = serde_json::from_slice(&text).map_err(|fault| Unreadable::NotJson(fault.to_string()))?;
    match serde_json::from_slice(&text) {
        Ok(Unambiguous) => Ok(value),
        Err(fault) => {
            Err(Unreadable::Refused(shown!("a key occurs twice in one object: {}", quoted(&without_place(&fault)))))
        }
    }
}

/// Removes the line and column that serde_json appends to our own error message.
fn without_place(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// A JSON value without duplicate keys.
struct Unambiguous;

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Unambiguous;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unambiguous, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<Unambiguous>()?;
            if let Some(twice) = keys.replace(key) {
                return Err(A::Error::custom(twice.chars().take(60).collect::<String>()));
            }
        }
        Ok(Unambiguous)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        while items.next_element::<Unambiguous>()?.is_some() {}
        Ok(Unambiguous)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_str<E>(self, _: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }

    fn visit_unit<E>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_mended_is_read() {
        for (line, expected) in [
            (b"\xEF\xBB\xBF{\"a\":1}\r".as_slice(), r#"{"a":1}"#),
            (br#"["half \ud83d"]"#, "[\"half \u{fffd}\"]"),
            (b"[\"\xff\"]", "[\"\u{fffd}\"]"),
            (b"[1.50, 18446744073709551616, 1e400]", "[1.50,18446744073709551616,1e+400]"),
            (b"[{\"a\":1},{\"a\":{\"a\":null}},true]", r#"[{"a":1},{"a":{"a":null}},true]"#),
        ] {
            assert_eq!(read(line, 1).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_key_that_occurs_twice_is_refused_at_any_depth() {
        for line in [r#"{"id":1,"id":1}"#, r#"{"params":[{"name":1,"a":{},"\u006eame":2}]}"#] {
            let Err(Unreadable::Refused(why)) = read(line.as_bytes(), 1) else { panic!("{line} was read") };
            assert!(why.starts_with("a key occurs twice in one object: «"), "{why}");
        }
    }

    #[test]
    fn invalid_json_differs_from_deep_json() {
        assert!(matches!(read(b"hello", 0), Err(Unreadable::NotJson(_))));
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(matches!(read(deep.as_bytes(), 200), Err(Unreadable::Refused(_))));
        let deepest = format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST));
        assert!(read(deepest.as_bytes(), DEEPEST).is_ok());
    }
}
