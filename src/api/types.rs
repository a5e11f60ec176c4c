//! Types that many endpoints share: ids, amounts, times, and lenient fields.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use super::amount;
use super::error::InvalidArgument;
use super::wording::wording;

/// A field of a reply. A field that is absent, `null`, or of an undocumented shape reads as `None`, so that one
/// unexpected field never makes the whole reply unreadable.
///
/// A number or boolean may also be sent as text, as decimal columns are: `"300.00"` reads as 300.00.
///
/// The field is read from a slice of the JSON text, so that skipped values cost no memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<T>(Option<T>);

impl<T> Field<T> {
    /// The value, if it has the documented shape.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl Field<String> {
    /// The text, if any.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text as a moment, if it is one.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.text().and_then(|text| text.parse().ok())
    }
}

impl Field<Number> {
    /// The number as an exact decimal, without float noise.
    #[must_use]
    pub fn decimal(&self) -> Option<Decimal> {
        self.0.as_ref().and_then(decimal).map(without_noise)
    }
}

impl Field<bool> {
    /// True if the value is present and true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.0 == Some(true)
    }
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(if raw == "null" { None } else { serde_json::from_str(raw).ok().or_else(|| quoted(raw)) }))
    }
}

/// Parses the content of a JSON text, such as the number in `"300.00"`.
fn quoted<T: DeserializeOwned>(raw: &str) -> Option<T> {
    let text: String = raw.starts_with('"').then(|| serde_json::from_str(raw).ok())??;
    serde_json::from_str(text.trim()).ok()
}

impl<T: JsonSchema> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("Field_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        nullable(T::json_schema(generator))
    }
}

/// A list in a reply. An element of an undocumented shape reads as an empty one, so that the count stays correct; a
/// value that is not a list reads as an empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

impl<T> List<T> {
    /// The elements in their original order.
    #[must_use]
    pub fn items(&self) -> &[T] {
        &self.0
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        Ok(Self(serde_json::from_str(raw).unwrap_or_else(|_| one_by_one(raw))))
    }
}

/// Parses the elements one by one, for a list with unexpected elements.
fn one_by_one<T: DeserializeOwned + Default>(raw: &str) -> Vec<T> {
    let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
    items.into_iter().map(|item| serde_json::from_str(item.get()).unwrap_or_default()).collect()
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("List_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        nullable(Vec::<T>::json_schema(generator))
    }
}

/// Allows `null` in addition to `schema`.
fn nullable(mut schema: Schema) -> Schema {
    if let Some(kind) = schema.get_mut("type")
        && let Value::String(name) = kind
    {
        *kind = Value::Array(vec![Value::String(std::mem::take(name)), Value::String("null".into())]);
    }
    schema
}

/// Parses the documented wrapper of a reply, such as `contract` in `{"contract": {…}}`. It must be an object, but its
/// fields may be absent, null or new.
///
/// # Errors
/// If the wrapper is not an object.
pub fn wrapper<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if !raw.starts_with('{') {
        let found = serde_json::from_str(raw).unwrap_or_default();
        return Err(D::Error::custom(format!("expected an object, found {}", kind(&found))));
    }
    serde_json::from_str(raw).map_err(D::Error::custom)
}

/// Parses a part of a reply that is already a JSON value. It goes through JSON text, because [`Field`] needs text.
#[must_use]
pub fn from_value<T: DeserializeOwned + Default>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap_or_default()
}

/// The JSON name of the type of `value`.
#[must_use]
pub const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Converts a JSON number to an exact decimal; `None` if a digit would be lost.
#[must_use]
pub fn decimal(number: &Number) -> Option<Decimal> {
    amount::exact(number.as_str())
}

/// The number of decimal places from which a number contains float noise. No amount has so many.
const NOISY_PLACES: u32 = 9;

/// Removes float noise: 0.30000000000000004 becomes 0.3.
fn without_noise(value: Decimal) -> Decimal {
    if value.scale() <= NOISY_PLACES {
        return value;
    }
    let plain = value.round_dp(NOISY_PLACES).normalize();
    if plain.scale() < NOISY_PLACES / 2 { plain } else { value }
}

/// The most digits of a number that an error repeats.
const SHOWN_DIGITS: usize = 40;

/// A caller's amount or volume: positive and exact. The same decimal is checked against limits, recorded and sent. An
/// invalid number is kept as written, for the error message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positive(Result<Decimal, Number>);

impl Positive {
    /// The exact amount; `None` for a number that [`Positive::check`] refuses.
    #[must_use]
    pub fn exact(&self) -> Option<Decimal> {
        self.0.as_ref().ok().copied().filter(|amount| *amount > Decimal::ZERO)
    }

