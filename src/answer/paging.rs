//! Pages of a list that the API sends whole, and signs that it sent only a part. The cursor names the last items given, so
//! that a page stays right when the list has changed meanwhile.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::object::Object;
use crate::api::error::InvalidArgument;
use crate::api::types::decimal;

/// A page is closed before it would pass this many bytes of JSON: what is said besides fits the bound, too.
pub const PAGE_BYTES: usize = 54_000;
/// How many of the last items a cursor names: the list may lose some of them before it comes back.
const NAMED: usize = 3;

/// What a cursor knows of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id; where it has none, what it looks like.
    id: String,
    /// How many before it have the same id.
    #[serde(default, skip_serializing_if = "is_none")]
    before: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(many: &usize) -> bool {
    *many == 0
}

/// An item as a list gives it: its id and creation time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// What tells it from others.
    pub id: String,
    /// ISO 8601; empty where there is none.
    pub created_at: String,
}

/// The longest id and moment that a cursor names as they are.
const LONGEST_ID: usize = 200;

/// What of an item makes its key, as slices of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
}

impl Key {
    /// The key of the item that `raw` is.
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

/// A short text or number.
fn scalar(raw: &str) -> Option<String> {
    match raw.as_bytes() {
        _ if raw.len() > LONGEST_ID => None,
        [b'"', ..] => serde_json::from_str(raw).ok(),
        [b'-' | b'0'..=b'9', ..] => Some(raw.to_owned()),
        _ => None,
    }
}

/// Where a page ended. Opaque to callers: base64url of its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// The last items given, the very last first.
    last: Vec<Item>,
    /// When the very last was created, in case all of them have gone.
    created_at: String,
    /// How many had been given.
    place: usize,
    /// The filters that the list was made with.
    filters: Value,
    /// The API's own cursor to the part of the list that is paged, where the API began to page it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// How many items have been given.
    pub given: usize,
    /// Whether items may come that were given before.
    pub may_repeat: bool,
}

impl Cursor {
    /// The cursor after the first `given` of `items`. They are walked through, not held: there may be millions.
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

    /// The text that a caller passes on.
    #[must_use]
    pub fn seal(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a caller's cursor for a list with these `filters`.
    ///
    /// # Errors
    /// When it is none of ours, or of a list with other filters.
    pub fn open(text: &str, filters: &Value) -> Result<Self, InvalidArgument> {
        let wrong = |what: &str| InvalidArgument::new("cursor", format!("cursor {what}"));
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).unwrap_or_default();
        let cursor: Self = serde_json::from_slice(&bytes)
            .map_err(|_| wrong("must be the nextCursor of an earlier answer, unchanged; omit it for the first page"))?;
        if cursor.filters == *filters {
            Ok(cursor)
        } else {
            Err(wrong("belongs to a list with other filters; repeat those, or omit the cursor for the first page"))
        }
    }

    /// Where in `items` the page after this cursor begins. Of a list that has not changed it is the very place, whatever
    /// the ids; else it is after the last item given that is still there. If all of those have gone, no item is skipped
    /// that is not newer than they were.
    #[must_use]
    pub fn start(&self, items: impl Iterator<Item = Key>) -> Start {
        if self.place == 0 {
            return Start { given: 0, may_repeat: false };
        }
        // Of each item named: how many have its id, and where the right one of them, or else the last one, stands.
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

/// Whether `one` is certainly a later moment than `other`.
fn is_newer(one: &str, other: &str) -> bool {
    match (one.parse::<Timestamp>(), other.parse::<Timestamp>()) {
        (Ok(one), Ok(other)) => one > other,
        _ => false,
    }
}

/// Names of objects in which an API says where a page stands.
const ENVELOPES: [&str; 7] = ["pagination", "paging", "meta", "page", "pageinfo", "links", "cursor"];
/// How deep signs are looked for: in the answer, in what it holds, and in the items of that.
const DEPTH: usize = 3;

/// What in an API's answer says that there is more than it holds, such as `hasMore`.
#[must_use]
pub fn sign_of_more(object: &Object) -> Option<String> {
    let mut lists = object.values().filter_map(Value::as_array).map(Vec::len);
    let held = if let (Some(only), None) = (lists.next(), lists.next()) { Some(only) } else { None };
    sign_in(object, false, held, DEPTH)
}

fn sign_in(object: &Object, is_envelope: bool, held: Option<usize>, depth: usize) -> Option<String> {
    object.iter().find_map(|(name, value)| {
        let bare = bare(name);
        let is_cursor =
            bare.ends_with("nextcursor") || bare.ends_with("nextpagetoken") || (is_envelope && bare == "next");
        let says = match value {
            Value::Bool(yes) => *yes && ["hasmore", "hasnext", "hasnextpage"].iter().any(|end| bare.ends_with(end)),
            Value::String(cursor) => is_cursor && !cursor.is_empty(),
            Value::Number(number) => is_cursor || (is_total(&bare) && is_beyond(number, held)),
            _ => false,
        };
        if says {
            return Some(crate::answer::text::word(name));
        }
        if depth == 0 {
            return None;
        }
        match value {
            Value::Object(inner) => {
                let is_envelope = ENVELOPES.contains(&bare.as_str());
                sign_in(inner, is_envelope, held.filter(|_| is_envelope), depth - 1)
            }
            Value::Array(items) => {
                items.iter().filter_map(Value::as_object).find_map(|item| sign_in(item, false, None, depth - 1))
            }
            _ => None,
        }
    })
}

/// The cursor with which an API leads on, where it names one: at the top of an answer, or where it says how it pages.
#[must_use]
pub fn cursor_of(object: &Object) -> Option<String> {
    let named = object.iter().find_map(|(name, value)| match value {
        Value::String(cursor) if bare(name) == "nextcursor" && !cursor.is_empty() => Some(cursor.clone()),
        Value::Number(cursor) if bare(name) == "nextcursor" => Some(cursor.to_string()),
        _ => None,
    });
    named.or_else(|| {
        let envelopes = object.iter().filter(|(name, _)| ENVELOPES.contains(&bare(name).as_str()));
        envelopes.filter_map(|(_, value)| value.as_object()).find_map(cursor_of)
    })
}

fn bare(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_total(bare: &str) -> bool {
    ["total", "totalcount", "totalitems", "totalresults"].contains(&bare)
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
