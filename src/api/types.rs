//! The shared shapes of the wire: ids, amounts, times, and fields that are read without trust.

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

/// A field of an answer. Absent, `null`, or of a shape that is not the documented one, it reads as `None`: what the
/// API sends in one field can never make the rest of its answer unreadable.
///
/// A number or a truth value may come as text, as decimal columns do: `"300.00"` reads as 300.00.
///
/// It is read from JSON text only, as a slice of it: nothing is built for what is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<T>(Option<T>);

impl<T> Field<T> {
    /// The value, where there is one of the documented shape.
    pub fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl Field<String> {
    /// The text, or nothing.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The moment that the text names, if it names one.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.text().and_then(|text| text.parse().ok())
    }
}

impl Field<Number> {
    /// The number as an exact decimal, without the noise of binary floats.
    #[must_use]
    pub fn decimal(&self) -> Option<Decimal> {
        self.0.as_ref().and_then(decimal).map(without_noise)
    }
}

impl Field<bool> {
    /// Whether it is there and true.
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

/// What stands in a JSON text, such as the number in `"300.00"`.
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

/// A list in an answer. An element that is not of the documented shape reads as an empty one, so that the count stays
/// true; anything that is not a list reads as an empty list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

impl<T> List<T> {
    /// The elements in the order of the wire.
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

/// The elements of a list that is not wholly of the documented shape.
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

/// Lets `null` stand where `schema` stands.
fn nullable(mut schema: Schema) -> Schema {
    if let Some(kind) = schema.get_mut("type")
        && let Value::String(name) = kind
    {
        *kind = Value::Array(vec![Value::String(std::mem::take(name)), Value::String("null".into())]);
    }
    schema
}

/// The documented wrapper of an answer, such as `contract` in `{"contract": {…}}`: it must be an object, though any
/// field within may be absent, null or new.
///
/// # Errors
/// When the wrapper is not an object.
pub fn wrapper<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    if !raw.starts_with('{') {
        let found = serde_json::from_str(raw).unwrap_or_default();
        return Err(D::Error::custom(format!("expected an object, found {}", kind(&found))));
    }
    serde_json::from_str(raw).map_err(D::Error::custom)
}

/// Reads a part of an answer that was taken apart already. It goes by way of its text, as [`Field`] wants it.
#[must_use]
pub fn from_value<T: DeserializeOwned + Default>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap_or_default()
}

/// The JSON word for what `value` is.
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

/// A JSON number as an exact decimal; `None` where a digit would be lost.
#[must_use]
pub fn decimal(number: &Number) -> Option<Decimal> {
    amount::exact(number.as_str())
}

/// Places that only the noise of binary floats reaches: no amount has so many.
const NOISY_PLACES: u32 = 9;

/// `value` without what binary floats add to it: 0.30000000000000004 is 0.3.
fn without_noise(value: Decimal) -> Decimal {
    if value.scale() <= NOISY_PLACES {
        return value;
    }
    let plain = value.round_dp(NOISY_PLACES).normalize();
    if plain.scale() < NOISY_PLACES / 2 { plain } else { value }
}

/// The most that an error repeats of a number.
const SHOWN_DIGITS: usize = 40;

/// An amount or a volume that a caller gives: above zero, and exact. The decimal that is checked here is what limits are
/// held against, what the record keeps and what is sent. A number that is no amount is kept as it was written, for the
/// error that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positive(Result<Decimal, Number>);

impl Positive {
    /// The exact amount; `None` for what [`Positive::check`] refuses.
    #[must_use]
    pub fn exact(&self) -> Option<Decimal> {
        self.0.as_ref().ok().copied().filter(|amount| *amount > Decimal::ZERO)
    }

    /// Looks whether it is an amount above zero.
    ///
    /// # Errors
    /// `field` is wrong, and why.
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
        Err(InvalidArgument::new(field, format!("{field} {wanted} (it was {shown}{cut})")))
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

/// Whether `text` is an ISO 8601 calendar date (`2026-07-15`) or date-time (`2026-07-15T10:00:00Z`, with any offset
/// or none) that exists.
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

/// The moment that an ISO 8601 date or date-time names; a date is its midnight, and what has no offset is UTC.
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
