//! Reads parts of a JSON text as slices, so that lists with millions of items need no memory. The text must have been
//! checked as JSON before; invalid text ends a list.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
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
    Member(name).deserialize(&mut serde_json::Deserializer::from_str(object)).ok()?.map(RawValue::get)
}

struct Member<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
            if name == self.0 {
                found = Some(fields.next_value()?);
            } else {
                fields.next_value::<IgnoredAny>()?;
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
    }
}
