//! Pure text from the tables: the files in `schemas/`, and the sections of the README that are made, not written.

mod words;

use std::fmt::Write as _;

use serde_json::json;

use crate::api::Effect;
use crate::config::{BASE_URL_VARIABLES, DEFAULT_ORIGIN, TOKEN_VARIABLES, flag_table};
use crate::engine::{Facts, Published};
use crate::install::{self, HOSTS};
use crate::mcp;
use crate::tools::{FAMILIES, SCHEMAS};

/// A file that is made: its path below the crate's root, and what stands in it.
#[derive(Clone, Debug)]
pub struct Made {
    /// Such as `schemas/list_contracts.json`.
    pub path: String,
    /// The whole file.
    pub content: String,
}

/// `schemas/<tool>.json` for every tool, exactly as served, and the record of words.
#[must_use]
pub fn schema_files() -> Vec<Made> {
    let makers = SCHEMAS.iter().flat_map(|family| family.iter());
    let files = makers.map(|maker| {
        let tool = mcp::tool(&maker.facts, (maker.make)(), maker.facts.name.to_owned());
        Made { path: format!("schemas/{}.json", maker.facts.name), content: format!("{:#}\n", json!(tool)) }
    });
    files.chain([Made { path: "schemas/words.md".to_owned(), content: words::words() }]).collect()
}

/// `docs/hosts/<host>.md` for every host, and the page that lists them.
///
/// # Errors
/// When the format of a host cannot hold our entry.
pub fn host_pages() -> Result<Vec<Made>, install::DocumentError> {
    let page =
        |host: &install::Host| Ok(Made { path: format!("docs/hosts/{}.md", host.name), content: install::page(host)? });
    HOSTS.iter().map(page).collect()
}

/// The sections of the README that are made, by the name between their markers.
#[must_use]
pub fn readme_sections() -> Vec<(&'static str, String)> {
    vec![("settings", settings()), ("tools", tools()), ("safety", safety())]
}

/// Puts the made sections between their markers, `<!-- made: NAME -->` and `<!-- /made -->`.
///
/// # Errors
/// The name of a section whose markers are missing.
pub fn with_sections(readme: &str) -> Result<String, &'static str> {
    readme_sections().into_iter().try_fold(readme.to_owned(), |text, (name, content)| {
        let begin = format!("<!-- made: {name} -->\n");
        let (before, rest) = text.split_once(&begin).ok_or(name)?;
        let (_, after) = rest.split_once("<!-- /made -->").ok_or(name)?;
        Ok(format!("{before}{begin}{content}<!-- /made -->{after}"))
    })
}

fn settings() -> String {
    let mut table = String::from(
        "| setting | flag | environment | credential file | default | what it is for |\n|---|---|---|---|---|---|\n",
    );
    let variables = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        table,
        "| token | — | {} | `apiToken` | none | OpenTrain API token (ot_pat_…). No flag: process lists show flags |",
        variables(&TOKEN_VARIABLES)
    );
    let _ = writeln!(
        table,
        "| base-url | — | {} | `baseUrl` | {DEFAULT_ORIGIN} | Origin of the API: https, or http on loopback |",
        variables(&BASE_URL_VARIABLES)
    );
    for [name, flag, variable, default, help] in flag_table() {
        let _ = writeln!(table, "| {name} | `{flag}` | `{variable}` | — | {default} | {help} |");
    }
    table
}

fn tools() -> String {
    let mut table = String::from(
        "| tool | family | what a call does | token scope | feature | claimed account |\n|---|---|---|---|---|---|\n",
    );
    for family in FAMILIES {
        for facts in family.tools.iter().map(|entry| &entry.facts) {
            let scopes: Vec<String> = facts.gate.scopes.iter().map(|scope| format!("`{scope}`")).collect();
            let scopes = match scopes.as_slice() {
                [] if facts.gate.token => "any token".to_owned(),
                [] => "no token is sent".to_owned(),
                scopes => scopes.join(" or "),
            };
            let feature = facts.gate.feature.map_or_else(|| "—".to_owned(), |feature| format!("`{feature}`"));
            let claimed = if facts.gate.claimed { "yes" } else { "no" };
            let _ = writeln!(
                table,
                "| `{}` | {} | {} | {scopes} | {feature} | {claimed} |",
                facts.name,
                family.name,
                facts.effect.told()
            );
        }
    }
    table
}

/// Whose click it takes on OpenTrain's pages before anything happens.
fn clicked_by(facts: &Facts) -> &'static str {
    match facts.effect {
        Effect::Read => "—",
        Effect::CoSigned => "a signed-in person's",
        Effect::Irreversible if Published::of(facts.name).answers_with("approval") => {
            "nobody's; a signed-in person's where money is held"
        }
        Effect::Create | Effect::Replace | Effect::Irreversible | Effect::Exposes => "nobody's",
    }
}

fn safety() -> String {
    let mut table = String::from(
        "| tool | what a call does | whose click it takes | listed by default | listed when read-only |\n|---|---|---|---|---|\n",
    );
    for family in FAMILIES {
        for facts in family.tools.iter().map(|entry| &entry.facts) {
            let by_default = if family.by_default { "yes" } else { "only when its family is named" };
            let read_only = if facts.effect == Effect::Read { "yes" } else { "no" };
            let (does, click) = (facts.effect.told(), clicked_by(facts));
            let _ = writeln!(table, "| `{}` | {does} | {click} | {by_default} | {read_only} |", facts.name);
        }
    }
    table
}
