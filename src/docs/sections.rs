//! Generates sections of the README and of `docs/`: tables and lists, each between its markers.

use std::fmt::Write as _;

use crate::api::{Effect, Gate};
use crate::config::{BASE_URL_VARIABLES, DEFAULT_ORIGIN, TOKEN_VARIABLES, flag_table};
use crate::engine::{Family, Money, Published, SchemaMaker};
use crate::install::SENTENCES;
use crate::tools::{FAMILIES, SCHEMAS};

/// A file with generated sections.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path below the crate's root.
    pub path: &'static str,
    /// Each section by the name in its markers.
    pub sections: Vec<(&'static str, String)>,
}

/// Every file with generated sections.
#[must_use]
pub fn pages() -> Vec<Page> {
    vec![
        Page { path: "README.md", sections: vec![("sentences", sentences()), ("families", families())] },
        Page { path: "docs/tools.md", sections: vec![("tools", tools()), ("effects", effects())] },
        Page { path: "docs/settings.md", sections: vec![("settings", settings())] },
    ]
}

impl Page {
    /// Fills the sections in `text` between `<!-- generated: NAME -->` and `<!-- /generated -->`.
    ///
    /// # Errors
    /// The name of a section whose markers are missing.
    pub fn fill(&self, text: &str) -> Result<String, &'static str> {
        self.sections.iter().try_fold(text.to_owned(), |text, (name, content)| {
            let begin = format!("<!-- generated: {name} -->\n");
            let (before, rest) = text.split_once(&begin).ok_or(*name)?;
            let (_, after) = rest.split_once("<!-- /generated -->").ok_or(*name)?;
            Ok(format!("{before}{begin}{content}<!-- /generated -->{after}"))
        })
    }
}

fn sentences() -> String {
    let lines: Vec<String> = SENTENCES.iter().map(|sentence| format!("- *{sentence}*\n")).collect();
    lines.concat()
}

fn families() -> String {
    let mut table = String::from("| family | tools |\n|---|---|\n");
    for family in FAMILIES {
        let titles: Vec<&str> = family.tools.iter().map(|entry| entry.facts.title).collect();
        let on_request = if family.by_default { "" } else { " (on request)" };
        let _ = writeln!(table, "| `{}`{on_request} | {} |", family.name, titles.join(" · "));
    }
    table
}

/// Every tool with its family.
fn all_tools() -> impl Iterator<Item = (&'static Family, &'static SchemaMaker)> {
    FAMILIES.iter().zip(SCHEMAS).flat_map(|(family, makers)| makers.iter().map(move |maker| (family, maker)))
}

fn tools() -> String {
    let mut text = String::new();
    let mut above = "";
    for (family, maker) in all_tools() {
        if family.name != above {
            above = family.name;
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(
                text,
                "{gap}### {above}\n\n| tool | what it does | scope | feature | claimed |\n|---|---|---|---|---|"
            );
        }
        let Published { description, .. } = (maker.make)();
        let first = description.split_inclusive(". ").next().unwrap_or_default().trim_end().replace('|', "\\|");
        let Gate { feature, claimed, .. } = maker.facts.gate;
        let feature = feature.map_or_else(|| "—".to_owned(), |feature| format!("`{feature}`"));
        let claimed = if claimed { "yes" } else { "no" };
        let scope = scope(&maker.facts.gate);
        let _ = writeln!(text, "| `{}` | {first} | {scope} | {feature} | {claimed} |", maker.facts.name);
    }
    text
}

/// The token needs one of these scopes.
fn scope(gate: &Gate) -> String {
    let scopes: Vec<String> = gate.scopes.iter().map(|scope| format!("`{scope}`")).collect();
    match scopes.as_slice() {
        [] if gate.token => "any token".to_owned(),
        [] => "no token is sent".to_owned(),
        scopes => scopes.join(" or "),
    }
}

fn effects() -> String {
    let mut table = String::from(
        "| tool | what a call does | human approval | asked first with `--confirm person` | money limits | listed by default | listed when read-only |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (family, maker) in all_tools() {
        let effect = maker.facts.effect;
        let by_default = if family.by_default { "yes" } else { "on request" };
        let read_only = if effect == Effect::Read { "yes" } else { "no" };
        let (name, does, approval) = (maker.facts.name, effect.describe(), approval(maker));
        let money = match maker.facts.money {
            Money::Counted => "counted",
            Money::Outside => "NOT counted",
            Money::None => "—",
        };
        let confirm = if maker.facts.confirm { "yes" } else { "—" };
        let _ =
            writeln!(table, "| `{name}` | {does} | {approval} | {confirm} | {money} | {by_default} | {read_only} |");
    }
    table
}

/// Says whether a person has to confirm on OpenTrain's page first.
fn approval(maker: &SchemaMaker) -> &'static str {
    match maker.facts.effect {
        Effect::CoSigned => "required",
        Effect::Irreversible if (maker.make)().answers_with("approval") => "if funded",
        Effect::Read | Effect::Create | Effect::Replace | Effect::Irreversible | Effect::Exposes => "none",
    }
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
