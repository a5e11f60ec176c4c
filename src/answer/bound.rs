//! Limits the size of every answer. Hosts cut a result at about 25,000 tokens or 100 kB and then lose all of it, so
//! this module cuts long texts first, then long lists, and names what it left out.

use serde_json::Value;

use crate::api::Effect;
use crate::api::cuts::{self, Cut, Missing};

use super::access::Access;
use super::object::Object;
use super::shown::{Joined, Shown, id};
use crate::shown;

/// The most bytes of the structured part of an answer.
pub const STRUCTURE: usize = 60_000;
/// The most bytes of the text of an answer, as a JSON string.
pub const TEXT: usize = 36_000;
/// The bytes reserved for naming the parts that are left out.
pub const RESERVE: usize = 4_000;
/// The limits for long texts in characters, tried in this order.
const TEXTS: [usize; 5] = [8_000, 4_000, 2_000, 1_000, 500];
/// The limits for the keys of an object, tried in this order after texts and lists have been cut.
const KEYS: [usize; 6] = [40, 20, 10, 5, 2, 1];
/// The longest URL that is kept whole. A cut URL is useless.
const ADDRESS: usize = 2_000;
/// The most characters of a summary.
const SUMMARY: usize = 8_000;
/// The most cut parts that an answer names.
const NAMED: usize = 8;
/// The most characters of the path of a cut part.
const LONGEST_PATH: usize = 200;
/// The most characters of a line of text.
const LINE: usize = 4_000;
/// The lines at the end of a text that are always kept: warnings and the next step.
const LAST_LINES: usize = 4;

/// The amount of each part that is kept.
#[derive(Clone, Copy)]
struct Measure {
    text: usize,
    items: usize,
    keys: usize,
}

/// Cuts `object` to at most `room` bytes, and names the parts that were left out here or earlier, while the reply was
/// read (`before`). An object that fits stays unchanged.
pub fn fit(object: &mut Object, room: usize, before: &[Cut]) -> Vec<Shown> {
    let whole = Measure { text: usize::MAX, items: usize::MAX, keys: usize::MAX };
    let mut cuts = Vec::new();
    let mut measure = whole;
    if object_size(object, whole) > room {
        measure = smallest_cut(object, room);
        cut_object(object, measure, "", &mut cuts);
    }
    for cut in before {
        add_earlier(&mut cuts, cut);
    }
    let rest = cuts.len().saturating_sub(NAMED);
    let mut named: Vec<Shown> = cuts.iter().take(NAMED).map(|cut| describe(cut, measure.text)).collect();
    if rest > 0 {
        named.push(shown!("{} more places", rest));
    }
    named
}

/// Adds an earlier cut of the same part, so that the counts include it.
fn add_earlier(cuts: &mut Vec<Cut>, earlier: &Cut) {
    let lost = match earlier.missing {
        Missing::Items { kept, of } => Missing::Items { kept: 0, of: of - kept },
        Missing::Keys { kept, of } => Missing::Keys { kept: 0, of: of - kept },
        other => other,
    };
    let is_cut_again = cuts.iter().any(|cut| {
        cut.path == earlier.path && std::mem::discriminant(&cut.missing) == std::mem::discriminant(&earlier.missing)
    });
    Cut::add(cuts, &earlier.path, if is_cut_again { lost } else { earlier.missing });
}

fn describe(cut: &Cut, characters: usize) -> Shown {
    let path = if cut.path.is_empty() { "the answer".into() } else { path(&cut.path) };
    match cut.missing {
        Missing::Text { longest } if characters == usize::MAX => {
            shown!("{} (cut; the longest has {} characters)", path, longest)
        }
        Missing::Text { longest } => {
            shown!("{} (cut after {} characters; the longest has {})", path, characters, longest)
        }
        Missing::Items { kept, of } => shown!("{} (the first {} of {} items)", path, kept, of),
        Missing::Keys { kept, of } => shown!("{} ({} of {} keys)", path, kept, of),
        Missing::Nesting => shown!("{} (nested too deeply)", path),
    }
}

/// Finds the mildest cut that fits: shorter texts, then shorter lists, then fewer keys.
fn smallest_cut(object: &Object, room: usize) -> Measure {
    let fits = |cut: &Measure| object_size(object, *cut) <= room;
    let texts = TEXTS.map(|text| Measure { text, items: usize::MAX, keys: usize::MAX });
    if let Some(cut) = texts.into_iter().find(fits) {
        return cut;
    }
    let shortest = TEXTS.last().copied().unwrap_or_default();
    let (mut kept, mut too_many) = (0, room);
    while too_many - kept > 1 {
        let items = usize::midpoint(kept, too_many);
        if fits(&Measure { text: shortest, items, keys: usize::MAX }) { kept = items } else { too_many = items }
    }
    if kept > 0 {
        return Measure { text: shortest, items: kept, keys: usize::MAX };
    }
    let fewest = Measure { text: shortest / 2, items: 1, keys: 1 };
    KEYS.map(|keys| Measure { keys, ..fewest }).into_iter().find(fits).unwrap_or(fewest)
}

