//! `opentrain-mcp check --live`: the report that tells how OpenTrain's answers differ from what this server assumes. It
//! holds no value of the account.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::Value;

use crate::answer::text::count;
use crate::answer::{Joined, Object, Shown, figure, shown};
use crate::api::Gate;
use crate::api::account::switch_of;
use crate::config::{Config, DEFAULT_ORIGIN, Flags};
use crate::drift::{Finding, Shape, compare_answer};
use crate::engine::schemas::Published;
use crate::engine::{Facts, Toolbox};
use crate::mcp::Server;
use crate::mcp::client::Client as Host;
use crate::sandbox::{Embedded, Faults};
use crate::tools::{self, CATALOG};

use super::super::terminal::{BAD, GOOD, HEADING, styled};
use super::super::{Fault, print, services_over};
use super::survey::{Seen, Survey};
use super::without_limits;

/// Calls every tool that reads, and prints the report. Exit status 1 if something differs.
pub(in crate::commands) async fn run(config: &Config) -> Result<ExitCode, Fault> {
    let live = reading(config);
    let ours = sandbox_of_its_own(config);
    let assumed = look(&ours, &|_| None).await?;
    let (scopes, features) = granted(&live).await?;
    let came = look(&live, &|facts| lacking(facts.gate, &scopes, &features)).await?;
    print_report(config, &came, &assumed)
}

/// Settings with which every tool is served, and no write is let through.
fn reading(config: &Config) -> Config {
    let mut reading = without_limits(config);
    reading.flags = Flags { toolsets: Some("all".into()), read_only: true, ..reading.flags };
    reading
}

/// The same over a sandbox that lasts as long as this command.
fn sandbox_of_its_own(config: &Config) -> Config {
    let mut ours = reading(config);
    ours.flags = Flags { sandbox: true, sandbox_port: 0, sandbox_fault: None, ..ours.flags };
    ours
}

async fn host(config: &Config) -> Result<Host, Fault> {
    // Without faults, whatever the command line says of the user's own sandbox.
    let embed = |embedded: Embedded| {
        if config.flags.sandbox_fault.is_none() { embedded.with_faults(Faults::none()) } else { embedded }
    };
    let services = services_over(config, |embedded| embed(embedded).for_one_call(), |client| client)?;
    Ok(Host::connect(Server::new(Arc::new(Toolbox::new(services, CATALOG)))?.unbounded()).await?)
}

/// The scopes of the token and the features of the account, as far as OpenTrain says.
async fn granted(config: &Config) -> Result<(Vec<String>, Object), Fault> {
    let host = host(config).await?;
    let status = host.call("get_auth_status", Object::new()).await?;
    if status.is_error {
        return Err(format!("nothing can be compared without a token that OpenTrain accepts. {}", status.text).into());
    }
    let scopes = status.structured.pointer("/token/scopes").and_then(Value::as_array).into_iter().flatten();
    let features = host.call("get_capabilities", Object::new()).await?.structured;
    let features = features.get("capabilities").and_then(Value::as_object).cloned().unwrap_or_default();
    Ok((scopes.filter_map(Value::as_str).map(str::to_owned).collect(), features))
}

/// Why the token does not allow a call. What a person can do about it would name the base URL.
fn lacking(gate: Gate, scopes: &[String], features: &Object) -> Option<Shown> {
    if !gate.admits(scopes) {
        return Some(shown!("the token lacks {}", gate.scopes.iter().joined(" or ")));
    }
    let feature = gate.feature.filter(|feature| features.get(&switch_of(feature)) == Some(&Value::Bool(false)))?;
    Some(shown!("the feature {} is switched off", feature))
}

async fn look(
    config: &Config,
    refusal: &dyn Fn(&Facts) -> Option<Shown>,
) -> Result<BTreeMap<&'static str, Seen>, Fault> {
    let tools: Vec<&'static Facts> = tools::all().map(|entry| &entry.facts).collect();
    Survey::new(&host(config).await?, refusal).of(&tools).await
}

fn print_report(
    config: &Config,
    came: &BTreeMap<&'static str, Seen>,
    assumed: &BTreeMap<&'static str, Seen>,
) -> Result<ExitCode, Fault> {
    print(styled(HEADING, "What OpenTrain answers, and what opentrain-mcp assumes"))?;
    print(shown!(
        "opentrain-mcp {} on {}, {}, {}. Names of fields and kinds of values only, no value.\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        figure(&jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()),
        place(config),
    ))?;
    let (mut alike, mut different, mut open) = (0, 0, 0);
    for (tool, seen) in came {
        let verdict = match seen {
            Seen::NotTried(why) => {
                open += 1;
                shown!("not tried: {}", why)
            }
            Seen::Failure(what) => {
                different += 1;
                styled(BAD, shown!("FAILED: {}", what))
            }
            Seen::Answer(shape) => {
                let findings = differences(tool, shape, assumed);
                let is_alike = !findings.iter().any(Finding::differs);
                if is_alike {
                    alike += 1;
                } else {
                    different += 1;
                }
                let verdict = if is_alike { styled(GOOD, "as assumed") } else { styled(BAD, "DIFFERENT") };
                let lines = findings.iter().map(|finding| shown!("\n    {}", finding.shown()));
                shown!("{}{}", verdict, lines.joined(""))
            }
        };
        print(shown!("{}: {}", *tool, verdict))?;
    }
    print(shown!(
        "\n{} as assumed, {} different or failed, {} not tried. Nothing was written.\nPlease send this report to {}/issues: it tells the \
         project what is true.",
        count(alike, "tool"),
        different,
        open,
        env!("CARGO_PKG_REPOSITORY"),
    ))?;
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn differences(tool: &str, came: &Shape, assumed: &BTreeMap<&'static str, Seen>) -> Vec<Finding> {
    let sandbox = match assumed.get(tool) {
        Some(Seen::Answer(shape)) => shape.clone(),
        _ => Shape::default(),
    };
    compare_answer(came, &Published::of(tool).output_schema, &sandbox)
}

/// Where the answers came from. Another address than OpenTrain's own is the user's business.
fn place(config: &Config) -> &'static str {
    if config.flags.sandbox {
        "at the sandbox"
    } else if config.origin.as_str().trim_end_matches('/') == DEFAULT_ORIGIN {
        "at OpenTrain"
    } else {
        "at another base URL than OpenTrain's own"
    }
}
