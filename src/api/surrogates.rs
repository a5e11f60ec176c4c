//! Repairs lone surrogates in JSON. A text that was cut inside a surrogate pair is valid JSON (RFC 8259, section 8.2),
//! but UTF-8 cannot represent it, and a strict parser refuses the whole message. Used for replies and for a host's
//! lines.

use std::borrow::Cow;

/// The length of `\uXXXX`.
const ESCAPE: usize = 6;

/// Replaces each escaped lone surrogate with `\ufffd`, the replacement character. The length stays the same.
#[must_use]
pub fn without_lone_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    let mut mended = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(next) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += next;
        at += match (surrogate(json, at), surrogate(json, at + ESCAPE)) {
            (Some(Half::High), Some(Half::Low)) => 2 * ESCAPE,
            (Some(_), _) => {
                if let Some(digits) = mended.to_mut().get_mut(at + 2..at + ESCAPE) {
                    digits.copy_from_slice(b"fffd");
                }
                ESCAPE
            }
            // Any other escape. Its second character may be a backslash, which begins no escape.
            (None, _) => 2,
        };
    }
    mended
}

enum Half {
    High,
    Low,
}

/// Identifies the surrogate half in the escape at `at`; `None` for anything else.
fn surrogate(json: &[u8], at: usize) -> Option<Half> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    match digits {
        [b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', rest @ ..] if is_hex(rest) => Some(Half::High),
        [b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', rest @ ..] if is_hex(rest) => Some(Half::Low),
        _ => None,
    }
}

fn is_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(json: &str) -> String {
        String::from_utf8(without_lone_surrogates(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_half_character_becomes_the_replacement_character() {
        for (json, expected) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\uDE00""#, r#""\ufffd""#),
            (r#""a\ud83d b""#, r#""a\ufffd b""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\n""#, r#""\ufffd\n""#),
            (r#"{"\udbff":["\uDFFF"]}"#, r#"{"\ufffd":["\ufffd"]}"#),
        ] {
            assert_eq!(mended(json), expected, "{json}");
            assert!(serde_json::from_str::<serde_json::Value>(&mended(json)).is_ok(), "{json}");
        }
    }

    #[test]
    fn whole_characters_and_other_escapes_stay() {
        for json in [
            r#""\ud83d\ude00""#,
            r#""\\ud83d""#,
            r#""\u00e9\n\\\"""#,
            r#""\ud7ff\ue000""#,
            "\"\\",
            "\"\\ud83",
            "{}",
            "",
        ] {
            assert!(
                matches!(without_lone_surrogates(json.as_bytes()), Cow::Borrowed(same) if same == json.as_bytes()),
                "{json}"
            );
        }
    }
}
