//! Numbers and moments, as the wire and people read them.

use rust_decimal::Decimal;

use crate::sandbox::world::{Exact, Moment, cents};

#[test]
fn due_dates_become_moments_in_utc() {
    for (text, moment) in [
        ("2026-07-15", "2026-07-15T00:00:00.000Z"),
        ("2026-07-15T10:00:00Z", "2026-07-15T10:00:00.000Z"),
        ("2026-07-15T10:00:00.25+02:00", "2026-07-15T08:00:00.250Z"),
        ("2026-07-15T10:00", "2026-07-15T10:00:00.000Z"),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
    ] {
        assert!(crate::api::types::is_iso8601(text), "{text}");
        assert_eq!(Moment::parse(text).unwrap().to_string(), moment);
    }
}

#[test]
fn a_moment_has_a_form_for_each_reader() {
    let moment = Moment::in_2026(6, 12, 10, 0).plus_seconds(61);
    assert_eq!(moment.to_string(), "2026-06-12T10:01:01.000Z");
    assert_eq!(moment.http_date(), "Fri, 12 Jun 2026 10:01:01 GMT");
    assert_eq!(moment.words(), "2026-06-12 10:01 UTC");
    assert_eq!(moment.day(), "2026-06-12");
}

#[test]
fn a_distance_is_in_hours_until_it_is_short() {
    let now = Moment::in_2026(6, 12, 10, 0);
    for (seconds, words) in
        [(72 * 3_600, "in 72 h"), (72 * 3_600 - 3, "in 72 h"), (7_200, "in 2 h"), (7_199, "in 119 min"), (59, "now")]
    {
        assert_eq!(now.plus_seconds(seconds).distance(now), words);
    }
    assert_eq!(now.distance(now.plus_seconds(9_000)), "now");
}

#[test]
fn dollars_have_cents_or_none() {
    for (number, text) in [
        (Exact::new(300, 0), "$300"),
        (Exact::new(3_000, 1), "$300"),
        (Exact::new(125, 1), "$12.50"),
        (Exact::new(30_010, 2), "$300.10"),
        (Exact::new(11_655, 3), "$11.655"),
        (Exact::new(1_000, 0), "$1,000"),
        (Exact::new(100_000_050, 2), "$1,000,000.50"),
        (Exact::new(1_234_567, 4), "$123.4567"),
        (Exact::new(-100_000, 0), "$-100,000"),
    ] {
        assert_eq!(number.dollars(), text);
    }
}

#[test]
fn numbers_are_written_as_they_are() {
    for (number, text) in [(Exact::new(300, 0), "300"), (Exact::new(4, 2), "0.04"), (Exact::new(125, 1), "12.5")] {
        assert_eq!(serde_json::to_string(&number).unwrap(), text);
    }
}

#[test]
fn dollars_become_whole_cents() {
    for (number, expected) in [(Exact::new(300, 0), 30_000), (Exact::new(11_655, 3), 1_166), (Exact::new(995, 2), 995)]
    {
        assert_eq!(cents(number), Some(expected));
    }
    assert_eq!(cents(Exact(Decimal::MAX)), None);
}
