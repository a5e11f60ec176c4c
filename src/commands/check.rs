//! `opentrain-mcp check`

use std::process::ExitCode;

use serde_json::Value;

use crate::api::account::switch_of;
use crate::config::{Config, Given, OperatorConfig, SETTINGS, Source};
use crate::mcp::Server;
use crate::mcp::client::Client;
use crate::tools::Toolbox;
use crate::tools::freeze::{Switch, UNREACHABLE};
use crate::tools::schema::Object;

use super::{Fault, print, server, toolbox};

/// Tells what is set and from where, then tries it. Exit status 1 when something would be refused.
pub(super) async fn run(config: &Config) -> Result<ExitCode, Fault> {
    print(concat!("opentrain-mcp ", env!("CARGO_PKG_VERSION")))?;
    let widest = config.origins.iter().map(|given| given.name.len()).max().unwrap_or_default();
    for Given { name, value, source } in &config.origins {
        let value = SETTINGS.iter().find(|setting| setting.name == *name).map(|setting| setting.shown(value));
        print(&format!("{name:<widest$}  {}  ({source})", value.unwrap_or_default()))?;
    }
    if let Some(proxy) = config.proxies.describe(&config.origin) {
        print(&format!("through the proxy {proxy}"))?;
    }
    let toolbox = toolbox(config)?;
    for limit in toolbox.limits() {
        print(&format!("limit: {limit}"))?;
    }
    let switch = Switch::at(config.operator.switches.clone());
    if switch.paths().is_empty() {
        print(&format!("note: {UNREACHABLE}"))?;
    }
    // The account is asked whatever the toolsets are; the limits have been told.
    let operator = OperatorConfig {
        toolsets: Some(("all".into(), Source::Default)),
        tool_prefix: String::new(),
        read_only: false,
        max_milestone: None,
        max_day: None,
        switches: Vec::new(),
        ..config.operator.clone()
    };
    let tried = try_it(server(&Config { operator, ..config.clone() })?, &toolbox).await?;
    // While writes are stopped every one would be refused.
    Ok(if switch.check().is_err() { ExitCode::FAILURE } else { tried })
}

async fn try_it(server: Server, toolbox: &Toolbox) -> Result<ExitCode, Fault> {
    let client = Client::connect(server).await?;
    let mut scopes = Vec::new();
    let mut features = Object::new();
    for tool in ["get_auth_status", "get_capabilities"] {
        let called = client.call(tool, Object::new()).await?;
        print(&format!("\n{tool}: {}", called.text))?;
        // What keeps one from being answered keeps the next: it is not told twice.
        if called.is_error {
            return Ok(ExitCode::FAILURE);
        }
        let answer = called.structured;
        if let Some(Value::Array(granted)) = answer.pointer("/token/scopes") {
            scopes.extend(granted.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        if let Some(Value::Object(switches)) = answer.get("capabilities") {
            features.clone_from(switches);
        }
    }
    tell_refusals(toolbox, &scopes, &features)
}

/// Which tools would be refused, by what they lack: each reason once.
fn tell_refusals(toolbox: &Toolbox, scopes: &[String], features: &Object) -> Result<ExitCode, Fault> {
    let refused = toolbox.refused(|entry| missing(entry.gate, scopes, features));
    print("")?;
    if refused.is_empty() {
        print("Nothing would be refused for want of a scope or a feature.")?;
        return Ok(ExitCode::SUCCESS);
    }
    for (why, tools) in refused {
        print(&format!("would be refused: {}: {why}", tools.join(", ")))?;
    }
    Ok(ExitCode::FAILURE)
}

/// What an operation lacks, and what to do.
fn missing(gate: crate::api::Gate, scopes: &[String], features: &Object) -> Option<String> {
    if !gate.admits(scopes) {
        let wanted = gate.scopes.join(" or ");
        return Some(format!(
            "the token lacks {wanted}; a person makes one in the app, Settings → API keys, and sets it as OT_API_TOKEN"
        ));
    }
    let feature = gate.feature?;
    (features.get(&switch_of(feature)) == Some(&Value::Bool(false)))
        .then(|| format!("the feature {feature} is switched off; OpenTrain's support switches it on"))
}
