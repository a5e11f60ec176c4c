//! Compares due dates. The caller gives a day or a moment; the API may store a day, a moment of that day in some time
//! zone, or the same moment.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::age::since_epoch;
use super::matching::Match;
use crate::api::types::instant;

const DAY: i64 = 24 * 60 * 60;
/// The shift of midnight by summer time.
const SUMMER_TIME: i64 = 60 * 60;

/// A due date as the caller gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Due {
    /// A day, or the moment at which it begins in UTC.
    Day(Date),
    /// Any other moment.
    At(Timestamp),
}

/// A due date as the API stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredDue {
    Missing,
    Unreadable,
    Day(Date),
    /// A moment, and its local time in its own time zone.
    At(Timestamp, DateTime),
}

/// How this API stores due dates, learned from its replies.
#[derive(Clone, Debug, Default)]
pub(super) struct DateFormat {
    /// Offsets in seconds from midnight UTC of a day to the moment that the API stores for that day.
    offsets: Vec<i64>,
    /// True if the API has returned a moment unchanged.
    keeps_moments: bool,
}

impl Due {
    pub(super) fn of(text: &str) -> Option<Self> {
        let moment = instant(text)?;
        let civil = in_utc(moment);
        Some(if civil.time() == Time::midnight() { Self::Day(civil.date()) } else { Self::At(moment) })
    }

    fn date(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::At(moment) => in_utc(moment).date(),
        }
    }
}

impl StoredDue {
    pub(super) fn of(value: Option<&Value>) -> Self {
        let text = match value {
            None | Some(Value::Null) => return Self::Missing,
            Some(Value::String(text)) => text.trim(),
            Some(Value::Number(number)) => {
                let moment =
                    number.to_string().split('.').next().and_then(|whole| whole.parse().ok()).and_then(since_epoch);
                return moment.map_or(Self::Unreadable, |moment| Self::At(moment, in_utc(moment)));
            }
            Some(_) => return Self::Unreadable,
        };
        if text.is_empty() {
            return Self::Missing;
        }
        if text.len() == 10
            && let Ok(day) = text.parse()
        {
            return Self::Day(day);
        }
        match (text.parse::<Timestamp>(), text.parse::<DateTime>()) {
            (Ok(moment), written) => Self::At(moment, written.unwrap_or_else(|_| in_utc(moment))),
            (Err(_), Ok(written)) => {
                let moment = written.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
                moment.map_or(Self::Unreadable, |moment| Self::At(moment, written))
            }
            _ => Self::Unreadable,
        }
    }

    /// The moment; for a day, its midnight in UTC.
    fn moment(self) -> Option<Timestamp> {
        match self {
            Self::Day(day) => midnight(day),
            Self::At(moment, _) => Some(moment),
            Self::Missing | Self::Unreadable => None,
        }
    }

    /// True if the stored date is within two days of the given one, or cannot be compared.
    pub(super) fn is_near(self, asked: Option<Due>) -> bool {
        match (asked.and_then(|asked| midnight(asked.date())), self.moment()) {
            (Some(asked), Some(stored)) => (-DAY * 2..DAY * 3).contains(&seconds(asked, stored)),
            _ => true,
        }
    }
}

impl DateFormat {
    /// Learns from a milestone whose given date is known.
    pub(super) fn learn(&mut self, asked: Due, stored: StoredDue) {
        let Some(kept) = stored.moment() else { return };
        match asked {
            Due::Day(day) => {
                let offset = midnight(day).map(|midnight| seconds(midnight, kept));
                self.offsets.extend(offset.filter(|offset| !self.offsets.contains(offset)));
            }
            Due::At(moment) => self.keeps_moments |= moment == kept,
        }
    }

    /// Compares a given date with a stored one.
    pub(super) fn compare(&self, asked: Option<Due>, stored: StoredDue) -> Match {
        match (asked, stored) {
            (None, StoredDue::Missing) => Match::Equal,
            (None, _) | (Some(_), StoredDue::Missing) => Match::Different,
            (Some(_), StoredDue::Unreadable) => Match::alike_if(self.offsets.is_empty()),
            (Some(Due::Day(day)), _) => self.compare_day(day, stored),
            (Some(Due::At(moment)), _) => self.compare_moment(moment, stored),
        }
    }

    fn compare_day(&self, day: Date, stored: StoredDue) -> Match {
        let (Some(begins), Some(kept)) = (midnight(day), stored.moment()) else { return Match::Different };
        let offset = seconds(begins, kept);
        if !self.offsets.is_empty() {
            let fits = self.offsets.iter().any(|known| (offset - known).abs() <= SUMMER_TIME);
            return if fits { Match::Equal } else { Match::Different };
        }
        let is_that_day = match stored {
            StoredDue::Day(kept) => kept == day,
            StoredDue::At(_, written) => offset == 0 || (written.date() == day && is_an_end_of_a_day(written.time())),
            _ => false,
        };
        if is_that_day { Match::Equal } else { Match::alike_if((-DAY..2 * DAY).contains(&offset)) }
    }

