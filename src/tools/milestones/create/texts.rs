//! Compares texts that an API may have stored in its own form.

use unicode_normalization::UnicodeNormalization;

/// The most times that an API may have escaped a text.
const MOST_ESCAPES: usize = 3;
/// No API cuts texts that are shorter than this.
const LEAST_CUT: usize = 200;
/// The shortest beginning that identifies a text.
const LEAST_BEGINNING: usize = 100;
/// The longest entity: `&#x10FFFF;`.
const LONGEST_ENTITY: usize = 10;

/// The canonical form of a text: Unicode NFC, no entities, no invisible characters, and one blank for each run of
/// blanks and line ends.
pub(super) fn canonical(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MOST_ESCAPES {
        let decoded = without_entities(&text);
        if decoded == text {
            break;
        }
        text = decoded;
    }
    let composed: String = text.nfc().filter(|character| !is_dropped(*character)).collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True if `stored` may be a cut version of `asked`. Both are canonical.
pub(super) fn is_cut(stored: &str, asked: &str) -> bool {
    let beginning = beginning(stored);
    asked.chars().count() >= LEAST_CUT
        && beginning.chars().count() >= LEAST_BEGINNING
        && beginning.len() < asked.len()
        && asked.starts_with(beginning)
}

/// Removes the dots that some APIs append to a cut text.
pub(super) fn beginning(stored: &str) -> &str {
    stored.trim_end_matches("...").trim_end_matches('…').trim_end()
}

/// True for invisible characters that some APIs drop.
fn is_dropped(character: char) -> bool {
    let is_blank = matches!(character, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}');
    (character.is_control() && !is_blank)
        || matches!(character, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn without_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        decoded.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() < LONGEST_ENTITY);
        if let Some((character, behind)) = entity.and_then(|(name, behind)| Some((character(name)?, behind))) {
            decoded.push(character);
            rest = behind;
        } else {
            decoded.push('&');
            rest = after;
        }
    }
    decoded.push_str(rest);
    decoded
}

/// The character of an entity, from the text between `&` and `;`.
fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_form() {
        for (stored, asked) in [
            (" Label \n", "Label"),
            ("one\ntwo", "one\r\ntwo"),
            ("one two", "one\u{a0}\n two"),
            ("cafe\u{301}", "café"),
            ("A &amp; B &lt;c&gt; &#39;d&#x27; &quot;e&quot;", "A & B <c> 'd' \"e\""),
            ("A &amp;amp; B", "A &amp; B"),
            ("a\u{200b}b\u{feff}", "ab"),
            ("a\u{0}b", "ab"),
        ] {
            assert_eq!(canonical(stored), canonical(asked), "{stored:?}");
        }
    }

    #[test]
    fn other_texts_have_other_forms() {
        for (one, other) in [("Label", "label"), ("5,000", "5000"), ("a & b", "a and b"), ("ab", "a b"), ("a;b", "a&b")]
        {
            assert_ne!(canonical(one), canonical(other), "{one:?}");
        }
        for odd in ["&", "&;", "&amp", "&unknown;", "&#xFFFFFFFF;", "a & b; c"] {
            assert_eq!(canonical(odd), odd);
        }
    }

    #[test]
    fn a_long_text_may_be_cut() {
        let asked = "ä".repeat(300);
        for stored in
            ["ä".repeat(299), "ä".repeat(200), format!("{}…", "ä".repeat(252)), format!("{}...", "ä".repeat(120))]
        {
            assert!(is_cut(&stored, &asked), "{stored}");
        }
        for stored in [asked.clone(), "ä".repeat(99), String::new(), "ä".repeat(200) + "b"] {
            assert!(!is_cut(&stored, &asked), "{stored}");
        }
        assert!(!is_cut(&"a".repeat(150), &"a".repeat(199)), "too short to be cut");
    }
}
