//! Compares amounts that may be stored in another notation or with less precision.

use rust_decimal::Decimal;
use serde_json::Value;

use super::matching::Match;
use crate::api::amount;
use crate::api::types::decimal;

/// The precision that 32-bit floats lose.
const NOISE: Decimal = Decimal::from_parts(1, 0, 0, false, 6);
/// Float noise shows only beyond this many decimal places.
const CENTS: u32 = 2;

/// A number as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoredNumber {
    Missing,
    Unreadable,
    Number(Decimal),
}

impl StoredNumber {
    /// Parses a number, or a text that contains one: `300`, `"300.00"`, `"$1,300.00"`.
    pub(super) fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Missing,
            Some(Value::Number(number)) => decimal(number).map_or(Self::Unreadable, Self::Number),
            Some(Value::String(text)) => {
                let digits = text.trim().trim_start_matches('$').trim_end_matches("USD").trim().replace(',', "");
                amount::exact(&digits).map_or(Self::Unreadable, Self::Number)
            }
            Some(_) => Self::Unreadable,
        }
    }
}

/// Compares a wanted amount with a stored one. If none was wanted, any amount matches, because the API fills it in.
pub(super) fn compare_amount(asked: Option<Decimal>, stored: StoredNumber) -> Match {
    match (asked, stored) {
        (None, _) => Match::Equal,
        (Some(asked), StoredNumber::Number(stored)) => compare(asked, stored),
        (Some(_), StoredNumber::Unreadable) => Match::Alike,
        (Some(_), StoredNumber::Missing) => Match::Different,
    }
}

/// Compares a volume. A contract with a fixed price may drop the volume.
pub(super) fn compare_volume(asked: Option<Decimal>, stored: StoredNumber, is_fixed_price: bool) -> Match {
    match (asked, stored) {
        (None, StoredNumber::Missing) => Match::Equal,
        (None, StoredNumber::Number(stored)) if stored.is_zero() => Match::Equal,
        (None, _) => Match::Different,
        (Some(asked), StoredNumber::Number(stored)) => compare(asked, stored),
        (Some(_), StoredNumber::Unreadable) => Match::Alike,
        (Some(_), StoredNumber::Missing) => Match::alike_if(is_fixed_price),
    }
}

fn compare(asked: Decimal, stored: Decimal) -> Match {
    if is_same(asked, stored) {
        return Match::Equal;
    }
    // A difference below one cent may come from rounding.
    let apart = (asked - stored).abs();
    Match::alike_if(
        asked.normalize().scale() > CENTS && stored.normalize().scale() <= CENTS && apart < Decimal::new(1, CENTS),
    )
}

/// True if two numbers differ only by float noise.
pub(super) fn is_same(one: Decimal, other: Decimal) -> bool {
    let Some(apart) = one.checked_sub(other).map(|apart| apart.abs()) else { return false };
    if apart.is_zero() {
        return true;
    }
    let largest = one.abs().max(other.abs());
    let is_noisy = one.normalize().scale().max(other.normalize().scale()) > 2 * CENTS;
    is_noisy && apart < Decimal::new(5, CENTS + 1) && largest.checked_mul(NOISE).is_some_and(|noise| apart <= noise)
}

/// True if two numbers differ by less than one, as after rounding to whole numbers.
pub(super) fn is_near(asked: Option<Decimal>, stored: StoredNumber) -> bool {
    match (asked, stored) {
        (Some(asked), StoredNumber::Number(stored)) => {
            asked.checked_sub(stored).is_some_and(|apart| apart.abs() < Decimal::ONE)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compared(asked: &str, stored: Value) -> Match {
        compare_amount(Some(Decimal::from_str_exact(asked).unwrap()), StoredNumber::of(Some(&stored)))
    }

    #[test]
    fn the_same_amount_is_read_in_any_writing() {
        for stored in [
            json!(300),
            json!(300.0),
            json!("300.00"),
            json!("3e2"),
            json!("$300"),
            json!(" 300 USD"),
            json!(300.000_000_000_000_4),
            json!(299.999_999_999_999_9),
            json!(300.000_01),
        ] {
            assert_eq!(compared("300", stored.clone()), Match::Equal, "{stored}");
        }
        assert_eq!(compared("1300.5", json!("1,300.50")), Match::Equal);
        assert_eq!(compared("300.1", json!(300.100_006_103_515_6)), Match::Equal, "a float of 32 bits");
    }

    #[test]
    fn another_amount_is_another() {
        for stored in
            [json!(300.01), json!(299), json!(301), json!("300.10"), json!(null), json!(30000), json!(300.001)]
        {
            assert_eq!(compared("300", stored.clone()), Match::Different, "{stored}");
        }
        assert_eq!(compared("1000000.01", json!(1_000_000.02)), Match::Different);
    }

    #[test]
    fn less_than_a_cent_may_be_lost() {
        for stored in [json!(12.34), json!(12.35), json!("12.35")] {
            assert_eq!(compared("12.345", stored.clone()), Match::Alike, "{stored}");
        }
        assert_eq!(compared("12.345", json!(12.33)), Match::Different);
        assert_eq!(compared("12.345", json!("a lot")), Match::Alike, "it cannot be compared");
    }

    #[test]
    fn a_volume_may_be_dropped_where_the_price_is_fixed() {
        let volume = Some(Decimal::from(2));
        assert_eq!(compare_volume(volume, StoredNumber::Missing, true), Match::Alike);
        assert_eq!(compare_volume(volume, StoredNumber::Missing, false), Match::Different);
        assert_eq!(compare_volume(None, StoredNumber::of(Some(&json!(0))), true), Match::Equal);
        assert_eq!(compare_volume(None, StoredNumber::of(Some(&json!(1))), true), Match::Different);
    }
}
