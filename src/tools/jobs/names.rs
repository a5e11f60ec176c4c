//! Names in the fields of a job: countries, languages and types. A name that OpenTrain neither documents nor lists is
//! refused before anything is sent, with the nearest one that it knows.

use serde_json::Value;

use crate::answer::{Object, ToolError};
use crate::api::account::GetCapabilities;
use crate::api::error::InvalidArgument;
use crate::api::marketplace::{Facet, GetJobFacets};
use crate::api::types::List;
use crate::api::wording::{Wording, joined, wording};
use crate::engine::Context;
use crate::engine::arguments::nearest;

/// ISO 3166-1: the two-letter code, then the names in use, separated by |.
const COUNTRIES: &str = include_str!("countries.txt");
/// ISO 639: the code, then the names in use, separated by |.
const LANGUAGES: &str = include_str!("languages.txt");
/// The documented values of a job's fields (reference: api-reference/job-drafts/capabilities).
const DOCUMENTED: &[(&str, &[&str])] = &[
    ("experienceLevel", &["EXPERT", "ENTRY_LEVEL", "INTERMEDIATE", "ANY_EXPERIENCE_LEVEL"]),
    (
        "dataVolumeUnit",
        &["HOURS_OF_RECORDING_AUDIO_VIDEO", "NUMBER_OF_FILES", "NUMBER_OF_WORDS", "UNKNOWN_NOT_SPECIFIED"],
    ),
    ("paymentType", &["PAY_PER_LABEL", "PAY_PER_HOUR", "FIXED_PRICE"]),
];
/// The similarity above which a name counts as misspelt.
const MISSPELT: f64 = 0.9;
/// Fields whose values are not documented. An account's capabilities may list them all the same.
const PERHAPS_LISTED: &[&str] = &["dataType", "labelTypes"];

/// Checks every name in `fields`. The lists of OpenTrain are read only for a name that is not documented.
pub(super) async fn check(fields: &Object, context: &Context) -> Result<(), ToolError> {
    for (key, table, listed) in
        [("countries", COUNTRIES, Listed::Countries), ("languages", LANGUAGES, Listed::Languages)]
    {
        let known = names(table);
        let unknown: Vec<&str> = texts(fields.get(key)).filter(|name| !is_among(name, &known)).collect();
        if unknown.is_empty() {
            continue;
        }
        let others = listed.read(context).await;
        let all: Vec<&str> = known.into_iter().chain(others.iter().map(String::as_str)).collect();
        if let Some(name) = unknown.into_iter().find(|name| !is_among(name, &all)) {
            return Err(InvalidArgument::new(format!("fields.{key}"), listed.unknown(name, &all)).into());
        }
    }
    check_values(fields, context).await
}

/// Checks the fields that have a closed set of values.
async fn check_values(fields: &Object, context: &Context) -> Result<(), ToolError> {
    let documented = DOCUMENTED.iter().copied().chain(PERHAPS_LISTED.iter().map(|key| (*key, &[][..])));
    let mut doubtful = documented.filter(|(key, values)| texts(fields.get(*key)).any(|value| !is_among(value, values)));
    let Some(first) = doubtful.next() else { return Ok(()) };
    // Without an answer it is not known what the account lists, and OpenTrain decides.
    let Ok((_, read)) = context.read(&GetCapabilities {}).await else { return Ok(()) };
    let enums = read.object.get("draft").and_then(|draft| draft.get("enums")).cloned().unwrap_or_default();
    for (key, documented) in std::iter::once(first).chain(doubtful) {
        let listed: Vec<&str> = texts(enums.get(key)).chain(documented.iter().copied()).collect();
        let unknown = texts(fields.get(key)).find(|value| !listed.is_empty() && !is_among(value, &listed));
        if let Some(value) = unknown {
            let message = match meant(value, &listed) {
                Some(meant) => {
                    wording!("{} has no value {}; {} was probably meant", key, value.to_owned(), meant.to_owned())
                }
                None => wording!(
                    "{} has no value {}; it is one of {}",
                    key,
                    value.to_owned(),
                    joined(listed.iter().map(|value| (*value).to_owned()), ", ")
                ),
            };
            return Err(InvalidArgument::new(format!("fields.{key}"), message).into());
        }
    }
    Ok(())
}