fn cut_object(object: &mut Object, cut: Measure, path: &str, cuts: &mut Vec<Cut>) {
    if object.len() > cut.keys {
        Cut::add(cuts, path, Missing::Keys { kept: cut.keys, of: object.len() });
        *object = std::mem::take(object).into_iter().take(cut.keys).collect();
    }
    for (name, value) in object {
        cut_value(value, cut, &cuts::path_to(path, name), cuts);
    }
}

fn cut_value(value: &mut Value, cut: Measure, path: &str, cuts: &mut Vec<Cut>) {
    match value {
        Value::String(text) => {
            if let Some(end) = end_of_cut(text, cut.text) {
                Cut::add(cuts, path, Missing::Text { longest: text.chars().count() });
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => {
            if items.len() > cut.items {
                Cut::add(cuts, path, Missing::Items { kept: cut.items, of: items.len() });
                items.truncate(cut.items);
            }
            let path = format!("{path}[]");
            for item in items {
                cut_value(item, cut, &path, cuts);
            }
        }
        Value::Object(object) => cut_object(object, cut, path, cuts),
        _ => {}
    }
}

/// The byte index at which `text` is cut; `None` if it stays whole.
fn end_of_cut(text: &str, characters: usize) -> Option<usize> {
    if text.len() <= characters {
        return None;
    }
    let is_address = text.len() <= ADDRESS
        && (text.starts_with("https://") || text.starts_with("http://"))
        && !text.contains(char::is_whitespace);
    if is_address { None } else { text.char_indices().nth(characters).map(|(end, _)| end) }
}

/// The size of `value` as JSON, in bytes.
#[must_use]
pub fn size(value: &Value) -> usize {
    value_size(value, Measure { text: usize::MAX, items: usize::MAX, keys: usize::MAX })
}

fn value_size(value: &Value, cut: Measure) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(yes) => {
            if *yes {
                4
            } else {
                5
            }
        }
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => match end_of_cut(text, cut.text) {
            Some(end) => text_size(text.get(..end).unwrap_or(text)) + '…'.len_utf8(),
            None => text_size(text),
        },
        Value::Array(items) => in_brackets(items.iter().take(cut.items).map(|item| value_size(item, cut))),
        Value::Object(object) => object_size(object, cut),
    }
}

fn object_size(object: &Object, cut: Measure) -> usize {
    let fields = object.iter().take(cut.keys);
    in_brackets(fields.map(|(name, value)| text_size(name) + 1 + value_size(value, cut)))
}

/// The bytes of a list or an object, with its commas and brackets.
fn in_brackets(sizes: impl Iterator<Item = usize>) -> usize {
    (1 + sizes.map(|size| size + 1).sum::<usize>()).max(2)
}

/// The size of `text` as a JSON string, in bytes.
#[must_use]
pub fn text_size(text: &str) -> usize {
    let escapes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5,
        _ => 0,
    });
    2 + text.len() + escapes.sum::<usize>()
}

/// Cuts a summary that is too long to read.
pub fn shorten(summary: &mut Shown) {
    *summary = std::mem::take(summary).cut(SUMMARY);
}

/// The path of a part, as in `contracts[].milestones`.
fn path(path: &str) -> Shown {
    path.split("[]")
        .map(|step| if step.is_empty() { Shown::default() } else { id(step) })
        .joined("[]")
        .cut(LONGEST_PATH)
}

/// Formats the sentence that names the parts that are left out, and says how to get them.
#[must_use]
pub fn left_out(parts: &[Shown], whole: &Shown) -> Shown {
    shown!("Too large for one answer; not whole: {}. {}", parts.joined("; "), whole).without_end(' ')
}

/// Says how to get the parts that are left out of an answer.
#[must_use]
pub fn how_to_get_the_whole(effect: Effect, name: &Shown, has_limit: bool, access: Access) -> Shown {
    let on_a_command_line = match access {
        Access::Local => shown!("`opentrain-mcp call {} '{…}'` on a command line prints all of it.", name),
        _ => Shown::default(),
    };
    match (effect, has_limit) {
        (Effect::Read, true) => {
            let again = shown!("To get it: call {} again with a smaller limit and the same cursor.", name);
            shown!("{} {}", again, on_a_command_line).without_end(' ')
        }
        (Effect::Read, false) if on_a_command_line.is_empty() => "Ask for less at once.".into(),
        (Effect::Read, false) => shown!("To get it: {}", on_a_command_line),
        _ => "The call was carried out: do not repeat it for that. A tool that reads gives the rest.".into(),
    }
}

