//! Exact numbers and moments, with their formats for the API and for people.

use std::fmt;

use jiff::civil::{DateTime, datetime};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Number, Value};

/// An exact amount, volume or share. It is written with the digits that were read: `300` stays `300`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exact(pub(crate) Decimal);

impl Exact {
    pub(crate) const ZERO: Self = Self(Decimal::ZERO);

    /// Puts a decimal point before the last `places` digits.
    pub(crate) fn new(digits: i64, places: u32) -> Self {
        Self(Decimal::new(digits, places))
    }

    /// Formats US dollars for a person: `$300`, `$12.50`, `$11.655`, `$1,000,000.50`.
    pub(crate) fn dollars(self) -> String {
        let mut amount = self.0.normalize();
        if matches!(amount.scale(), 1 | 2) {
            amount.rescale(2);
        }
        let text = amount.to_string();
        let whole = text.find('.').unwrap_or(text.len());
        let mut grouped = String::from("$");
        for (place, character) in text.chars().enumerate() {
            let is_start_of_group = place < whole && place > 0 && (whole - place).is_multiple_of(3);
            if is_start_of_group && !grouped.ends_with('-') {
                grouped.push(',');
            }
            grouped.push(character);
        }
        grouped
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number: Number = self.0.to_string().parse().map_err(S::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        crate::api::types::decimal(&number).map(Self).ok_or_else(|| D::Error::custom("a number with too many digits"))
    }
}

/// A moment in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(DateTime);

impl Moment {
    /// The story plays in 2026.
    pub(crate) const fn in_2026(month: i8, day: i8, hour: i8, minute: i8) -> Self {
        Self(datetime(2026, month, day, hour, minute, 0, 0))
    }

    /// Reads ISO 8601. A date alone means midnight, and a time without an offset means UTC.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let moment = text.parse::<Timestamp>().map(|timestamp| Offset::UTC.to_datetime(timestamp));
        moment.or_else(|_| text.parse()).ok().map(Self)
    }

    pub(crate) fn plus_seconds(self, seconds: u64) -> Self {
        let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        Self(self.0.saturating_add(seconds))
    }

    pub(crate) fn minus_seconds(self, seconds: u64) -> Self {
        let seconds = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        Self(self.0.saturating_sub(seconds))
    }

    /// Formats the time from `now` until this moment.
    pub(crate) fn distance(self, now: Self) -> String {
        let minutes = self.0.duration_since(now.0).as_secs().div_euclid(60);
        match minutes {
            120.. => format!("in {} h", (minutes + 30) / 60),
            1.. => format!("in {minutes} min"),
            _ => "now".into(),
        }
    }

    /// The form of an HTTP header (RFC 9110, 5.6.7).
    pub(crate) fn http_date(self) -> String {
        self.0.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    pub(crate) fn day(self) -> String {
        self.0.strftime("%Y-%m-%d").to_string()
    }

    /// Formats the time, and the day unless it is the day of `now`.
    pub(crate) fn brief(self, now: Self) -> String {
        if self.0.date() == now.0.date() { self.0.strftime("%H:%M").to_string() } else { self.words() }
    }

    pub(crate) fn words(self) -> String {
        self.0.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }
}

/// The API's own format.
impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").fmt(formatter)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("{text} is no moment")))
    }
}

/// Appends the fields of `more` to `body`.
pub(crate) fn extended(mut body: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut body, more) {
        fields.extend(more);
    }
    body
}
