//! `opentrain-mcp check`

pub(super) mod live;
mod survey;

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::Value;

use crate::answer::phrases::make_a_key;
use crate::answer::{Access, Joined, Object, Page, Shown, id, quoted_to, shown};
use crate::api::account::switch_of;
use crate::api::token::hide_tokens;
use crate::config::{Config, Confirm, Flags, OWN_VALUES, RecordPlace, ResolvedSetting, Source};
use crate::engine::catalog::Catalog;
use crate::engine::{Family, Toolbox};
use crate::mcp::Server;
use crate::mcp::client::Client;
use crate::tools::nouns::standing::seems_unclaimed;
use crate::tools::{account, agent};

use super::terminal::{BAD, GOOD, HEADING, padded, path_of, styled};
use super::{Fault, print, services_over, toolbox};

/// The most characters of a value.
const LONGEST_VALUE: usize = 1_000;

/// The families that the command calls. It knows no others, so the answers are about the account only.
const ASKED: &Catalog = &Catalog {
    families: &[Family::new("account", account::TOOLS), Family::new("agent", agent::TOOLS)],
    instructions: &[],
    prompts: &[],
    resources: &[],
};

/// Prints the verdict, its reasons, and every setting. Exit status 1 if something would be refused.
pub(super) async fn run(config: &Config) -> Result<ExitCode, Fault> {
    let toolbox = toolbox(config)?;
    let asking = without_limits(config);
    let asking = Toolbox::new(services_over(&asking, |embedded| embedded, |client| client)?, ASKED);
    let account = ask(Server::new(Arc::new(asking))?).await?;
    let frozen = toolbox.frozen().await;
    let refused = if account.is_accepted {
        toolbox.services.refused(|facts| missing(facts.gate, &account.scopes, &account.features, config))
    } else {
        Vec::new()
    };
    let scopes: Vec<&str> = account.scopes.iter().map(String::as_str).collect();
    let is_unclaimed = account.is_accepted && seems_unclaimed(&scopes);
    let verdict = verdict(&account, frozen.as_ref(), is_unclaimed, &refused, toolbox.served().len());
    let (style, words) = match &verdict {
        Ok(words) => (GOOD, words),
        Err(words) => (BAD, words),
    };
    print(shown!("{}\n", styled(style, words)))?;
    account.answers.iter().try_for_each(print)?;
    for (why, tools) in &refused {
        print(shown!("would be refused: {}: {}", tools.iter().joined(", "), why))?;
    }
    // The verdict names the stop switch already.
    for limit in toolbox.services.limits().iter().filter(|limit| Some(*limit) != frozen.as_ref()) {
        print(shown!("limit: {}", limit))?;
    }
    for note in super::missing(config) {
        print(shown!("note: {}", note))?;
    }
    print_settings(config)?;
    Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The settings for reads to which no operator's limit applies, so that their answers name none.
fn without_limits(config: &Config) -> Config {
    let flags = Flags {
        toolsets: None,
        tool_prefix: None,
        read_only: false,
        max_milestone_usd: None,
        max_day_usd: None,
        confirm: Confirm::Host,
        ..config.flags.clone()
    };
    Config { flags, switches: Vec::new(), record: RecordPlace::Off, ..config.clone() }
}

/// OpenTrain's report about the account.
#[derive(Default)]
struct Account {
    /// True if OpenTrain accepts the settings.
    is_accepted: bool,
    /// The answers as a model reads them.
    answers: Vec<Shown>,
    scopes: Vec<String>,
    features: Object,
}

async fn ask(server: Server) -> Result<Account, Fault> {
    let client = Client::connect(server).await?;
    let mut account = Account::default();
    for tool in ["get_auth_status", "get_capabilities"] {
        let called = client.call(tool, Object::new()).await?;
        account.answers.push(shown!("{}: {}\n", tool, called.text));
        account.is_accepted = !called.is_error;
        // The second call would fail for the same reason.
        if called.is_error {
            break;
        }
        let answer = called.structured;
        if let Some(Value::Array(granted)) = answer.pointer("/token/scopes") {
            account.scopes.extend(granted.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        if let Some(Value::Object(switches)) = answer.get("capabilities") {
            account.features.clone_from(switches);
        }
    }
    Ok(account)
}

/// Says in one line whether OpenTrain would accept every served tool.
fn verdict(
    account: &Account,
    frozen: Option<&Shown>,
    is_unclaimed: bool,
    refused: &[(Shown, Vec<Shown>)],
    served: usize,
) -> Result<Shown, Shown> {
    if let Some(frozen) = frozen {
        return Err(shown!("NOT READY. {}. `opentrain-mcp thaw` lets writes through again.", frozen));
    }
    if !account.is_accepted {
        return Err("NOT READY. OpenTrain did not accept what is set, or could not be asked.".into());
    }
    if is_unclaimed {
        return Err(
            "NOT READY. No person has claimed this account, as far as its scopes tell: an agent claims it with \
                    claim_account, and until then hiring, messages and payments would be refused."
                .into(),
        );
    }
    let closed: usize = refused.iter().map(|(_, tools)| tools.len()).sum();
    if closed > 0 {
        return Err(shown!("NOT READY. {} of {} tools would be refused.", closed, served));
    }
    Ok("Ready. Nothing would be refused for want of a scope or a feature.".into())
}

/// Prints every setting with its value and source, defaults last.
fn print_settings(config: &Config) -> Result<(), Fault> {
    let settings = &config.settings;
    let widest = settings.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
    let (defaults, set): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.source == Source::Default);
    for (heading, settings) in [("\nSet:", set), ("\nDefaults:", defaults)] {
        if !settings.is_empty() {
            print(styled(HEADING, heading))?;
        }
        for setting in settings {
            print(row(setting, widest))?;
        }
    }
    if let Some(proxy) = config.proxies.describe(&config.origin) {
        print(shown!("through the proxy {}", quoted_to(&proxy, LONGEST_VALUE)))?;
    }
    for root in &config.route.roots {
        print(shown!("roots of trust: {} ({})", path_of(&root.value), root.source.shown()))?;
    }
    print(concat!("\nopentrain-mcp ", env!("CARGO_PKG_VERSION")))
}

/// A setting with its value and source.
fn row(setting: &ResolvedSetting, widest: usize) -> Shown {
    let ResolvedSetting { name, value, source: from, unfilled, .. } = setting;
    let not_used = unfilled.iter().map(|(from, why)| shown!("; {} is not used: {}", from.shown(), why)).joined("");
    shown!("{}  {}  ({}{})", padded(id(name), widest), shown_value(&hide_tokens(value)), from.shown(), not_used)
}

/// Our own words, a word, a figure with its unit, or an address as it is; everything else in quotes.
fn shown_value(value: &str) -> Shown {
    let ours = OWN_VALUES.into_iter().find(|own| *own == value).map(Shown::ours);
    let is_figure = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let with_unit = [("s", " s"), ("min", " min")].into_iter().find_map(|(name, unit)| {
        let figure = value.strip_suffix(name)?.strip_suffix(' ')?;
        is_figure(figure).then(|| shown!("{}{}", id(figure), unit))
    });
    let dollars = value.strip_prefix('$').filter(|figure| is_figure(figure)).map(|figure| shown!("${}", id(figure)));
    let address = || Page::parse(value).map(|page| shown!("{}", page));
    let is_long = value.contains(char::is_whitespace) || value.len() > 64;
    let word = || if is_long { quoted_to(value, LONGEST_VALUE) } else { id(value) };
    ours.or(with_unit).or(dollars).or_else(address).unwrap_or_else(word)
}

/// Names what an operation lacks, and what the user can do.
fn missing(gate: crate::api::Gate, scopes: &[String], features: &Object, config: &Config) -> Option<Shown> {
    let sandbox = config.flags.sandbox;
    let app = Some(&config.origin).filter(|_| !sandbox);
    if !gate.admits(scopes) {
        let wanted = gate.scopes.iter().joined(" or ");
        return Some(shown!("the token lacks {}; a person {}", wanted, make_a_key(app, sandbox, Access::Local)));
    }
    let feature = gate.feature?;
    (features.get(&switch_of(feature)) == Some(&Value::Bool(false)))
        .then(|| shown!("the feature {} is switched off; OpenTrain's support switches it on", feature))
}
