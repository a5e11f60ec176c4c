//! Finds a secret in a text in every form in which it may be repeated: plain, in another letter case, escaped for JSON,
//! URLs or HTML, with line breaks, in base64 or hexadecimal. The text is scanned from left to right without parsing, so
//! that nesting hides nothing; JSON stays valid JSON.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::{memchr_iter, memchr2_iter, memchr3_iter, memmem};

use super::hex;

/// The most backslashes before an escape, and the most times that a percent sign is escaped.
const LAYERS: usize = 8;

/// A secret, prepared for searching. Building the searches costs more than a search of a small text.
pub(super) struct Search {
    secret: Vec<u8>,
    /// The first letter in both cases, and the starts of escapes.
    starts: [u8; 5],
    encoded: Vec<memmem::Finder<'static>>,
}

impl Search {
    pub(super) fn of(secret: &str) -> Self {
        let first = secret.bytes().next().unwrap_or_default();
        Self {
            secret: secret.as_bytes().to_vec(),
            starts: [first.to_ascii_lowercase(), first.to_ascii_uppercase(), b'\\', b'%', b'&'],
            encoded: encoded(secret).iter().map(|form| memmem::Finder::new(form).into_owned()).collect(),
        }
    }

    /// Replaces the secret with `mask` in `text`, in every form.
    pub(super) fn hide(&self, text: &mut String, mask: &str) {
        let mut places: Vec<Range<usize>> = self.places(text).collect();
        places.sort_by_key(|place| place.start);
        replace(text, places, mask);
    }

    /// True if `text` contains the secret in any form.
    pub(super) fn stands_in(&self, text: &str) -> bool {
        self.places(text).next().is_some()
    }

    /// The positions of the secret in `text` in any form. Some may overlap.
    fn places(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        let text = text.as_bytes();
        let [lower, upper, backslash, percent, ampersand] = self.starts;
        let starts = memchr3_iter(lower, upper, backslash, text).chain(memchr2_iter(percent, ampersand, text));
        let spelled = starts.filter_map(|start| Some(start..self.end_of(text, start)?));
        let encoded =
            self.encoded.iter().flat_map(|form| form.find_iter(text).map(|start| start..start + form.needle().len()));
        spelled.chain(encoded)
    }

    /// The end of the secret if it is spelled out from `at` on.
    fn end_of(&self, text: &[u8], at: usize) -> Option<usize> {
        // Most candidates are ordinary words that go on with another plain letter.
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric();
        if text.get(at).is_some_and(is_plain) {
            let next = text.get(at + 1)?;
            if is_plain(next) && !self.secret.get(1).is_some_and(|wanted| wanted.eq_ignore_ascii_case(next)) {
                return None;
            }
        }
        let (mut place, mut matched) = (at, 0);
        while let Some(wanted) = self.secret.get(matched) {
            let rest = text.get(place..)?;
            match letter(rest) {
                (Some(byte), length) if byte.eq_ignore_ascii_case(wanted) => {
                    matched += 1;
                    place += length;
                }
                _ => match gap(rest) {
                    length if length > 0 && matched > 0 => place += length,
                    _ => return None,
                },
            }
        }
        Some(place)
    }
}

/// Replaces every text that begins with one of `prefixes` and goes on for at least `shortest` letters of a secret, also
/// where its letters are escaped. The mask stands for the whole word.
pub(super) fn hide_shapes(text: &mut String, prefixes: &[&str], shortest: usize, mask: &str) -> bool {
    let bytes = text.as_bytes();
    let first_letters: BTreeSet<u8> = prefixes.iter().filter_map(|prefix| prefix.bytes().next()).collect();
    let plain = first_letters.into_iter().flat_map(|letter| memchr_iter(letter, bytes));
    let starts = plain.chain(memchr3_iter(b'\\', b'%', b'&', bytes));
    let word = |at: usize| {
        // Most candidates are ordinary words with another second letter.
        let (first, length) = letter(bytes.get(at..)?);
        let next = *bytes.get(at + length)?;
        let may_be = |prefix: &&[u8]| match prefix {
            [wanted, second, ..] => first == Some(*wanted) && (next == *second || begins_escape(next)),
            _ => false,
        };
        let mut likely = prefixes.iter().map(|prefix| prefix.as_bytes()).filter(may_be);
        Some(at..likely.find_map(|prefix| end_of_word(bytes, at, prefix, shortest))?)
    };
    let mut places: Vec<Range<usize>> = starts.filter_map(word).collect();
    places.sort_by_key(|place| place.start);
    replace(text, places, mask)
}

