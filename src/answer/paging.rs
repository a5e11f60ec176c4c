//! Pages a list that the API sends whole, and detects replies that contain only part of a list. A cursor names the last
//! items given, so that paging continues correctly when the list has changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::object::Object;
use super::shown::{Shown, id};
use crate::api::error::InvalidArgument;
use crate::api::types::decimal;
use crate::api::wording::wording;

/// The most JSON bytes of the items on a page. The rest of the answer also needs room within the size limit.
pub const PAGE_BYTES: usize = 54_000;
/// The number of last items that a cursor names. Some of them may disappear from the list before the next page.
const NAMED: usize = 3;

/// An item as a cursor names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The item's id, or a hash of its content if it has no id.
    id: String,
    /// The number of earlier items with the same id.
    #[serde(default, skip_serializing_if = "is_none")]
    before: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(many: &usize) -> bool {
    *many == 0
}

/// The id and creation time of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Identifies the item in its list.
    pub id: String,
    /// ISO 8601; empty if missing.
    pub created_at: String,
}

/// The longest id or time that a cursor contains unchanged.
const LONGEST_ID: usize = 200;

/// Slices of an item that identify it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

impl Key {
    /// The key of an item, from its JSON.
    #[must_use]
    pub fn of(raw: &str) -> Self {
        let Identity { id, created_at } = serde_json::from_str(raw).unwrap_or_default();
        let short = |raw: Option<&RawValue>| raw.and_then(|raw| scalar(raw.get())).filter(|text| !text.is_empty());
        let by_looks = || {
            let mut hasher = DefaultHasher::new();
            raw.hash(&mut hasher);
            format!("#{:x}", hasher.finish())
        };
        Self { id: short(id).unwrap_or_else(by_looks), created_at: short(created_at).unwrap_or_default() }
    }
}

/// A short text or number as text.
fn scalar(raw: &str) -> Option<String> {
    match raw.as_bytes() {
        _ if raw.len() > LONGEST_ID => None,
        [b'"', ..] => serde_json::from_str(raw).ok(),
        [b'-' | b'0'..=b'9', ..] => Some(raw.to_owned()),
        _ => None,
    }
}

/// The position where a page ended. Opaque to callers: base64url of its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// The last items given, in reverse order.
    last: Vec<Item>,
    /// The creation time of the last item, in case all named items have disappeared.
    created_at: String,
    /// The number of items given so far.
    place: usize,
    /// The filters of the list.
    filters: Value,
    /// The API's own cursor at which the API's next page begins, if the API pages the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The position where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The number of items given so far.
    pub given: usize,
    /// True if some items may repeat.
    pub may_repeat: bool,
}

impl Cursor {
    /// The cursor after the first `given` of `items`. The items are iterated, not stored: a list may have millions.
    #[must_use]
    pub fn after(
        items: impl Iterator<Item = Key> + Clone,
        given: usize,
        filters: Value,
        after: Option<String>,
    ) -> Self {
        let first_named = given.saturating_sub(NAMED);
        let named: Vec<Key> = items.clone().take(given).skip(first_named).collect();
        let item = |(place, key): (usize, &Key)| Item {
            id: key.id.clone(),
            before: items.clone().take(first_named + place).filter(|other| other.id == key.id).count(),
        };
        Self {
            last: named.iter().enumerate().rev().map(item).collect(),
            created_at: named.last().map(|key| key.created_at.clone()).unwrap_or_default(),
            place: given,
            filters,
            after,
        }
    }

    /// Encodes the cursor for the caller.
    #[must_use]
    pub fn seal(&self) -> String {
        self.shown().into()
    }

    /// The sealed cursor in a text. base64url says nothing to a reader, whatever stands in it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        Shown::sealed(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Decodes a caller's cursor for a list with these `filters`.
    ///
    /// # Errors
    /// If the cursor is not ours, or belongs to a list with other filters.
    pub fn open(text: &str, filters: &Value) -> Result<Self, InvalidArgument> {
        let wrong = |what: &'static str| InvalidArgument::new("cursor", wording!("cursor {}", what));
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).unwrap_or_default();
        let cursor: Self = serde_json::from_slice(&bytes)
            .map_err(|_| wrong("must be the nextCursor of an earlier answer, unchanged; omit it for the first page"))?;
        if cursor.filters == *filters {
            Ok(cursor)
        } else {
            Err(wrong("belongs to a list with other filters; repeat those, or omit the cursor for the first page"))
        }
    }

    /// The position in `items` after this cursor. In an unchanged list it is the exact position; otherwise it follows
    /// the last named item that still exists. If all named items have disappeared, no item is skipped unless it is
    /// newer than they were.
    #[must_use]
    pub fn start(&self, items: impl Iterator<Item = Key>) -> Start {
        if self.place == 0 {
            return Start { given: 0, may_repeat: false };
        }
        // For each named item: how many items share its id, and the position of the right one, or else of the last one.
        let mut found = vec![(0, None); self.last.len()];
        let mut not_newer = None;
        for (place, key) in items.enumerate() {
            for (item, (many, right)) in self.last.iter().zip(&mut found).filter(|(item, _)| item.id == key.id) {
                if *many <= item.before {
                    *right = Some(place);
                }
                *many += 1;
            }
            if not_newer.is_none() && !is_newer(&key.created_at, &self.created_at) {
                not_newer = Some(place);
            }
        }
        match found.into_iter().find_map(|(_, right)| right) {
            Some(place) => Start { given: place + 1, may_repeat: false },
            None => Start { given: not_newer.unwrap_or_default(), may_repeat: true },
        }
    }
}

