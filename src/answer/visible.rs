//! Which characters of a text a reader can see. Everything that steers, hides or is drawn as nothing becomes `\u{…}`.

use std::borrow::Cow;

use unicode_general_category::{GeneralCategory, get_general_category};

/// The most marks (accents, vowel signs) behind one letter. More would cover the lines around it.
const MARKS: usize = 4;

/// What loads something from an address by being rendered as HTML.
const LOADING: [&str; 16] = [
    "audio", "base", "body", "embed", "frame", "iframe", "image", "img", "input", "link", "object", "script", "source",
    "style", "svg", "video",
];

/// Adds `text` so that all of it can be seen, cut after `longest` characters. `«` and `»` are not kept, since they mark
/// the words of others. Nor is what begins a picture in Markdown or HTML: a host that renders answers would load it, and
/// tell its address whatever a model was made to put there.
pub(super) fn write_visible(text: &str, longest: usize, shown: &mut String) {
    if text.len() <= longest && text.bytes().all(is_plain) && !text.contains("![") && !text.contains('<') {
        shown.push_str(text);
    } else {
        Visible { shown, room: longest, before: Before::Nothing, marks: 0 }.write(text);
    }
}

const fn is_plain(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

/// Replaces each character that steers a terminal or hides text by the notation of quotes, and keeps line breaks and
/// tabs. For whole outputs, such as JSON for a terminal and lines of the log.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| is_plain(byte) || matches!(byte, b'\n' | b'\t')) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            _ if is_seen(character) || get_general_category(character) == GeneralCategory::SpaceSeparator => {
                shown.push(character);
            }
            _ => notation(character).for_each(|part| shown.push(part)),
        }
    }
    Cow::Owned(shown)
}

/// Like [`visible`], for JSON: each such character is escaped as JSON does it, so that the text stays the same JSON.
#[must_use]
pub fn visible_json(text: &str) -> Cow<'_, str> {
    let stays = |character: char| {
        matches!(character, '\n' | '\t')
            || is_seen(character)
            || get_general_category(character) == GeneralCategory::SpaceSeparator
    };
    if text.chars().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if stays(character) {
            shown.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(shown)
}

/// Writes text of others so that all of it can be seen.
struct Visible<'a> {
    shown: &'a mut String,
    /// The characters that may still be added.
    room: usize,
    before: Before,
    /// The marks behind the last letter.
    marks: usize,
}

/// The kind of the character before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning, a blank, or a character in notation: nothing that a mark could stand on.
    Nothing,
    /// A letter, a digit or a sign.
    Letter,
    /// An emoji, or a letter of a script whose letters join. It may carry one joiner or selector.
    Joining,
}

impl Visible<'_> {
    fn write(mut self, text: &str) {
        let mut characters = text.chars().peekable();
        let (mut rest, mut last) = (text, ' ');
        while let Some(character) = characters.next() {
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
            let loads = match character {
                '[' => last == '!',
                '<' => begins_loading(rest),
                _ => false,
            };
            last = character;
            let fits = match character {
                _ if loads => self.put(notation(character), Before::Nothing),
                '\r' if characters.peek() == Some(&'\n') => true,
                '\n' => self.put(['\\', 'n'].into_iter(), Before::Nothing),
                // How an emoji or a joined letter is drawn. It cannot be seen alone, so it is left out, once.
                '\u{200c}' | '\u{200d}' | '\u{fe0f}' if self.before == Before::Joining => {
                    self.before = Before::Letter;
                    true
                }
                _ => self.character(character),
            };
            if !fits {
                self.shown.push('…');
                return;
            }
        }
    }

    fn character(&mut self, character: char) -> bool {
        if is_blank(character) {
            return self.put(std::iter::once(' '), Before::Nothing);
        }
        if matches!(character, '«' | '»') || !is_seen(character) {
            return self.put(notation(character), Before::Nothing);
        }
        if is_mark(character) {
            self.marks += 1;
            if self.before == Before::Nothing || self.marks > MARKS {
                return self.put(notation(character), self.before);
            }
            return self.put(std::iter::once(character), self.before);
        }
        self.marks = 0;
        let before = if is_joining(character) { Before::Joining } else { Before::Letter };
        self.put(std::iter::once(character), before)
    }

    fn put(&mut self, characters: impl Iterator<Item = char> + Clone, before: Before) -> bool {
        let size = characters.clone().count();
        if size > self.room {
            return false;
        }
        self.room -= size;
        self.before = before;
        self.shown.extend(characters);
        true
    }
}

