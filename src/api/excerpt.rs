//! Parses JSON within a memory limit. A reply may contain millions of values, but answers show a few hundred at most:
//! long lists, objects and texts are shortened while parsing, and each cut is noted.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::cuts::{Cut, Missing, NAME_IN_PATH};

/// The approximate memory limit of a shortened reply, in bytes.
const ROOM: usize = 8 << 20;
/// The least room of a list or an object. Each may use up to half of the remaining room, so that its neighbours get
/// some, too.
const LEAST_SHARE: usize = 64 << 10;
/// The longest text or number that is kept, in bytes.
const LONGEST: usize = 32 << 10;
/// The longest key, in bytes.
const LONGEST_NAME: usize = 1_000;
/// The part of a text that is kept even without room, in bytes.
const LEAST_TEXT: usize = 500;
/// The deepest nesting of lists and objects. `serde_json` reads 127 levels at most.
const DEPTH: usize = 100;
/// The estimated cost of a value, a key or an object besides its text, here and in the type that is parsed from it.
const VALUE_COST: usize = 80;
const KEY_COST: usize = 128;
const OBJECT_COST: usize = 200;
/// The most places that are noted.
const MOST_CUTS: usize = 50;
/// The key under which `serde_json` with `arbitrary_precision` passes a number to a visitor.
const NUMBER: &str = "$serde_json::private::Number";

/// Parsed JSON, and the parts that were left out.
#[derive(Clone, Debug, Default)]
pub struct Excerpt {
    /// The value.
    pub value: Value,
    /// The missing parts; empty if the value is complete.
    pub cuts: Vec<Cut>,
}

/// Parses `json` within the memory limit.
///
/// # Errors
/// If the text is not JSON.
pub fn read(json: &str) -> serde_json::Result<Excerpt> {
    read_within(json, ROOM, LONGEST)
}

/// Parses all of `json`, except values that are nested too deeply.
///
/// # Errors
/// If the text is not JSON.
pub fn read_whole(json: &str) -> serde_json::Result<Excerpt> {
    read_within(json, usize::MAX, usize::MAX)
}

fn read_within(json: &str, room: usize, longest: usize) -> serde_json::Result<Excerpt> {
    let mut reader = Reader { room, longest, depth: 0, path: String::new(), cuts: Vec::new() };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = reader.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Excerpt { value, cuts: reader.cuts })
}

/// The cost that was charged for a value.
fn cost(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| VALUE_COST + cost(item)).sum(),
        Value::Object(object) => {
            OBJECT_COST + object.iter().map(|(name, value)| KEY_COST + name.len() + cost(value)).sum::<usize>()
        }
    }
}

struct Reader {
    /// The remaining room of the current list or object.
    room: usize,
    longest: usize,
    depth: usize,
    path: String,
    cuts: Vec<Cut>,
}

impl Reader {
    fn cut(&mut self, missing: Missing) {
        if self.cuts.len() < MOST_CUTS || self.cuts.iter().any(|known| known.path == self.path) {
            Cut::add(&mut self.cuts, &self.path, missing);
        }
    }

    /// Charges `cost` if there is room for it.
    const fn pay(&mut self, cost: usize) -> bool {
        let is_there = self.room >= cost;
        self.room = self.room.saturating_sub(if is_there { cost } else { 0 });
        is_there
    }

    /// Parses the content of a list or an object within its share of the room.
    fn within_share<T>(&mut self, read: impl FnOnce(&mut Self, usize) -> T) -> T {
        let outer = self.room;
        let share = (outer / 2).max(LEAST_SHARE).min(outer);
        self.room = share;
        self.depth += 1;
        let done = read(self, share);
        self.depth -= 1;
        self.room = outer - (share - self.room);
        done
    }