/// True if `one` is certainly later than `other`.
fn is_newer(one: &str, other: &str) -> bool {
    match (one.parse::<Timestamp>(), other.parse::<Timestamp>()) {
        (Ok(one), Ok(other)) => one > other,
        _ => false,
    }
}

/// Names of the objects in which APIs report their paging.
const ENVELOPES: [&str; 7] = ["pagination", "paging", "meta", "page", "pageinfo", "links", "cursor"];
/// The depth to which signs are searched: in the reply, in its values, and in the items of those.
const DEPTH: usize = 3;

/// Finds a field that says that the API has more items than the reply contains, such as `hasMore`.
#[must_use]
pub fn sign_of_more(object: &Object) -> Option<Shown> {
    let mut lists = object.values().filter_map(Value::as_array).map(Vec::len);
    let held = if let (Some(only), None) = (lists.next(), lists.next()) { Some(only) } else { None };
    sign_in(object, false, held, DEPTH)
}

fn sign_in(object: &Object, is_envelope: bool, held: Option<usize>, depth: usize) -> Option<Shown> {
    object.iter().find_map(|(name, value)| {
        let is_cursor = || {
            ends_with(name, "nextcursor") || ends_with(name, "nextpagetoken") || (is_envelope && is_named(name, "next"))
        };
        let says = match value {
            Value::Bool(yes) => *yes && ["hasmore", "hasnext", "hasnextpage"].iter().any(|end| ends_with(name, end)),
            Value::String(cursor) => !cursor.is_empty() && is_cursor(),
            Value::Number(number) => is_cursor() || (is_total(name) && is_beyond(number, held)),
            _ => false,
        };
        if says {
            return Some(id(name));
        }
        if depth == 0 {
            return None;
        }
        match value {
            Value::Object(inner) => {
                let is_envelope = is_envelope_name(name);
                sign_in(inner, is_envelope, held.filter(|_| is_envelope), depth - 1)
            }
            Value::Array(items) => {
                items.iter().filter_map(Value::as_object).find_map(|item| sign_in(item, false, None, depth - 1))
            }
            _ => None,
        }
    })
}

/// Finds the API's own cursor for the next page, at the top of the reply or in its paging object.
#[must_use]
pub fn cursor_of(object: &Object) -> Option<String> {
    let named = object.iter().find_map(|(name, value)| match value {
        Value::String(cursor) if is_named(name, "nextcursor") && !cursor.is_empty() => Some(cursor.clone()),
        Value::Number(cursor) if is_named(name, "nextcursor") => Some(cursor.to_string()),
        _ => None,
    });
    named.or_else(|| {
        let envelopes = object.iter().filter(|(name, _)| is_envelope_name(name));
        envelopes.filter_map(|(_, value)| value.as_object()).find_map(cursor_of)
    })
}

/// The letters and digits of a key from its end on, without their case: APIs write `nextCursor` in many ways.
fn backwards(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase())
}

fn ends_with(name: &str, end: &str) -> bool {
    let mut letters = backwards(name);
    end.bytes().rev().all(|wanted| letters.next() == Some(wanted))
}

fn is_named(name: &str, wanted: &str) -> bool {
    backwards(name).eq(wanted.bytes().rev())
}

fn is_envelope_name(name: &str) -> bool {
    ENVELOPES.iter().any(|envelope| is_named(name, envelope))
}

fn is_total(name: &str) -> bool {
    ["total", "totalcount", "totalitems", "totalresults"].iter().any(|total| is_named(name, total))
}

