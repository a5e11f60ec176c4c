//! Reads parts of a JSON text as slices, so that lists with millions of items need no memory. The text must have been
//! checked as JSON before; invalid text ends a list.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The items of a JSON array; empty for any other value.
pub fn items(array: &str) -> impl Iterator<Item = &str> + Clone {
    Items { rest: array.trim_start().strip_prefix('[').unwrap_or_default() }
}

#[derive(Clone)]
struct Items<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start().trim_start_matches(',').trim_start();
        let item = <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(rest)).ok()?.get();
        self.rest = rest.get(item.len()..)?;
        Some(item)
    }
}

/// The value of the member `name` of a JSON object. The last duplicate counts.
#[must_use]
pub fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let [value] = members(object, [name]);
    value
}

/// The values of these members of a JSON object, in one pass. The last duplicate counts.
#[must_use]
pub fn members<'a, const N: usize>(object: &'a str, names: [&str; N]) -> [Option<&'a str>; N] {
    let found = Members(names).deserialize(&mut serde_json::Deserializer::from_str(object));
    found.map_or([None; N], |found| found.map(|raw| raw.map(RawValue::get)))
}

/// A key. Without the mark serde copies each.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Members<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(Name(name)) = fields.next_key()? {
            match self.0.iter().zip(&mut found).find(|(wanted, _)| **wanted == name) {
                Some((_, place)) => *place = Some(fields.next_value()?),
                None => _ = fields.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }
}

/// The position of `part`, a slice of `text`.
#[must_use]
pub fn place(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_an_array_are_its_slices() {
        let array = r#" [ 1 ,{"a":[1,2]}, "x,]" ,null,[[]],-1.5e3,true ] "#;
        let found: Vec<&str> = items(array).collect();
        assert_eq!(found, ["1", r#"{"a":[1,2]}"#, r#""x,]""#, "null", "[[]]", "-1.5e3", "true"]);
        assert_eq!(array.get(place(array, found[1])), Some(found[1]));
        for none in ["[]", "[ ]", "{}", "7", "null", "", "\"[1]\""] {
            assert_eq!(items(none).count(), 0, "{none}");
        }
    }

    #[test]
    fn a_member_is_found_by_its_name_whatever_its_escapes() {
        let object = r#"{"a":{"b":1},"\u0062":[2],"b":3}"#;
        assert_eq!(member(object, "a").and_then(|inner| member(inner, "b")), Some("1"));
        assert_eq!((member(object, "b"), member(object, "c"), member("[1]", "a")), (Some("3"), None, None));
        assert_eq!(members(object, ["b", "c", "a"]), [Some("3"), None, Some(r#"{"b":1}"#)]);
    }
}