    /// Keeps `text`, or its start if it is too long or the room is used up.
    fn text(&mut self, text: &str) -> String {
        let longest = self.longest.min(self.room.max(LEAST_TEXT));
        self.room = self.room.saturating_sub(text.len().min(longest));
        if text.len() <= longest {
            return text.to_owned();
        }
        self.cut(Missing::Text { longest: text.chars().count() });
        let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        format!("{}…", text.get(..end).unwrap_or_default())
    }

    fn number(&mut self, digits: &str) -> Value {
        match digits.parse::<Number>() {
            Ok(number) if digits.len() <= self.longest.min(LONGEST_NAME) => Value::Number(number),
            _ => Value::String(self.text(digits)),
        }
    }

    fn items<'de, A: SeqAccess<'de>>(&mut self, share: usize, mut list: A) -> Result<Value, A::Error> {
        let (mut items, place) = (Vec::new(), self.path.len());
        self.path.push_str("[]");
        // The rest of the room is reserved for the last item, so that its parts are not cut.
        while self.depth <= DEPTH && self.room > share / 4 {
            let Some(item) = list.next_element_seed(&mut *self)? else { break };
            items.push(item);
            self.room = self.room.saturating_sub(VALUE_COST);
        }
        self.path.truncate(place);
        let mut of = items.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            of += 1;
        }
        if items.len() < of {
            let nested = self.depth > DEPTH;
            self.cut(if nested { Missing::Nesting } else { Missing::Items { kept: items.len(), of } });
        }
        Ok(Value::Array(items))
    }

    fn fields<'de, A: MapAccess<'de>>(&mut self, share: usize, mut fields: A) -> Result<Value, A::Error> {
        let (mut object, mut lost) = (Map::new(), 0);
        self.room = self.room.saturating_sub(OBJECT_COST);
        while let Some(name) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
            if name == NUMBER && object.is_empty() {
                let digits: String = fields.next_value()?;
                return Ok(self.number(&digits));
            }
            let fits = self.depth <= DEPTH && name.len() <= self.longest.min(LONGEST_NAME);
            let doubled = object.get_mut(&*name).map(Value::take);
            if fits && (doubled.is_some() || self.pay(KEY_COST + name.len())) {
                // The last duplicate counts, and reuses the room of the earlier one.
                self.room = share.min(self.room.saturating_add(doubled.as_ref().map_or(0, cost)));
                let value = self.field(&name, &mut fields)?;
                object.insert(name.into_owned(), value);
            } else {
                fields.next_value::<IgnoredAny>()?;
                lost += 1;
            }
        }
        if lost > 0 {
            let (kept, nested) = (object.len(), self.depth > DEPTH);
            self.cut(if nested { Missing::Nesting } else { Missing::Keys { kept, of: kept + lost } });
        }
        Ok(Value::Object(object))
    }

    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<Value, A::Error> {
        let place = self.path.len();
        if place > 0 {
            self.path.push('.');
        }
        if name.len() <= NAME_IN_PATH {
            self.path.push_str(name);
        } else {
            self.path.extend(name.chars().take(NAME_IN_PATH));
        }
        let value = fields.next_value_seed(&mut *self);
        self.path.truncate(place);
        value
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reader {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(self.text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Value, A::Error> {
        self.within_share(|reader, share| reader.items(share, list))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Value, A::Error> {
        self.within_share(|reader, share| reader.fields(share, fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shortened(json: &str) -> (Value, Vec<Cut>) {
        let excerpt = read(json).unwrap();
        (excerpt.value, excerpt.cuts)
    }

    fn items(path: &str, kept: usize, of: usize) -> Cut {
        Cut { path: path.into(), missing: Missing::Items { kept, of } }
    }

    #[test]
    fn an_ordinary_answer_stays_whole() {
        let json = r#"{"b":[1.50,1e+400,7,-3,-0,{"a":null}],"a":"\u00e9\n","b2":{"":[]},"t":true,"deep":[[[[[{}]]]]]}"#;
        let (value, cuts) = shortened(json);
        assert_eq!(value, serde_json::from_str::<Value>(json).unwrap());
        assert_eq!(value.to_string(), json.replace("\\u00e9", "é"), "order and digits stay");
        assert_eq!(cuts, []);
    }

    #[test]
    fn a_long_list_leaves_room_for_its_neighbours() {
        let json = format!(r#"{{"x":[{}1],"milestones":[{{"id":"a"}},{{"id":"b"}}],"id":"c"}}"#, "1,".repeat(299_999));
        let (value, cuts) = shortened(&json);
        let kept = value["x"].as_array().unwrap().len();
        assert!((1_000..100_000).contains(&kept), "{kept}");
        assert_eq!((&value["milestones"], &value["id"]), (&json!([{ "id": "a" }, { "id": "b" }]), &json!("c")));
        assert_eq!(cuts, [items("x", kept, 300_000)]);
    }

    #[test]
    fn the_items_of_a_list_are_whole_or_left_out() {
        let milestone = r#"{"id":"a","description":"Label five thousand posts"}"#;
        let contract = format!(r#"{{"milestones":[{}]}}"#, [milestone; 50].join(","));
        let (value, cuts) = shortened(&format!(r#"{{"contracts":[{}]}}"#, vec![contract; 5_000].join(",")));
        let kept = value["contracts"].as_array().unwrap();
        assert!(kept.iter().all(|contract| contract["milestones"].as_array().unwrap().len() == 50));
        assert_eq!(cuts, [items("contracts", kept.len(), 5_000)]);
    }

    #[test]
    fn any_shape_costs_little() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let nested = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
        let keys = (0..100_000).map(|n| format!(r#""k{n}":{n}"#)).collect::<Vec<_>>().join(",");
        let doubled = r#""k":[],"#.repeat(100_000);
        for (json, path) in [
            (format!(r#"{{"a":{deep},"z":1}}"#), "a[]"),
            (format!(r#"{{"a":{nested},"z":1}}"#), "a.a"),
            (format!(r#"{{"a":{{{keys}}},"z":1}}"#), "a"),
            (format!(r#"{{"a":{{{keys},{doubled}"k":1}},"z":1}}"#), "a"),
            (format!(r#"{{"a":"{}","z":1}}"#, "é".repeat(100_000)), "a"),
            (format!(r#"{{"a":{},"z":1}}"#, "7".repeat(100_000)), "a"),
            (format!(r#"{{"a":[{}[]],"z":1}}"#, "[[[]]],".repeat(100_000)), "a"),
            (format!(r#"{{"a":[{}{{}}],"z":1}}"#, "{},".repeat(100_000)), "a"),
        ] {
            let (value, cuts) = shortened(&json);
            assert_eq!(value["z"], 1, "{path}: {cuts:?}");
            assert!(cuts.len() == 1 && cuts[0].path.starts_with(path), "{cuts:?}");
            assert!(value.to_string().len() < 2_000_000);
        }
    }

    #[test]
    fn a_doubled_key_takes_no_more_room() {
        let (value, cuts) = shortened(&format!(r#"{{{}"id":"c"}}"#, r#""k":[{"a":1}],"#.repeat(100_000)));
        assert_eq!((value, cuts), (json!({ "k": [{ "a": 1 }], "id": "c" }), vec![]));
    }

    #[test]
    fn a_name_without_end_is_left_out() {
        let (value, cuts) = shortened(&format!(r#"{{"{}":1,"id":"c"}}"#, "x".repeat(100_000)));
        assert_eq!((value, cuts[0].missing), (json!({ "id": "c" }), Missing::Keys { kept: 1, of: 2 }));
    }

    #[test]
    fn all_is_read_where_all_is_wanted() {
        let json = format!("[{}1]", "1,".repeat(100_000));
        let excerpt = read_whole(&json).unwrap();
        assert_eq!((excerpt.value.as_array().unwrap().len(), excerpt.cuts), (100_001, vec![]));
        assert!(read("{\"a\":").is_err() && read("{} x").is_err());
    }
}
