//! The age of a milestone. Clocks and formats may be wrong: an unknown age counts as recent, so that a wrong clock
//! never disables the check for duplicates.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The largest difference between two clocks in whole seconds, including the travel time of the reply.
pub(super) const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(2);
/// The time zones furthest from UTC.
const FURTHEST_ZONE: SignedDuration = SignedDuration::from_hours(14);
/// A number from here on counts milliseconds instead of seconds.
const LEAST_MILLISECONDS: i64 = 100_000_000_000;

/// A creation time, as precisely as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Created {
    /// Exactly this moment.
    At(Timestamp),
    /// This local time in an unknown time zone, read as UTC.
    SomewhereAt(Timestamp),
    /// Missing or not readable.
    Unknown,
}

impl Created {
    /// Parses `createdAt`: RFC 3339, a local time, or a number of seconds or milliseconds.
    pub(super) fn of(value: Option<&Value>) -> Self {
        let Some(value) = value else { return Self::Unknown };
        let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
        if let Ok(moment) = text.parse() {
            return Self::At(moment);
        }
        if let Some(moment) = text.split('.').next().and_then(|whole| whole.parse().ok()).and_then(since_epoch) {
            return Self::At(moment);
        }
        let civil = text.parse::<DateTime>().ok().and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
        civil.map_or(Self::Unknown, |civil| Self::SomewhereAt(civil.timestamp()))
    }

    /// True if the age may be at most `window` by any of the clocks.
    pub(super) fn may_be_within(self, window: Duration, clocks: &[Timestamp]) -> bool {
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX).saturating_add(CLOCK_SLACK);
        let (at, slack) = match self {
            Self::At(at) => (at, SignedDuration::ZERO),
            Self::SomewhereAt(at) => (at, FURTHEST_ZONE),
            Self::Unknown => return true,
        };
        clocks.iter().any(|now| now.duration_since(at) <= window.saturating_add(slack))
    }

    /// True if the time is certainly before `moment`.
    pub(super) fn is_before(self, moment: Timestamp) -> bool {
        matches!(self, Self::At(at) if at < moment)
    }

    /// The moment, if it is certain.
    pub(super) fn moment(self) -> Option<Timestamp> {
        if let Self::At(at) = self { Some(at) } else { None }
    }
}

pub(super) fn since_epoch(number: i64) -> Option<Timestamp> {
    if number >= LEAST_MILLISECONDS {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(15 * 60);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn recent(created: Value, clocks: &[&str]) -> bool {
        let clocks: Vec<Timestamp> = clocks.iter().map(|clock| at(clock)).collect();
        Created::of(Some(&created)).may_be_within(WINDOW, &clocks)
    }

    #[test]
    fn a_moment_is_read_in_many_forms() {
        let moment = Created::At(at("2026-06-12T10:00:00Z"));
        for form in [
            json!("2026-06-12T10:00:00.000Z"),
            json!("2026-06-12T12:00:00+02:00"),
            json!("2026-06-12 10:00:00Z"),
            json!(1_781_258_400),
            json!(1_781_258_400_000_i64),
            json!(1_781_258_400.25),
            json!("1781258400"),
        ] {
            assert_eq!(Created::of(Some(&form)), moment, "{form}");
        }
        assert!(matches!(Created::of(Some(&json!("2026-06-12T10:00:00"))), Created::SomewhereAt(_)));
        for form in [json!("yesterday"), json!(null), json!({}), json!("")] {
            assert_eq!(Created::of(Some(&form)), Created::Unknown, "{form}");
        }
    }

    #[test]
    fn the_window_is_kept_by_a_clock_that_is_right() {
        assert!(recent(json!("2026-06-12T10:00:00.000Z"), &["2026-06-12T10:15:00Z"]));
        assert!(!recent(json!("2026-06-12T09:59:00.000Z"), &["2026-06-12T10:15:00Z"]));
    }

    #[test]
    fn what_cannot_be_told_counts_as_recent() {
        let now = ["2026-06-12T10:15:00Z"];
        for created in [json!(null), json!("yesterday"), json!("2027-01-01T00:00:00Z"), json!("2026-06-12T00:00:00")] {
            assert!(recent(created.clone(), &now), "{created}");
        }
        assert!(Created::of(None).may_be_within(WINDOW, &[at(now[0])]));
        assert!(!recent(json!("2026-06-11T10:00:00"), &now), "no zone makes a day of it");
    }

    #[test]
    fn one_clock_that_is_off_does_not_decide() {
        let created = json!("2026-06-12T10:00:00Z");
        assert!(recent(created.clone(), &["2026-06-12T16:00:00Z", "2026-06-12T10:01:00Z"]));
        assert!(recent(created, &["1970-01-01T00:00:00Z", "2026-11-01T00:00:00Z"]));
    }
}