/// Cuts `text` to [`TEXT`] bytes: keeps its first and last lines and notes the gap.
#[must_use]
pub fn fit_text(text: Shown) -> Shown {
    if text_size(&text) <= TEXT {
        return text;
    }
    let lines: Vec<Shown> = text.each_line().map(|line| line.cut(LINE)).collect();
    let (first, last) = lines.split_at(lines.len().saturating_sub(LAST_LINES).max(1));
    let mut room = TEXT.saturating_sub(200 + last.iter().map(|line| text_size(line)).sum::<usize>());
    let fitting = first.iter().take_while(|line| {
        let size = text_size(line);
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    });
    let kept = fitting.count();
    let left = first.len() - kept;
    let note = (left > 0).then(|| shown!("… ({} lines left out here; structuredContent has the data)", left));
    first.iter().take(kept).chain(&note).chain(last).joined("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fitted(value: &Value, room: usize) -> (Value, Vec<Shown>) {
        let mut object = value.as_object().unwrap().clone();
        let left = fit(&mut object, room, &[]);
        (Value::Object(object), left)
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let value = json!({ "contract": { "a": [1, null, true, "x\n\"é"], "b": 1.50 } });
        assert_eq!(size(&value), value.to_string().len());
        assert_eq!(fitted(&value, 1_000), (value, vec![]));
    }

    #[test]
    fn long_texts_are_cut_before_lists() {
        let messages: Vec<Value> = (0..50).map(|id| json!({ "id": id, "content": "é".repeat(9_000) })).collect();
        let (cut, left) = fitted(&json!({ "messages": messages }), 60_000);
        assert_eq!(cut["messages"].as_array().unwrap().len(), 50);
        assert_eq!(left, ["messages[].content (cut after 500 characters; the longest has 9000)"]);
        assert!(cut.to_string().len() <= 60_000);
    }

    #[test]
    fn long_lists_are_cut_wherever_they_are() {
        let parts: Vec<Value> = (0..3_000).map(|id| json!({ "id": id, "name": "x".repeat(100) })).collect();
        let value = json!({ "contracts": [{ "milestones": parts }, { "milestones": [1, 2] }] });
        let (cut, left) = fitted(&value, 60_000);
        let kept = cut["contracts"][0]["milestones"].as_array().unwrap().len();
        assert!(kept > 400, "{kept}");
        assert_eq!(cut["contracts"][1]["milestones"], json!([1, 2]));
        assert_eq!(left, [format!("contracts[].milestones (the first {kept} of 3000 items)")]);
    }

    #[test]
    fn an_address_is_never_cut() {
        let url = format!("https://checkout.stripe.com/c#{}", "x".repeat(1_500));
        let (cut, _) = fitted(&json!({ "url": url, "list": vec!["y".repeat(700); 200] }), 60_000);
        assert_eq!(cut["url"], json!(url));
    }

    #[test]
    fn any_shape_is_brought_below_the_bound() {
        let many_keys: Object = (0..20_000).map(|n| (format!("key{n}"), json!("x".repeat(20)))).collect();
        let mut deep = json!("x".repeat(900));
        for _ in 0..100 {
            deep = json!({ "a": deep, "b": ["x".repeat(900), "x".repeat(900)], "c": "x".repeat(900) });
        }
        let lists = json!(vec![vec![vec!["x".repeat(50); 50]; 50]; 50]);
        for value in [json!({ "d": many_keys }), Value::Object(many_keys.clone()), deep, json!({ "d": lists })] {
            let (cut, left) = fitted(&value, 60_000);
            assert!(cut.to_string().len() <= 60_000, "{} bytes", cut.to_string().len());
            assert!((1..=NAMED + 1).contains(&left.len()), "{left:?}");
        }
    }

    #[test]
    fn a_long_text_keeps_its_first_and_last_lines() {
        let lines = vec![crate::answer::quoted_to(&"é\"".repeat(100), 500); 300].into_iter().joined("\n");
        let text = shown!("Head.\n{}\nWarning.\nNext: get_contract().", lines);
        let shown = fit_text(text);
        assert!(text_size(&shown) <= TEXT);
        assert!(shown.starts_with("Head.\n«é") && shown.ends_with("\nWarning.\nNext: get_contract()."));
        assert!(shown.contains("lines left out here"));
        assert!(text_size(&fit_text(crate::answer::quoted_to(&"x".repeat(1_000_000), usize::MAX))) <= TEXT);
    }
}
