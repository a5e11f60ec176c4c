//! Parses one line of the record. A line may be damaged by an editor or a power loss; it then counts with the largest
//! amount that can be read in it.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::answer::Outcome;
use crate::api::hex::sha256;

use super::line::{Damage, Line, Phase};

/// The content of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A complete line.
    Whole(Line),
    /// The readable parts of a damaged line.
    Damaged(Line),
    /// Only blanks.
    Blank,
}

/// The key that marks amounts in a damaged line. It also occurs among the arguments.
const AMOUNT: &str = "\"amountUsd\"";

/// How every line that this program writes begins.
const BEGINNING: &[u8] = br#"{"v":1,"at":""#;

/// Parses one line without its line end.
pub(super) fn read(bytes: &[u8]) -> Reading {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if text.is_empty() {
        return Reading::Blank;
    }
    match serde_json::from_str::<Line>(text) {
        Ok(line) if is_plausible(&line) => Reading::Whole(line),
        Ok(line) if is_of_a_later_version(&line, text) => Reading::Blank,
        _ => Reading::Damaged(salvage(text)),
    }
}

/// True for a line of a record, including a torn one.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    match read(bytes) {
        Reading::Whole(_) => true,
        // Another program may have written the line anew, with blanks, before it was damaged.
        Reading::Damaged(line) => {
            bytes.starts_with(BEGINNING) || (!line.tool.is_empty() && line.phase != Phase::Unknown)
        }
        Reading::Blank => false,
    }
}

/// The time of a line, if that part is readable.
pub(super) fn moment(bytes: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Dated {
        at: String,
    }
    serde_json::from_slice::<Dated>(bytes).ok()?.at.parse().ok()
}

fn is_plausible(line: &Line) -> bool {
    line.phase != Phase::Unknown
        && !line.id.is_empty()
        && line.at.parse::<Timestamp>().is_ok()
        && line.amount_usd.is_none_or(|amount| !amount.is_sign_negative())
}

/// True for a whole line of a phase that this version does not know. A line with an amount is none: what could commit
/// money counts.
fn is_of_a_later_version(line: &Line, text: &str) -> bool {
    let phase = field(text, "phase").unwrap_or_default();
    let is_a_word = !phase.is_empty() && phase.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_a_word && line.v == 1 && !line.id.is_empty() && line.at.parse::<Timestamp>().is_ok() && !text.contains(AMOUNT)
}

/// Recovers the readable fields. The largest amount in the line counts.
fn salvage(text: &str) -> Line {
    let word = |name: &str| field(text, name).map(str::to_owned);
    let places = text.match_indices(AMOUNT).map(|(place, found)| text.get(place + found.len()..).unwrap_or_default());
    let amounts: Vec<Option<Decimal>> = places.map(amount).collect();
    let amount_usd = amounts.iter().flatten().max().copied();
    let unreadable = amount_usd.is_none() && !amounts.is_empty();
    // A line without a principal counts for every account.
    let principal = word("principal");
    Line {
        v: 1,
        at: word("at").filter(|at| at.parse::<Timestamp>().is_ok()).unwrap_or_default(),
        id: word("id").filter(|id| id.len() == 16).unwrap_or_else(|| fingerprint(text.as_bytes())),
        phase: if word("phase").as_deref() == Some("after") { Phase::After } else { Phase::Before },
        tool: word("tool").unwrap_or_default(),
        base: principal.as_ref().and_then(|_| word("base")),
        principal,
        sandbox: text.contains("\"sandbox\":true"),
        amount_usd,
        milestone_id: word("milestoneId"),
        outcome: word("outcome").map(|word| Outcome::of(&word)),
        damage: Some(if unreadable { Damage::AmountUnreadable } else { Damage::Readable }),
        ..Line::default()
    }
}

/// The text of a field, if it is complete and has no escapes.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (value, _) = rest.split_once('"')?;
    value.chars().all(|character| character.is_ascii_graphic() && character != '\\').then_some(value)
}