/// The end of the word at `at`, if it begins with `prefix` and at least `shortest` letters of a secret follow.
fn end_of_word(text: &[u8], at: usize, prefix: &[u8], shortest: usize) -> Option<usize> {
    let (mut place, mut letters) = (at, 0);
    while let Some((Some(byte), length)) = text.get(place..).filter(|rest| !rest.is_empty()).map(letter) {
        let fits = match prefix.get(letters) {
            Some(wanted) => byte == *wanted,
            None => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        };
        if !fits {
            break;
        }
        letters += 1;
        place += length;
    }
    (letters >= prefix.len() + shortest).then_some(place)
}

/// Replaces these places, from left to right; false if there is none.
fn replace(text: &mut String, places: Vec<Range<usize>>, mask: &str) -> bool {
    let mut shown = String::new();
    let mut from = 0;
    for place in places {
        if let Some(before) = text.get(from..place.start) {
            shown.push_str(before);
            shown.push_str(mask);
            from = place.end;
        }
    }
    if from > 0 {
        shown.push_str(text.get(from..).unwrap_or_default());
        *text = shown;
    }
    from > 0
}

/// Decodes the letter at the start of `text` and returns its encoded length.
fn letter(text: &[u8]) -> (Option<u8>, usize) {
    let first = text.first().copied();
    if !first.is_some_and(begins_escape) {
        return (first, 1);
    }
    let escaped = match text {
        [b'\\', ..] => {
            let slashes = text.iter().take(LAYERS).take_while(|byte| **byte == b'\\').count();
            let digits = text.get(slashes..).and_then(|rest| rest.strip_prefix(b"u00")).and_then(|rest| rest.get(..2));
            digits.and_then(byte_of).map(|byte| (byte, slashes + 5))
        }
        // An escaped percent sign (%25) may begin an escape that was escaped twice.
        [b'%', ..] => {
            let escaped = text.get(1..).unwrap_or_default().chunks_exact(2);
            let start = 1 + 2 * escaped.take(LAYERS).take_while(|two| *two == b"25").count();
            text.get(start..start + 2).and_then(byte_of).map(|byte| (byte, start + 2))
        }
        [b'&', b'#', rest @ ..] => entity(rest).map(|(byte, length)| (byte, length + 2)),
        _ => None,
    };
    escaped.map_or((first, 1), |(byte, length)| (Some(byte), length))
}

const fn begins_escape(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'&')
}