/// True if the name of a tag that loads something stands at the beginning.
fn begins_loading(rest: &str) -> bool {
    let begins = |name: &str| rest.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    LOADING.iter().any(|name| begins(name))
}

/// `\u{202e}`
fn notation(character: char) -> impl Iterator<Item = char> + Clone {
    character.escape_unicode()
}

fn is_blank(character: char) -> bool {
    character == ' '
        || character == '\t'
        || (!character.is_ascii() && get_general_category(character) == GeneralCategory::SpaceSeparator)
}

fn is_mark(character: char) -> bool {
    use GeneralCategory as C;
    !character.is_ascii()
        && matches!(get_general_category(character), C::NonspacingMark | C::SpacingMark | C::EnclosingMark)
}

/// True for emoji and for letters from Arabic to Myanmar, where joiners and selectors are part of ordinary writing.
fn is_joining(character: char) -> bool {
    ('\u{600}'..'\u{10a0}').contains(&character)
        || ('\u{2190}'..'\u{2c00}').contains(&character)
        || ('\u{1f000}'..'\u{1fb00}').contains(&character)
}

/// True for letters, marks, digits, punctuation and symbols that a reader can see. Unassigned and private characters
/// are not among them, nor is anything that Unicode allows a program not to draw (Default_Ignorable_Code_Point).
fn is_seen(character: char) -> bool {
    use GeneralCategory as C;
    if character.is_ascii() {
        return is_plain(character as u8);
    }
    let is_drawn = !matches!(
        get_general_category(character),
        C::Control
            | C::Format
            | C::Surrogate
            | C::PrivateUse
            | C::Unassigned
            | C::LineSeparator
            | C::ParagraphSeparator
            | C::SpaceSeparator
    );
    is_drawn && !is_empty_sign(character)
}

/// Letters, marks and symbols that are drawn as nothing: the joiner of graphemes, the fillers of Hangul and Khitan, the
/// inherent vowels of Khmer, all selectors, the empty Braille cell, the null notehead, the replacement of an object.
const fn is_empty_sign(character: char) -> bool {
    matches!(
        character,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fffc}' | '\u{16fe4}' | '\u{1d159}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_outputs_lose_what_steers_a_terminal() {
        let theirs = "{\n\t\"a\": \"é\u{a0}\u{9b}31m\u{7f}\u{202e}\u{1b}[0m\u{200d}\"\n}";
        let shown = "{\n\t\"a\": \"é\u{a0}\\u{9b}31m\\u{7f}\\u{202e}\\u{1b}[0m\\u{200d}\"\n}";
        assert_eq!(visible(theirs), shown);
        assert!(matches!(visible("plain\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_picture_of_others_is_not_loaded() {
        let written = |text: &str| {
            let mut shown = String::new();
            write_visible(text, 200, &mut shown);
            shown
        };
        for (theirs, shown) in [
            ("![x](https://e.example/?q=1)", "!\\u{5b}x](https://e.example/?q=1)"),
            ("<img src=https://e.example>", "\\u{3c}img src=https://e.example>"),
            ("a <IMG/src=x> é", "a \\u{3c}IMG/src=x> é"),
            ("<svg onload=x>", "\\u{3c}svg onload=x>"),
            ("1 < 2, <b>bold</b>, a[0]! [a](b) <é", "1 < 2, <b>bold</b>, a[0]! [a](b) <é"),
        ] {
            assert_eq!(written(theirs), shown);
        }
    }

    #[test]
    fn json_for_a_terminal_stays_the_same_json() {
        let value = serde_json::json!({ "a": "é\u{9b}31m\u{7f}\u{202e}\u{e0041}日本" });
        let shown = visible_json(&value.to_string()).into_owned();
        assert_eq!(shown, r#"{"a":"é\u009b31m\u007f\u202e\udb40\udc41日本"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