/// The number after a field's name, if its end is certain.
fn amount(rest: &str) -> Option<Decimal> {
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let rest = rest.strip_prefix('"').unwrap_or(rest).trim_start_matches('$');
    let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    let ends = after.chars().next().is_none_or(|next| next.is_whitespace() || "\",}".contains(next));
    if ends { Decimal::from_str_exact(digits).ok() } else { None }
}

/// Sixteen hex digits that identify these bytes.
pub(super) fn fingerprint(bytes: &[u8]) -> String {
    sha256(bytes, 16)
}

/// Reads a line of a record, for `fuzz/`: nothing counts below zero, and what is written is read again.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8]) {
    if let Reading::Whole(line) | Reading::Damaged(line) = read(bytes) {
        assert!(line.amount_usd.is_none_or(|amount| !amount.is_sign_negative()), "a negative amount counts");
        let written = serde_json::json!(line).to_string();
        assert!(line.damage.is_some() || read(written.as_bytes()) == Reading::Whole(line), "{written}");
    }
    let _ = (is_ours(bytes), moment(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"v":1,"at":"2026-06-12T10:00:00Z","id":"00000000000000aa","phase":"before","tool":"create_milestone","arguments":{},"amountUsd":"95"}"#;

    fn damaged(text: &str) -> Line {
        match read(text.as_bytes()) {
            Reading::Damaged(line) => line,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn marks_and_line_ends_of_an_editor_do_no_harm() {
        let Reading::Whole(plain) = read(WHOLE.as_bytes()) else { panic!("{WHOLE}") };
        assert_eq!(read(format!("\u{feff}{WHOLE}\r").as_bytes()), Reading::Whole(plain));
        assert_eq!(read("\u{feff}\r".as_bytes()), Reading::Blank);
    }

    #[test]
    fn a_damaged_line_counts_with_its_amount() {
        for (whole, broken) in [
            ("\"95\"", "\"95"),
            ("\"95\"", "95,,"),
            ("\"2026", "2026"),
            ("\"before\"", "\"bef\u{0}re\""),
            ("{}", "[]"),
            ("\"v\":1", "\"v\":\"one\""),
        ] {
            let line = damaged(&WHOLE.replace(whole, broken));
            assert_eq!((line.amount_usd, line.id.as_str()), (Some(Decimal::from(95)), "00000000000000aa"), "{broken}");
            assert_eq!(line.damage, Some(Damage::Readable));
        }
    }

    #[test]
    fn an_amount_that_cannot_be_read_is_marked() {
        for broken in ["\"9\u{fffd}5\"", "\"-95\"", "\"1e400\"", "\"ninety\"", "\"\""] {
            let line = damaged(&WHOLE.replace("\"95\"", broken));
            assert_eq!((line.amount_usd, line.damage), (None, Some(Damage::AmountUnreadable)), "{broken}");
        }
    }

    #[test]
    fn an_unknown_phase_without_an_amount_is_skipped() {
        let later = WHOLE.replace("before", "reviewed");
        assert_eq!(damaged(&later).amount_usd, Some(Decimal::from(95)));
        assert_eq!(read(later.replace(r#","amountUsd":"95""#, "").as_bytes()), Reading::Blank);
    }

    #[test]
    fn a_damaged_amount_is_read_from_the_arguments() {
        let text = WHOLE.replace("{}", r#"{"amountUsd":95}"#).replace("\"95\"", "\"9\u{fffd}\"");
        assert_eq!(damaged(&text).amount_usd, Some(Decimal::from(95)));
    }

    #[test]
    fn what_is_no_line_at_all_commits_nothing() {
        for bytes in [&b"\xff\xfe"[..], &[0; 100], b"hello", b"{}", b"{\"v\":1,\"at\":\"20"] {
            let Reading::Damaged(line) = read(bytes) else { panic!("{bytes:?}") };
            assert_eq!((line.amount_usd, line.damage), (None, Some(Damage::Readable)), "{bytes:?}");
        }
    }
}