fn is_beyond(number: &serde_json::Number, held: Option<usize>) -> bool {
    held.is_some_and(|held| decimal(number).is_some_and(|total| total > held.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIST: [(&str, &str); 5] = [
        ("e", "2026-06-05T00:00:00Z"),
        ("d", "2026-06-04T00:00:00Z"),
        ("c", "2026-06-03T00:00:00Z"),
        ("b", "2026-06-02T00:00:00.000Z"),
        ("a", "2026-06-01T00:00:00Z"),
    ];

    fn keys(list: &[(&str, &str)]) -> Vec<Key> {
        list.iter().map(|(id, at)| Key { id: (*id).to_owned(), created_at: (*at).to_owned() }).collect()
    }

    fn after(given: usize) -> Cursor {
        Cursor::after(keys(&LIST).into_iter(), given, json!({}), None)
    }

    fn start(cursor: &Cursor, list: &[(&str, &str)]) -> (usize, bool) {
        let start = cursor.start(keys(list).into_iter());
        (start.given, start.may_repeat)
    }

    #[test]
    fn goes_on_at_its_place_whatever_the_ids() {
        for list in [
            vec![("x", ""); 5],
            vec![("x", ""), ("y", ""), ("x", ""), ("y", ""), ("x", "")],
            vec![("a", "3"), ("a", "2"), ("b", "1"), ("a", "")],
        ] {
            for given in 0..=list.len() {
                let cursor = Cursor::after(keys(&list).into_iter(), given, json!({}), None);
                assert_eq!(start(&cursor, &list), (given, false), "{list:?}");
            }
        }
    }

    #[test]
    fn goes_on_after_its_own_item_when_newer_ones_appeared() {
        let newer = [&[("f", "2026-06-06T00:00:00Z")], &LIST[..]].concat();
        assert_eq!(start(&after(3), &newer), (4, false));
    }

    #[test]
    fn goes_on_after_the_last_item_that_is_left() {
        assert_eq!(start(&after(3), &[LIST[0], LIST[1], LIST[3], LIST[4]]), (2, false));
        assert_eq!(start(&after(4), &[LIST[0], LIST[1], LIST[4]]), (2, false));
    }

    #[test]
    fn rather_repeats_than_skips_when_its_items_have_gone() {
        assert_eq!(start(&after(4), &[LIST[0], LIST[4]]), (1, true));
        let undated = [("v", ""), ("w", "")];
        assert_eq!(start(&after(4), &undated), (0, true));
    }

    #[test]
    fn an_item_without_id_is_known_by_its_looks() {
        assert_eq!(Key::of("{\"a\":1}"), Key::of("{\"a\":1}"));
        assert_ne!(Key::of("{\"a\":1}"), Key::of("{\"a\":2}"));
        let key = Key::of(r#"{"id":7,"createdAt":"2026-06-05T00:00:00Z"}"#);
        assert_eq!((key.id.as_str(), key.created_at.as_str()), ("7", LIST[0].1));
        let long = Key::of(&format!(r#"{{"id":"{}"}}"#, "x".repeat(1_000)));
        assert!(long.id.starts_with('#') && long.id.len() < 20, "{}", long.id);
    }

    #[test]
    fn refuses_what_is_not_its_own() {
        let sealed = after(2).seal();
        assert_eq!(Cursor::open(&sealed, &json!({})), Ok(after(2)));
        for (text, filters) in
            [(sealed.as_str(), json!({"status": "active"})), ("2", json!({})), ("", json!({})), ("e30", json!({}))]
        {
            assert_eq!(Cursor::open(text, &filters).unwrap_err().field, "cursor", "{text}");
        }
    }

    #[test]
    fn sees_that_an_answer_is_a_part() {
        for (part, sign) in [
            (json!({ "tokens": [], "nextCursor": "x" }), "nextCursor"),
            (json!({ "tokens": [], "next_cursor": 5 }), "next_cursor"),
            (json!({ "tokens": [], "hasMore": true }), "hasMore"),
            (json!({ "tokens": [1], "total": 2 }), "total"),
            (json!({ "tokens": [1], "pagination": { "next": "x" } }), "next"),
            (json!({ "tokens": [1], "meta": { "totalCount": 7 } }), "totalCount"),
            (json!({ "contract": { "milestones": [], "milestonesNextCursor": "m" } }), "milestonesNextCursor"),
            (json!({ "contracts": [{ "milestonesHasMore": true }] }), "milestonesHasMore"),
        ] {
            assert_eq!(sign_of_more(part.as_object().unwrap()).as_deref(), Some(sign), "{part}");
        }
        for whole in [
            json!({ "tokens": [1], "nextCursor": null, "hasMore": false, "total": 1, "next": "x" }),
            json!({ "a": [1], "b": [1], "total": 2 }),
            json!({ "credits": { "total": 5, "next": "friday" } }),
        ] {
            assert_eq!(sign_of_more(whole.as_object().unwrap()), None, "{whole}");
        }
    }

    #[test]
    fn finds_the_cursor_with_which_an_api_leads_on() {
        let cursor = |value: Value| cursor_of(value.as_object().unwrap());
        assert_eq!(cursor(json!({ "nextCursor": "a" })).as_deref(), Some("a"));
        assert_eq!(cursor(json!({ "pagination": { "next_cursor": 7 } })).as_deref(), Some("7"));
        assert_eq!(cursor(json!({ "nextCursor": null, "pagination": { "next": "x" } })), None);
    }
}
