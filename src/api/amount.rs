//! Amounts of money and work as exact decimals. Nothing is rounded: a number that cannot be represented exactly is
//! rejected, so that the amount checked against a limit is exactly the amount sent.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Number, Value};

/// The most digits of an amount before the decimal point.
const WHOLE_DIGITS: u32 = 12;
/// The most digits of an amount after the decimal point. OpenTrain's rates have up to four.
const FRACTION_DIGITS: u32 = 4;
/// The most decimal places of a [`Decimal`].
const MOST_PLACES: i64 = 28;

/// Converts a JSON number to an exact decimal. `None` if a digit would be lost: beyond 28 digits, or through the
/// exponent.
#[must_use]
pub fn exact(number: &str) -> Option<Decimal> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else { return Decimal::from_str_exact(number).ok() };
    let mantissa = Decimal::from_str_exact(mantissa).ok()?.normalize();
    if mantissa.is_zero() {
        return Some(Decimal::ZERO);
    }
    let places = i64::from(mantissa.scale()) - i64::from(exponent.parse::<i32>().ok()?);
    match u32::try_from(places) {
        Ok(places) if i64::from(places) <= MOST_PLACES => {
            Decimal::try_from_i128_with_scale(mantissa.mantissa(), places).ok()
        }
        Ok(_) => None,
        Err(_) => {
            let zeros = u32::try_from(-places).ok().filter(|zeros| i64::from(*zeros) <= MOST_PLACES)?;
            let whole = mantissa.mantissa().checked_mul(10_i128.checked_pow(zeros)?)?;
            Decimal::try_from_i128_with_scale(whole, 0).ok()
        }
    }
}

/// Parses a caller's amount or volume: at most 12 digits before and 4 after the point. Written zeros stay (`300.10`),
/// exponents are expanded (`3e2` becomes `300`).
#[must_use]
pub fn plain(number: &str) -> Option<Decimal> {
    let amount = exact(number)?;
    let amount = if amount.scale() > FRACTION_DIGITS { amount.normalize() } else { amount };
    let most = Decimal::from(10_u64.pow(WHOLE_DIGITS));
    (amount.scale() <= FRACTION_DIGITS && amount.abs() < most).then_some(amount)
}

/// Converts `amount` to the JSON number that is sent.
#[must_use]
pub fn number(amount: Decimal) -> Option<Number> {
    Number::from_str(&amount.to_string()).ok()
}

/// Converts a known amount to JSON, as the API writes amounts; null if it is not known.
#[must_use]
pub fn json(amount: Option<Decimal>) -> Value {
    amount.and_then(|amount| number(amount.normalize())).map_or(Value::Null, Value::Number)
}

/// The exact sum; `None` if it is larger than any valid amount.
#[must_use]
pub fn sum(amounts: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    amounts.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    #[test]
    fn an_exponent_moves_the_point_and_nothing_else() {
        for (written, value) in [
            ("3e2", "300"),
            ("3.001E2", "300.1"),
            ("30010e-2", "300.10"),
            ("1e-4", "0.0001"),
            ("0e99", "0"),
            ("50049e-2", "500.49"),
            ("7.9e28", "79000000000000000000000000000"),
        ] {
            assert_eq!(exact(written), Some(decimal(value)), "{written}");
        }
    }

    #[test]
    fn a_number_that_would_lose_a_digit_is_none() {
        for written in
            ["0.000000000000000000000000000050049e28", "1e29", "8e28", "1e-29", "1e99999999999", "1e-99999999999", "1e"]
        {
            assert_eq!(exact(written), None, "{written}");
        }
    }

    #[test]
    fn an_amount_has_a_bounded_number_of_digits() {
        assert_eq!(plain("300.10").unwrap().to_string(), "300.10");
        assert_eq!(plain("3e2").unwrap().to_string(), "300");
        assert_eq!(plain("999999999999.9999"), Some(decimal("999999999999.9999")));
        assert_eq!(plain("12.500000"), Some(decimal("12.5")));
        assert_eq!(plain("1000000000000"), None);
        assert_eq!(plain("0.00001"), None);
    }

    #[test]
    fn a_sum_that_is_too_large_is_none() {
        assert_eq!(sum([Decimal::MAX, Decimal::ONE]), None);
        assert_eq!(sum([]), Some(Decimal::ZERO));
        assert_eq!(sum(["0.1", "0.2"].map(decimal)), Some(decimal("0.3")));
    }
}
