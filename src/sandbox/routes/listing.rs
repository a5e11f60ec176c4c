//! Cuts lists into pages. A cursor names the last item of the page before.

use crate::sandbox::world::Refused;

const CURSOR: &str = "cur_";

#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) default: u32,
    pub(crate) most: u32,
}

/// Returns the wanted page of `all`, and the cursor of the next page.
pub(crate) fn page<T>(
    mut all: Vec<T>,
    id: impl Fn(&T) -> &str,
    bounds: Bounds,
    limit: Option<u32>,
    cursor: Option<&str>,
) -> Result<(Vec<T>, Option<String>), Refused> {
    let limit = count(bounds, limit)?;
    if let Some(cursor) = cursor {
        let last = cursor.strip_prefix(CURSOR);
        let place = last.and_then(|last| all.iter().position(|item| id(item) == last));
        let place =
            place.ok_or_else(|| Refused::field("cursor", "cursor must be the nextCursor of the page before."))?;
        all.drain(..=place);
    }
    let is_more = all.len() > limit;
    all.truncate(limit);
    let next = all.last().filter(|_| is_more).map(|last| format!("{CURSOR}{}", id(last)));
    Ok((all, next))
}

pub(crate) fn count(bounds: Bounds, limit: Option<u32>) -> Result<usize, Refused> {
    let limit = limit.unwrap_or(bounds.default);
    if limit == 0 || limit > bounds.most {
        return Err(Refused::field("limit", format!("limit must be from 1 to {}.", bounds.most)));
    }
    usize::try_from(limit).map_err(|_| Refused::field("limit", "limit is too large."))
}
