//! `opentrain-mcp check`

use std::process::ExitCode;

use serde_json::Value;

use crate::api::token::TokenSource;
use crate::config::{Config, OperatorConfig, Source};
use crate::mcp::Server;
use crate::mcp::client::Client;
use crate::tools::Toolbox;
use crate::tools::schema::Object;

use super::{Fault, print, server, toolbox};

/// Tells what is set and from where, then tries it. Exit status 1 when something would be refused.
pub(super) async fn run(config: &Config) -> Result<ExitCode, Fault> {
    print(concat!("opentrain-mcp ", env!("CARGO_PKG_VERSION")))?;
    for given in &config.origins {
        print(&format!("{:<13} {}  (from {})", given.name, given.value, given.source))?;
    }
    for notice in config.credentials.notices() {
        print(&format!("note: {notice}"))?;
    }
    let toolbox = toolbox(config)?;
    // The account is asked whatever the toolsets are.
    let all = Config {
        operator: OperatorConfig {
            toolsets: Some(("all".into(), Source::Default)),
            tool_prefix: String::new(),
            ..config.operator.clone()
        },
        ..config.clone()
    };
    for limit in toolbox.limits() {
        print(&format!("limit: {limit}"))?;
    }
    try_it(server(&all)?, &toolbox).await
}

async fn try_it(server: Server, toolbox: &Toolbox) -> Result<ExitCode, Fault> {
    let client = Client::connect(server).await?;
    let mut fine = true;
    let mut scopes = Vec::new();
    let mut features = Object::new();
    for tool in ["get_auth_status", "get_capabilities"] {
        let called = client.call(tool, Object::new()).await?;
        fine &= !called.is_error;
        print(&format!("\n{tool}: {}", called.text))?;
        let answer = called.structured;
        if let Some(Value::Array(granted)) = answer.pointer("/token/scopes") {
            scopes.extend(granted.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        if let Some(Value::Object(switches)) = answer.get("capabilities") {
            features.clone_from(switches);
        }
    }
    if !fine {
        return Ok(ExitCode::FAILURE);
    }
    let refused: Vec<String> = toolbox
        .served()
        .iter()
        .map(|served| served.entry)
        .filter_map(|entry| Some(format!("{}: {}", entry.name, missing(entry.gate, &scopes, &features)?)))
        .collect();
    print("")?;
    if refused.is_empty() {
        print("Nothing would be refused for want of a scope or a feature.")?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in refused {
        print(&format!("would be refused: {line}"))?;
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
    (features.get(&switch(feature)) == Some(&Value::Bool(false)))
        .then(|| format!("the feature {feature} is switched off; OpenTrain's support switches it on"))
}

/// The name of a feature among the capabilities: `public_api_payments_write` is `paymentsWrite` there.
fn switch(feature: &str) -> String {
    let mut words = feature.trim_start_matches("public_api_").split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
    }
    name
}
