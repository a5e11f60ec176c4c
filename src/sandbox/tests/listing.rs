//! Lists by pages.

use crate::sandbox::routes::listing::{Bounds, page};

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