/// A field whose values the public market lists.
#[derive(Clone, Copy)]
enum Listed {
    Countries,
    Languages,
}

impl Listed {
    /// The values that jobs on the market have.
    async fn read(self, context: &Context) -> Vec<String> {
        let Ok((_, read)) = context.read(&GetJobFacets {}).await else { return Vec::new() };
        let facets: &List<Facet> = match self {
            Self::Countries => &read.output.countries,
            Self::Languages => &read.output.languages,
        };
        facets.items().iter().filter_map(|facet| facet.value.text()).map(str::to_owned).collect()
    }

    fn unknown(self, name: &str, known: &[&str]) -> Wording {
        let (what, how) = match self {
            Self::Countries => ("country", "give countries one by one, by name or two-letter code (Mexico or MX)"),
            Self::Languages => ("language", "give each language by its English name, such as Spanish"),
        };
        match meant(name, known) {
            Some(meant) => {
                wording!(
                    "{} is no {} that is known here; {} was probably meant",
                    name.to_owned(),
                    what,
                    meant.to_owned()
                )
            }
            None => wording!("{} is no {} that is known here; {}", name.to_owned(), what, how),
        }
    }
}

/// Finds the known name that a misspelt one was probably meant to be. Short names are easily alike by chance.
fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let is_close = |meant: &&str| strsim::jaro_winkler(&name.to_lowercase(), &meant.to_lowercase()) >= MISSPELT;
    nearest(name, known).filter(is_close)
}

/// The codes and names of a table.
fn names(table: &'static str) -> Vec<&'static str> {
    let lines = table.lines().filter_map(|line| line.split_once(' '));
    lines.flat_map(|(code, names)| std::iter::once(code).chain(names.split('|'))).collect()
}

/// The texts of a value: itself, or its items.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

/// True if `name` is known, with or without an addition in parentheses: "Spanish (Mexico)".
fn is_among(name: &str, known: &[&str]) -> bool {
    let same = |name: &str| known.iter().any(|known| known.to_lowercase() == name.trim().to_lowercase());
    same(name) || name.split_once('(').is_some_and(|(bare, _)| !bare.trim().is_empty() && same(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_code_and_name() {
        let known = names(COUNTRIES);
        for name in ["MX", "mexico", "United States", "USA", "Côte d'Ivoire", "South Korea", "Türkiye", "Turkey"] {
            assert!(is_among(name, &known), "{name}");
        }
        for name in ["LATAM", "Europe", "EU", "everywhere", "Mexcio", ""] {
            assert!(!is_among(name, &known), "{name}");
        }
        assert!(Listed::Countries.unknown("Mexcio", &known).to_string().contains("Mexico was probably meant"));
        assert!(Listed::Countries.unknown("LATAM", &known).to_string().contains("one by one"));
    }

    #[test]
    fn languages_are_known_by_name() {
        let known = names(LANGUAGES);
        for name in ["Spanish", "spanish (Mexico)", "Mandarin", "Tagalog", "pt", "Norwegian"] {
            assert!(is_among(name, &known), "{name}");
        }
        assert!(!is_among("Klingonish", &known));
        assert!(Listed::Languages.unknown("Spansh", &known).to_string().contains("Spanish was probably meant"));
    }

    #[test]
    fn each_line_of_a_table_has_code_and_name() {
        for line in COUNTRIES.lines().chain(LANGUAGES.lines()) {
            let (code, names) = line.split_once(' ').expect(line);
            assert!((2..=3).contains(&code.len()) && names.split('|').all(|name| !name.trim().is_empty()), "{line}");
        }
    }
}