    /// Checks that the number is an amount above zero.
    ///
    /// # Errors
    /// The problem with `field`.
    pub fn check(&self, field: &str) -> Result<(), InvalidArgument> {
        let (written, wanted) = match &self.0 {
            Ok(amount) if *amount > Decimal::ZERO => return Ok(()),
            Ok(amount) => (amount.to_string(), "must be a number above 0"),
            Err(number) => (
                number.to_string(),
                "must be a number above 0 with at most 12 digits before and 4 behind the decimal point",
            ),
        };
        let shown: String = written.chars().take(SHOWN_DIGITS).collect();
        let cut = if shown.len() < written.len() { "…" } else { "" };
        Err(InvalidArgument::new(field, wording!("{} {} (it was {}{})", field.to_owned(), wanted, shown, cut)))
    }
}

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Number::deserialize(deserializer)?;
        Ok(Self(amount::plain(number.as_str()).ok_or(number)))
    }
}

impl Serialize for Positive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(exact) => amount::number(*exact).ok_or_else(|| S::Error::custom("no number"))?.serialize(serializer),
            Err(number) => number.serialize(serializer),
        }
    }
}

impl JsonSchema for Positive {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Positive".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0 })
    }
}

/// True for an existing ISO 8601 calendar date (`2026-07-15`) or date-time (`2026-07-15T10:00:00Z`, with any offset or
/// none).
#[must_use]
pub fn is_iso8601(text: &str) -> bool {
    let dated = text.get(..10).is_some_and(|date| {
        date.bytes()
            .enumerate()
            .all(|(place, byte)| if place == 4 || place == 7 { byte == b'-' } else { byte.is_ascii_digit() })
    });
    dated
        && match text.get(10..) {
            Some("") => jiff::civil::Date::from_str(text).is_ok(),
            Some(time) if time.starts_with('T') && !time.contains('[') => {
                Timestamp::from_str(text).is_ok()
                    || jiff::civil::DateTime::from_str(text).is_ok_and(|_| !has_offset(time))
            }
            _ => false,
        }
}

/// Converts an ISO 8601 date or date-time to a moment. A date is its midnight, and a missing offset means UTC.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn has_offset(time: &str) -> bool {
    time.contains(['Z', 'z', '+', '-'])
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(length(min = 1))] pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// The contract's id, as contracts are listed.
    ContractId,
    /// The id of one of your jobs.
    JobId,
    /// The milestone's id, as its contract lists it.
    MilestoneId,
    /// Approval id.
    ApprovalId,
    /// The proposal's id, as proposals are listed.
    ProposalId,
    /// Trainer's id, from a proposal, or profile slug.
    FreelancerId,
    /// The conversation's id, as conversations are listed.
    ConversationId,
    /// The top-up's id, from the answer that gave the page.
    TopUpId,
    /// The webhook's id, as webhooks are listed.
    WebhookId,
    /// The token's id, as tokens are listed.
    TokenId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_exist_pass_and_others_do_not() {
        for good in [
            "2026-07-15",
            "2028-02-29",
            "2026-07-15T10:00:00Z",
            "2026-07-15T10:00:00.000Z",
            "2026-07-15T10:00:00+02:00",
            "2026-07-15T10:00:00",
        ] {
            assert!(is_iso8601(good), "{good}");
        }
        for bad in [
            "",
            "2026-02-30",
            "2026-7-5",
            "15.07.2026",
            "tomorrow",
            "2026-07-15 10:00",
            "2026-07-15T25:00:00Z",
            "20260715",
            "2026-07-15T10:00:00[Europe/Berlin]",
            "2026-07-15T10:00:00+99:99",
            "2026-07",
            "+002026-07-15",
        ] {
            assert!(!is_iso8601(bad), "{bad}");
        }
    }

    #[test]
    fn a_number_is_read_in_any_writing_and_without_noise() {
        for (raw, value) in [
            ("300", "300"),
            ("\"300.00\"", "300"),
            ("3e2", "300"),
            ("300.0000000000004", "300"),
            ("3.3000000000000003", "3.3"),
            ("299.9999999999999", "300"),
            ("0.000000001", "0.000000001"),
            ("33.333333333333336", "33.333333333333336"),
        ] {
            let number: Field<Number> = serde_json::from_str(raw).unwrap();
            assert_eq!(number.decimal(), Some(Decimal::from_str_exact(value).unwrap()), "{raw}");
        }
        for raw in ["\"\"", "\"a lot\"", "null", "{}", "true"] {
            assert_eq!(serde_json::from_str::<Field<Number>>(raw).unwrap().decimal(), None, "{raw}");
        }
    }

    #[test]
    fn a_field_of_another_shape_reads_as_nothing() {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Shape {
            text: Field<String>,
            number: Field<Number>,
            list: List<Field<String>>,
        }
        let shape: Shape =
            serde_json::from_str(r#"{"text": 1, "number": "x", "list": {"a": 1}, "new": true}"#).unwrap();
        assert_eq!(shape.text.text(), None);
        assert_eq!(shape.number.decimal(), None);
        assert!(shape.list.items().is_empty());
        let shape: Shape = serde_json::from_str(r#"{"text": null, "number": 300.10, "list": ["a", 2]}"#).unwrap();
        assert_eq!(shape.number.decimal(), Some(Decimal::new(3001, 1)));
        assert_eq!(shape.list.items().len(), 2);
    }
}
