//! Pages of a list that the API sends whole. The cursor names the last item given, so that a page stays right when newer
//! items have appeared meanwhile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::error::InvalidArgument;

/// A page is closed before it would pass this many bytes of JSON: hosts cut answers at about 25,000 tokens.
pub const PAGE_BYTES: usize = 60_000;

/// Where a page ended. Opaque to callers: base64url of its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cursor {
    /// The last item given.
    pub id: String,
    /// When that item was created, in case it has gone.
    pub created_at: String,
    /// The filters that the list was made with.
    pub filters: Value,
}

impl Cursor {
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

    /// How many of `items` (id and creation time, newest first) have been given: all up to the cursor's own, or, if that
    /// has gone, all that are not older than it.
    pub fn given(&self, items: impl Iterator<Item = (String, String)>) -> usize {
        let mut not_older = None;
        for (place, (id, created_at)) in items.enumerate() {
            if id == self.id {
                return place + 1;
            }
            if not_older.is_none() && self.is_before(&created_at) {
                not_older = Some(place);
            }
        }
        not_older.unwrap_or(usize::MAX)
    }

    fn is_before(&self, created_at: &str) -> bool {
        match (created_at.parse::<Timestamp>(), self.created_at.parse::<Timestamp>()) {
            (Ok(other), Ok(own)) => other < own,
            _ => created_at < self.created_at.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const LIST: [(&str, &str); 4] = [
        ("d", "2026-06-04T00:00:00Z"),
        ("c", "2026-06-03T00:00:00Z"),
        ("b", "2026-06-02T00:00:00.000Z"),
        ("a", "2026-06-01T00:00:00Z"),
    ];

    fn list() -> impl Iterator<Item = (String, String)> {
        LIST.into_iter().map(|(id, created_at)| (id.to_owned(), created_at.to_owned()))
    }

    fn cursor(id: &str, created_at: &str) -> Cursor {
        Cursor { id: id.into(), created_at: created_at.into(), filters: json!({}) }
    }

    #[test]
    fn goes_on_after_its_own_item_even_when_newer_ones_appeared() {
        assert_eq!(cursor("c", "2026-06-03T00:00:00Z").given(list()), 2);
        let newer = std::iter::once(("e".to_owned(), "2026-06-05T00:00:00Z".to_owned())).chain(list());
        assert_eq!(cursor("c", "2026-06-03T00:00:00Z").given(newer), 3);
    }

    #[test]
    fn goes_on_after_its_time_when_its_item_has_gone() {
        assert_eq!(cursor("gone", "2026-06-02T12:00:00Z").given(list()), 2);
        assert_eq!(cursor("gone", "2026-06-02T00:00:00Z").given(list()), 3);
        assert_eq!(cursor("gone", "2020-01-01T00:00:00Z").given(list()), usize::MAX);
    }

    #[test]
    fn refuses_what_is_not_its_own() {
        let sealed = cursor("c", "x").seal();
        assert_eq!(Cursor::open(&sealed, &json!({})), Ok(cursor("c", "x")));
        for (text, filters) in
            [(sealed.as_str(), json!({"status": "active"})), ("2", json!({})), ("", json!({})), ("e30", json!({}))]
        {
            assert_eq!(Cursor::open(text, &filters).unwrap_err().field, "cursor", "{text}");
        }
    }
}
