//! What a job's description says, as far as simple rules can tell.

use serde_json::{Number, Value, json};

/// The longest line that is taken for a title.
const LONGEST_TITLE: usize = 80;

/// Words of a text, and what they say: the first that is found counts.
type Rules = &'static [(&'static str, &'static str)];

const DATA_TYPES: Rules = &[
    ("video", "VIDEO"),
    ("audio", "AUDIO"),
    ("recording", "AUDIO"),
    ("photo", "IMAGE"),
    ("image", "IMAGE"),
    ("picture", "IMAGE"),
    ("text", "TEXT"),
    ("tweet", "TEXT"),
    ("post", "TEXT"),
    ("document", "TEXT"),
    ("abstract", "TEXT"),
    ("chat", "TEXT"),
    ("review", "TEXT"),
];
const LABEL_TYPES: Rules = &[
    ("sentiment", "SENTIMENT"),
    ("transcri", "TRANSCRIPTION"),
    ("bounding box", "BOUNDING_BOX"),
    ("entit", "NAMED_ENTITY"),
    ("intent", "INTENT"),
    ("classif", "CLASSIFICATION"),
    ("rank", "RANKING"),
    ("segment", "SEGMENTATION"),
];
const LANGUAGES: &[&str] = &[
    "English",
    "Spanish",
    "German",
    "French",
    "Portuguese",
    "Italian",
    "Arabic",
    "Chinese",
    "Japanese",
    "Korean",
    "Hindi",
    "Swahili",
    "Polish",
    "Dutch",
    "Turkish",
    "Russian",
    "Ukrainian",
    "Vietnamese",
];
const EXPERIENCE: Rules = &[
    ("any experience", "ANY_EXPERIENCE_LEVEL"),
    ("no experience", "ANY_EXPERIENCE_LEVEL"),
    ("beginner", "ENTRY_LEVEL"),
    ("entry level", "ENTRY_LEVEL"),
    ("entry-level", "ENTRY_LEVEL"),
    ("intermediate", "INTERMEDIATE"),
    ("expert", "EXPERT"),
];

/// The first line, if it is short enough to be a title.
pub(crate) fn title(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let sentence = line.split(". ").next().unwrap_or(line);
    let title = sentence.trim_start_matches(['#', ' ']).trim_end_matches(['.', ':', ' ']);
    (!title.is_empty() && title.chars().count() <= LONGEST_TITLE).then(|| title.to_owned())
}

/// What kind of data, labels, languages and people are named.
pub(crate) fn words(text: &str) -> Vec<(&'static str, Value)> {
    let lower = text.to_lowercase();
    let first = |rules: Rules| rules.iter().find(|(word, _)| lower.contains(word)).map(|(_, value)| *value);
    let languages: Vec<_> = LANGUAGES.iter().filter(|language| text.contains(**language)).collect();
    let labels: Vec<_> = LABEL_TYPES.iter().filter(|(word, _)| lower.contains(word)).map(|(_, value)| value).collect();
    let mut found = Vec::new();
    found.extend(first(DATA_TYPES).map(|value| ("dataType", json!(value))));
    found.extend((!labels.is_empty()).then(|| ("labelTypes", json!(labels))));
    found.extend((!languages.is_empty()).then(|| ("languages", json!(languages))));
    found.extend(first(EXPERIENCE).map(|value| ("experienceLevel", json!(value))));
    found
}

/// What it pays, and by what: `$12 per hour`, `$0.04 per label`, `$300 fixed`.
pub(crate) fn pay(text: &str) -> Option<[(&'static str, Value); 2]> {
    let (_, after) = text.split_once('$')?;
    let end = after.find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != ',');
    let (amount, rest) = after.split_at_checked(end.unwrap_or(after.len()))?;
    let amount: Number = amount.replace(',', "").trim_end_matches('.').parse().ok()?;
    if amount.as_f64().is_none_or(|amount| amount <= 0.0) {
        return None;
    }
    let rest: String = rest.trim_start().chars().take(24).collect::<String>().to_lowercase();
    let by = |words: &[&str]| words.iter().any(|word| rest.starts_with(word));
    let (kind, key) = if by(&["per hour", "an hour", "/hour", "/h", "/ hour", "hourly"]) {
        ("PAY_PER_HOUR", "pricePerHour")
    } else if by(&["per label", "a label", "/label", "/ label", "per item", "an item"]) {
        ("PAY_PER_LABEL", "pricePerLabel")
    } else if by(&["fixed", "in total", "flat", "for all", "total"]) || text.to_lowercase().contains("fixed price") {
        ("FIXED_PRICE", "fixedPrice")
    } else {
        return None;
    };
    Some([("paymentType", json!(kind)), (key, Value::Number(amount))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pay_is_read_where_it_says_by_what() {
        for (text, kind, key, amount) in [
            ("Pays $12 per hour.", "PAY_PER_HOUR", "pricePerHour", "12"),
            ("$14.50/hour", "PAY_PER_HOUR", "pricePerHour", "14.50"),
            ("we offer $0.04 per label", "PAY_PER_LABEL", "pricePerLabel", "0.04"),
            ("$1,300 fixed", "FIXED_PRICE", "fixedPrice", "1300"),
            ("a fixed price of $300.", "FIXED_PRICE", "fixedPrice", "300"),
        ] {
            let pay = pay(text).unwrap();
            assert_eq!(pay[0].1, kind, "{text}");
            assert_eq!((pay[1].0, pay[1].1.to_string().as_str()), (key, amount), "{text}");
        }
        for text in ["", "no pay", "$", "$0 per hour", "$x per hour", "$12", "€12 per hour"] {
            assert!(pay(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_title_is_a_short_first_sentence() {
        assert_eq!(title("# Bird calls\n\nTell apart 40 species.").as_deref(), Some("Bird calls"));
        assert_eq!(title("Label 5,000 posts. Then rest.").as_deref(), Some("Label 5,000 posts"));
        assert_eq!(title(&"long ".repeat(30)), None);
        assert_eq!(title(" \n "), None);
    }
}
