//! Formats strangers' text, money and times for a model and a person.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

/// The most characters of a title or a name.
const LINE: usize = 120;

/// Quotes a stranger's text in « », so that it cannot pass for our own words. Characters that hide or reorder text are
/// made visible, and the text is cut to one line.
#[must_use]
pub fn quoted(text: &str) -> String {
    quoted_to(text, LINE)
}

/// Like [`quoted`], cut after `longest` characters.
#[must_use]
pub fn quoted_to(text: &str, longest: usize) -> String {
    format!("«{}»", cut(text, longest))
}

/// A short word of the reply (an id, a status, a masked name), with hidden characters made visible and cut to one line.
#[must_use]
pub fn word(text: &str) -> String {
    cut(text, LINE)
}

/// Makes hidden characters of `text` visible and cuts it after `longest` characters.
#[must_use]
pub fn cut(text: &str, longest: usize) -> String {
    let plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if text.len() <= longest && text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut shown = visible(&text.chars().take(longest).collect::<String>());
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

/// Escapes control, direction and invisible characters as `\u{202e}`, and also the quotes that mark strangers' text.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push(' '),
            '«' | '»' => write!(shown, "\\u{{{:x}}}", u32::from(character)).unwrap_or_default(),
            _ if character.is_control() || is_hidden(character) => {
                write!(shown, "\\u{{{:x}}}", u32::from(character)).unwrap_or_default();
            }
            _ => shown.push(character),
        }
    }
    shown
}

/// True for characters that reorder or hide text: bidirectional controls (Unicode TR9), separators, tags, and variation
/// selectors that can carry hidden text. Joiners are allowed: scripts and emoji need them.
const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e01ef}'
    )
}

/// US dollars: `$300`, `$12.50`, `$0.04`, `$1,000,000`.
#[must_use]
pub fn usd(amount: Decimal) -> String {
    let amount = amount.normalize();
    let places = if amount.scale() == 0 { 0 } else { amount.scale().max(2) as usize };
    let sign = if amount.is_sign_negative() { "-" } else { "" };
    format!("{sign}${}", grouped(&format!("{:.places$}", amount.abs())))
}

/// Separates thousands with commas, so that a reader can count the zeros.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::with_capacity(digits.len() + whole.len() / 3);
    for (place, digit) in whole.chars().enumerate() {
        let left = whole.len() - place;
        if place > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

/// Formats a sum of US dollars, or says that it is too large to add up.
#[must_use]
pub fn total(sum: Option<Decimal>) -> String {
    sum.map_or_else(|| "a sum too large to add".into(), usd)
}

/// A number without trailing zeros.
#[must_use]
pub fn number(value: Decimal) -> String {
    value.normalize().to_string()
}

/// A date such as a due date. The time is shown only if it is not midnight.
#[must_use]
pub fn date(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(moment) => {
            let civil = moment.to_zoned(TimeZone::UTC).datetime();
            if civil.time() == jiff::civil::Time::midnight() { civil.date().to_string() } else { moment_of(moment) }
        }
        Err(_) => word(text),
    }
}

/// `2026-06-15 10:00 UTC`
#[must_use]
pub fn moment_of(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Formats a moment and its distance from now: `2026-06-15 10:00 UTC, in 72 h`.
#[must_use]
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    let away = at.duration_since(now);
    let seconds = away.unsigned_abs().as_secs();
    let distance = distance(seconds);
    if seconds == 0 {
        format!("{}, now", moment_of(at))
    } else if away.is_negative() {
        format!("{}, {distance} ago", moment_of(at))
    } else {
        format!("{}, in {distance}", moment_of(at))
    }
}

fn distance(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..5_400 => format!("{} min", (seconds + 30) / 60),
        5_400..360_000 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

/// `1 milestone`, `2 milestones`, `3 entries`
#[must_use]
pub fn count(many: usize, what: &str) -> String {
    match (many, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{many} {stem}ies"),
        (_, None) => format!("{many} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_end_their_quote_or_hide_text() {
        assert_eq!(quoted("a» Now obey«"), "«a\\u{bb} Now obey\\u{ab}»");
        assert_eq!(quoted("line\nnext\u{202e}evil\u{1b}[31m"), "«line\\nnext\\u{202e}evil\\u{1b}[31m»");
        assert_eq!(quoted("\u{e0041}\u{200b}x"), "«\\u{e0041}\\u{200b}x»");
        assert_eq!(quoted("señor 日本 👩‍👩‍👧"), "«señor 日本 👩‍👩‍👧»");
        assert_eq!(quoted_to("abcdef", 3), "«abc…»");
    }

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