    fn compare_moment(&self, asked: Timestamp, stored: StoredDue) -> Match {
        let Some(kept) = stored.moment() else { return Match::Different };
        if seconds(asked, kept) == 0 {
            return Match::Equal;
        }
        if self.keeps_moments {
            return Match::Different;
        }
        let from_day = |day: Date| midnight(day).map(|begins| seconds(begins, kept));
        let day = in_utc(asked).date();
        if self.offsets.is_empty() {
            return Match::alike_if(from_day(day).is_some_and(|offset| (-DAY..2 * DAY).contains(&offset)));
        }
        // In the API's time zone the moment may be on another day.
        let fits = self.offsets.iter().any(|known| {
            let there = asked.checked_sub(SignedDuration::from_secs(*known)).map_or(day, |there| in_utc(there).date());
            [day, there].into_iter().filter_map(from_day).any(|offset| (offset - known).abs() <= SUMMER_TIME)
        });
        Match::alike_if(fits)
    }
}

fn in_utc(moment: Timestamp) -> DateTime {
    moment.to_zoned(TimeZone::UTC).datetime()
}

fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

fn is_an_end_of_a_day(time: Time) -> bool {
    time == Time::midnight() || (time.hour() == 23 && time.minute() == 59)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare(kept: &DateFormat, asked: &str, stored: &str) -> Match {
        kept.compare(Due::of(asked), StoredDue::of(Some(&json!(stored))))
    }

    fn having_seen(asked: &str, stored: &str) -> DateFormat {
        let mut kept = DateFormat::default();
        kept.learn(Due::of(asked).unwrap(), StoredDue::of(Some(&json!(stored))));
        kept
    }

    #[test]
    fn a_day_is_the_same_day_in_any_plain_form() {
        for stored in [
            "2026-12-15",
            "2026-12-15T00:00:00.000Z",
            "2026-12-15T00:00:00",
            "2026-12-15T00:00:00+09:00",
            "2026-12-15T02:00:00+02:00",
            "2026-12-15T23:59:59.999Z",
            "2026-12-15T23:59:59-08:00",
        ] {
            assert_eq!(compare(&DateFormat::default(), "2026-12-15", stored), Match::Equal, "{stored}");
        }
    }

    #[test]
    fn a_neighbouring_day_is_alike_while_nothing_is_known() {
        for stored in
            ["2026-12-15T07:00:00Z", "2026-12-14T22:00:00Z", "2026-12-15T12:00:00Z", "2026-12-16", "2026-12-14", "soon"]
        {
            assert_eq!(compare(&DateFormat::default(), "2026-12-15", stored), Match::Alike, "{stored}");
        }
        for stored in ["2026-12-13T23:00:00Z", "2026-12-17", "2027-12-15"] {
            assert_eq!(compare(&DateFormat::default(), "2026-12-15", stored), Match::Different, "{stored}");
        }
    }

    #[test]
    fn known_days_make_another_day_another_term() {
        let kept = having_seen("2026-12-15", "2026-12-14T22:00:00Z");
        assert_eq!(compare(&kept, "2027-01-20", "2027-01-19T22:00:00Z"), Match::Equal);
        assert_eq!(compare(&kept, "2027-07-20", "2027-07-19T21:00:00Z"), Match::Equal, "summer time");
        for other in ["2027-01-18T22:00:00Z", "2027-01-20T22:00:00Z", "2027-01-20T00:00:00Z"] {
            assert_eq!(compare(&kept, "2027-01-20", other), Match::Different, "{other}");
        }
        let kept = having_seen("2026-12-15", "2026-12-15");
        assert_eq!(compare(&kept, "2026-12-16", "2026-12-15"), Match::Different);
    }

    #[test]
    fn a_moment_may_become_a_day_until_known_otherwise() {
        let unknown = DateFormat::default();
        assert_eq!(compare(&unknown, "2026-12-15T09:00:00Z", "2026-12-15T10:00:00+01:00"), Match::Equal);
        assert_eq!(compare(&unknown, "2026-12-15T09:00:00Z", "2026-12-15"), Match::Alike);
        assert_eq!(compare(&unknown, "2026-12-15T09:00:00Z", "2026-12-18"), Match::Different);
        let kept = having_seen("2026-12-15T09:00:00Z", "2026-12-15T09:00:00Z");
        assert_eq!(compare(&kept, "2026-12-15T09:00:00Z", "2026-12-15"), Match::Different);
        let days = having_seen("2026-12-15", "2026-12-14T22:00:00Z");
        assert_eq!(
            compare(&days, "2026-12-20T23:00:00Z", "2026-12-20T22:00:00Z"),
            Match::Alike,
            "it is the 21st there"
        );
        assert_eq!(compare(&days, "2026-12-20T09:00:00Z", "2026-12-22T22:00:00Z"), Match::Different);
    }

    #[test]
    fn none_is_none() {
        let unknown = DateFormat::default();
        assert_eq!(unknown.compare(None, StoredDue::of(Some(&json!(null)))), Match::Equal);
        assert_eq!(unknown.compare(None, StoredDue::of(Some(&json!("2026-12-15")))), Match::Different);
        assert_eq!(unknown.compare(Due::of("2026-12-15"), StoredDue::of(None)), Match::Different);
    }
}
