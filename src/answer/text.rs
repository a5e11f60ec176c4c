//! Formats money, numbers, times and counts for a model and a person.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::shown::{Joined, Shown, figure, id, quoted_to};
use crate::shown;

/// US dollars: `$300`, `$12.50`, `$0.04`, `$1,000,000`.
#[must_use]
pub fn usd(amount: Decimal) -> Shown {
    let amount = amount.normalize();
    let places = if amount.scale() == 0 { 0 } else { amount.scale().max(2) as usize };
    let sign = if amount.is_sign_negative() { "-" } else { "" };
    shown!("{}${}", sign, grouped(&format!("{:.places$}", amount.abs())))
}

/// Separates thousands with commas, so that a reader can count the zeros.
#[must_use]
pub fn grouped(digits: &str) -> Shown {
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::with_capacity(digits.len() + whole.len() / 3);
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.len() - place;
        if place > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(fraction);
    figure(&text)
}

/// Formats a sum of US dollars, or says that it is too large to add up.
#[must_use]
pub fn total(sum: Option<Decimal>) -> Shown {
    sum.map_or_else(|| "a sum too large to add".into(), usd)
}

/// A number without trailing zeros.
#[must_use]
pub fn number(value: Decimal) -> Shown {
    shown!("{}", value.normalize())
}

/// A path whose parts are names, such as `/contracts/{}/end` or `tools/call`. Anything else is quoted, and an address is
/// never one.
#[must_use]
pub fn path(text: &str) -> Shown {
    const LONGEST: usize = 200;
    let part = |part: &str| match part {
        "" => Shown::default(),
        "{}" => Shown::ours("{}"),
        name => id(name),
    };
    let is_part = |text: &str| *part(text) == *text && !text.contains(':');
    if text.len() <= LONGEST && text.split('/').all(is_part) && !text.contains("//") {
        text.split('/').map(part).joined("/")
    } else {
        quoted_to(text, LONGEST)
    }
}

/// A date such as a due date. The time is shown only if it is not midnight.
#[must_use]
pub fn date(text: &str) -> Shown {
    match text.parse::<Timestamp>() {
        Ok(moment) => {
            let civil = moment.to_zoned(TimeZone::UTC).datetime();
            if civil.time() == jiff::civil::Time::midnight() {
                figure(&civil.date().to_string())
            } else {
                moment_of(moment)
            }
        }
        Err(_) => id(text),
    }
}

/// `2026-06-15 10:00 UTC`
#[must_use]
pub fn moment_of(moment: Timestamp) -> Shown {
    shown!("{} UTC", figure(&moment.strftime("%Y-%m-%d %H:%M").to_string()))
}

/// Formats a moment and its distance from now: `2026-06-15 10:00 UTC, in 72 h`.
#[must_use]
pub fn moment(at: Timestamp, now: Timestamp) -> Shown {
    let away = at.duration_since(now);
    let seconds = away.unsigned_abs().as_secs();
    let distance = distance(seconds);
    if seconds == 0 {
        shown!("{}, now", moment_of(at))
    } else if away.is_negative() {
        shown!("{}, {} ago", moment_of(at), distance)
    } else {
        shown!("{}, in {}", moment_of(at), distance)
    }
}

fn distance(seconds: u64) -> Shown {
    match seconds {
        0..60 => shown!("{} s", seconds),
        60..5_400 => shown!("{} min", (seconds + 30) / 60),
        5_400..360_000 => shown!("{} h", (seconds + 1_800) / 3_600),
        _ => shown!("{} days", (seconds + 43_200) / 86_400),
    }
}

/// `1 milestone`, `2 milestones`, `3 entries`
#[must_use]
pub fn count(many: usize, what: &'static str) -> Shown {
    match (many, what.strip_suffix('y')) {
        (1, _) => shown!("1 {}", what),
        (_, Some(stem)) => shown!("{} {}ies", many, stem),
        (_, None) => shown!("{} {}s", many, what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_cents_where_it_has_any_and_countable_thousands() {
        for (amount, shown) in [
            ("300", "$300"),
            ("300.00", "$300"),
            ("12.5", "$12.50"),
            ("0.0375", "$0.0375"),
            ("-2.5", "-$2.50"),
            ("999.99", "$999.99"),
            ("1000", "$1,000"),
            ("-1234.5", "-$1,234.50"),
            ("1000000485.5", "$1,000,000,485.50"),
        ] {
            assert_eq!(usd(Decimal::from_str_exact(amount).unwrap()), shown);
        }
    }

    #[test]
    fn a_path_of_names_needs_no_quotes() {
        for plain in ["/contracts/{}/end", "tools/call", "ping", "/api/public/v1/jobs/job_1/publish"] {
            assert_eq!(path(plain), plain);
        }
        for other in ["http://evil.example/x", "//evil.example", "a b/c", "/x\u{202e}", "a/\n", &"a/".repeat(101)] {
            assert!(path(other).starts_with('«'), "{other}");
        }
    }

    #[test]
    fn moments_say_how_far_they_are() {
        let now: Timestamp = "2026-06-12T10:00:00Z".parse().unwrap();
        assert_eq!(moment("2026-06-15T10:00:00Z".parse().unwrap(), now), "2026-06-15 10:00 UTC, in 72 h");
        assert_eq!(moment("2026-06-12T09:58:00Z".parse().unwrap(), now), "2026-06-12 09:58 UTC, 2 min ago");
        assert_eq!(moment("2026-06-12T10:00:00.4Z".parse().unwrap(), now), "2026-06-12 10:00 UTC, now");
        assert_eq!(date("2026-07-15T00:00:00.000Z"), "2026-07-15");
        assert_eq!(date("2026-07-15T08:30:00Z"), "2026-07-15 08:30 UTC");
        assert_eq!(date("someday"), "someday");
    }
}
