//! Lists by pages: a cursor is the last item of the page before.

use crate::sandbox::world::refused::Refused;

/// What a cursor starts with. Callers take it as it is.
const CURSOR: &str = "cur_";

/// How many items a page has.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) default: u32,
    pub(crate) most: u32,
}

/// The page of `all` that is asked for, and the cursor of the next one. `id` names an item.
///
/// # Errors
/// 400 for a limit out of bounds, and for a cursor that is none of ours.
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

/// How many items are wanted.
///
/// # Errors
/// 400 out of bounds.
pub(crate) fn count(bounds: Bounds, limit: Option<u32>) -> Result<usize, Refused> {
    let limit = limit.unwrap_or(bounds.default);
    if limit == 0 || limit > bounds.most {
        return Err(Refused::field("limit", format!("limit must be from 1 to {}.", bounds.most)));
    }
    usize::try_from(limit).map_err(|_| Refused::field("limit", "limit is too large."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { default: 2, most: 3 };

    #[test]
    fn pages_follow_each_other_without_a_gap() {
        let all = || vec!["a", "b", "c", "d", "e"];
        let at = |cursor: Option<&str>| page(all(), |item| item, BOUNDS, None, cursor).unwrap();
        let (first, next) = at(None);
        assert_eq!((first, next.as_deref()), (vec!["a", "b"], Some("cur_b")));
        let (second, next) = at(Some("cur_b"));
        assert_eq!((second, next.as_deref()), (vec!["c", "d"], Some("cur_d")));
        assert_eq!(at(Some("cur_d")), (vec!["e"], None));
        assert_eq!(at(Some("cur_e")), (vec![], None));
        assert_eq!(page(vec!["a", "b"], |item| item, BOUNDS, None, None).unwrap().1, None, "exactly full");
    }

    #[test]
    fn wrong_limits_and_cursors_are_refused() {
        for (limit, cursor) in [(Some(0), None), (Some(4), None), (None, Some("cur_z")), (None, Some("a"))] {
            assert!(page(vec!["a"], |item| item, BOUNDS, limit, cursor).is_err(), "{limit:?} {cursor:?}");
        }
    }
}