fn byte_of(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Decodes `95;` or `x5f;`, the HTML form of a letter after `&#`.
fn entity(text: &[u8]) -> Option<(u8, usize)> {
    let end = text.iter().take(8).position(|byte| *byte == b';')?;
    let digits = std::str::from_utf8(text.get(..end)?).ok()?;
    let byte = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u8::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some((byte, end + 1))
}

/// The length of a gap between two letters of a wrapped secret: blanks, line ends (escaped or not) and invisible
/// characters.
fn gap(text: &[u8]) -> usize {
    match text {
        [b' ' | b'\n' | b'\r' | b'\t', ..] => 1,
        [b'\\', b'n' | b'r' | b't', ..] | [0xC2, 0xAD, ..] => 2,
        [0xE2, 0x80, 0x8B..=0x8F, ..] | [0xE2, 0x81, 0xA0, ..] | [0xEF, 0xBB, 0xBF, ..] => 3,
        _ => 0,
    }
}

/// The secret in hexadecimal, and the parts of its base64 form that do not depend on the surrounding text.
fn encoded(secret: &str) -> BTreeSet<String> {
    let hexadecimal = hex::hex(secret.as_bytes());
    let mut forms = BTreeSet::from([hexadecimal.to_ascii_uppercase(), hexadecimal]);
    for skipped in 0..3 {
        let rest = secret.as_bytes().get(skipped..).unwrap_or_default();
        let whole = rest.get(..rest.len() / 3 * 3).unwrap_or_default();
        // Shorter parts would match unrelated text.
        if whole.len() >= 6 {
            // Most secrets look the same in both alphabets.
            forms.extend([STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)]);
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    const SECRET: &str = "s3cr3t_Part99xyz";

    fn hidden(text: &str) -> String {
        let mut text = text.to_owned();
        Search::of(SECRET).hide(&mut text, "[hidden]");
        text
    }

    fn each(write: impl Fn(u8) -> String) -> String {
        SECRET.bytes().map(write).collect()
    }

    #[test]
    fn a_secret_is_found_in_whatever_form_it_is_repeated() {
        let folded = SECRET.replace('_', "_\n  ");
        for form in [
            SECRET.to_owned(),
            SECRET.to_uppercase(),
            each(|byte| format!("\\u{byte:04x}")),
            each(|byte| format!("\\\\u{byte:04X}")),
            each(|byte| format!("%{byte:02x}")),
            each(|byte| format!("%25{byte:02X}")),
            each(|byte| format!("&#{byte};")),
            each(|byte| format!("&#x{byte:x};")),
            each(|byte| format!("{byte:02x}")),
            utf8_percent_encode(SECRET, NON_ALPHANUMERIC).to_string(),
            SECRET.replace('_', "\\u005f"),
            folded,
            SECRET.replace('_', "_\\n"),
            SECRET.replace('c', "c\u{200b}"),
        ] {
            assert_eq!(hidden(&format!("a {form} b {form}")), "a [hidden] b [hidden]", "{form}");
        }
    }

    #[test]
    fn a_word_shaped_like_a_secret_is_always_hidden() {
        let hidden = |text: &str| {
            let mut text = text.to_owned();
            hide_shapes(&mut text, &["ot_pat_", "whsec_"], 8, "[hidden]");
            text
        };
        for word in [
            "ot_pat_ab12_secretpart",
            "\\u006ft_pat_ab12_secretpart",
            "\\\\u006Ft\\\\u005fpat_ab12_secretpart",
            "ot_pat%5fab12_secret-part",
            "&#111;t_pat_ab12_secretpart",
            "whsec_0123456789abcdef",
        ] {
            assert_eq!(
                hidden(&format!("{{\"a\":\"{word}\",\"b\":\"é x{word}\"}}")),
                "{\"a\":\"[hidden]\",\"b\":\"é x[hidden]\"}",
                "{word}"
            );
        }
        for other in ["ot_pat_c3f9********bd21", "ot_pat_…", "OT_PAT_ab12_secretpart", "ot_pat_short", "", "é\\", "%"]
        {
            assert_eq!(hidden(other), other);
        }
    }

    #[test]
    fn base64_hides_no_secret_wherever_it_begins() {
        for before in ["", "a", "ab", "user:", "Bearer "] {
            let text = STANDARD.encode(format!("{before}{SECRET}:{before}"));
            let shown = hidden(&text);
            assert!(shown.contains("[hidden]"), "{before}: {shown}");
        }
    }

    #[test]
    fn nothing_else_is_hidden_and_a_json_text_stays_one() {
        for text in
            ["", "s3cr3t", "s3cr3t_Part", "s3cr3t_Port99xyz", "\\", "%", "&#", "%2", "\\u00", "s3cr3t Part99xyz"]
        {
            assert_eq!(hidden(text), text);
        }
        let json = format!(r#"{{"a\\":"\\\{}","{SECRET}":["\n{SECRET}\\"]}}"#, SECRET.replacen('s', "u0073", 1));
        let shown = hidden(&json);
        assert!(serde_json::from_str::<serde_json::Value>(&shown).is_ok(), "{shown}");
        assert!(!shown.contains("Part99"), "{shown}");
    }
}
