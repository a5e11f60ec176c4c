//! `opentrain-mcp login`

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::process::ExitCode;

use crate::answer::phrases::key_page;
use crate::answer::{Joined, Shown, id, quoted, shown};
use crate::api::account::{AuthStatus, GetAuthStatus, TokenFacts};
use crate::api::client::{Caller, Client};
use crate::api::token::{StoredAccount, Token, TokenSource};
use crate::config::{Config, typed_token};
use crate::tools::FAMILIES;

use super::{Fault, deadline, print};

/// The longest key that is read from a pipe, in bytes. A key has a few dozen.
const LONGEST: u64 = 16 * 1024;

/// Reads a key, checks it at OpenTrain, and saves it. Nothing is saved unless OpenTrain accepts the key. `overriding` is
/// the variable whose token is used in place of the saved one, if one is set.
pub(super) async fn run(config: &Config, overriding: Option<&'static str>) -> Result<ExitCode, Fault> {
    if config.flags.sandbox {
        return Err("the sandbox needs no key; for the real account, leave out --sandbox (OPENTRAIN_SANDBOX)".into());
    }
    if let Some(why) = config.credentials.refuses_login() {
        return Err(why.into());
    }
    let token = typed_token(&read_key(config)?).map_err(|why| format!("nothing was saved: {why}"))?;
    // A file that cannot be written shows before the check.
    let lock = config.credentials.lock()?;
    let before = lock.stored();
    let status = check(&token, config).await.map_err(|fault| format!("nothing was saved: {fault}"))?;
    lock.store(StoredAccount { token: Some(token), claim_token: None })?;
    let actor = &status.actor;
    let who = actor.full_name.text().or_else(|| actor.user_id.text()).map_or_else(|| "an unnamed user".into(), quoted);
    let place = Shown::from(&config.credentials.found_in());
    print(shown!("Saved in {}: the key works, and acts for {}.", place, who))?;
    let scopes = status.token.get().map(TokenFacts::scope_names).unwrap_or_default();
    print(what_it_may_do(&scopes))?;
    print("Servers that run already go on with it when OpenTrain next refuses their token or asks for a scope.")?;
    if before.claim_token.is_some() {
        print("The claim that an agent had begun here is no longer followed: this key takes its place.")?;
    }
    if let Some(variable) = overriding {
        print(shown!(
            "Note: {} is set here, and its token is used in place of the saved one. Unset it where servers start.",
            variable
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the key from the terminal without showing it, or from a pipe.
fn read_key(config: &Config) -> Result<String, Fault> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let mut line = String::new();
        stdin.lock().take(LONGEST).read_line(&mut line)?;
        return Ok(line);
    }
    // The page is for a person at the terminal; stdout has the result only.
    let page = key_page(Some(&config.origin));
    writeln!(
        anstream::stderr(),
        "Make a key in the OpenTrain app: {page}. Give it the scopes that the agent may use."
    )?;
    Ok(rpassword::prompt_password("Paste the key here (it is not shown): ")?)
}

/// Asks OpenTrain whose key it is. The saved account's token is not sent.
async fn check(token: &Token, config: &Config) -> Result<AuthStatus, Fault> {
    let client = Client::new(Box::new(config.origin.clone()), config.flags.timeout).through(config.proxies.clone());
    let caller = Caller { token: Some(token), ..Caller::nobody(deadline()) };
    match client.send(&GetAuthStatus {}, caller).await {
        Ok(reply) => Ok(reply.read::<GetAuthStatus>()?.output),
        Err(fault) if fault.status() == Some(401) => Err(format!(
            "OpenTrain at {} does not accept this key ({fault}): is it whole, and was it made there?",
            config.origin
        )
        .into()),
        Err(fault) => Err(format!("the key could not be checked ({fault})").into()),
    }
}

/// Lists the scopes, and for each that is missing the tools that would be refused.
fn what_it_may_do(scopes: &[&str]) -> Shown {
    let mut text = if scopes.is_empty() {
        "OpenTrain names no scope of it.".into()
    } else {
        shown!("It may: {}.", scopes.iter().map(|scope| id(scope)).joined(", "))
    };
    let mut refused: BTreeMap<Shown, Vec<&'static str>> = BTreeMap::new();
    for entry in FAMILIES.iter().flat_map(|family| family.tools) {
        if !entry.facts.gate.admits(scopes) {
            refused.entry(entry.facts.gate.scopes.iter().joined(" or ")).or_default().push(entry.facts.name);
        }
    }
    for (scope, tools) in refused {
        text.push(shown!("\nIt may not: {} (needs {})", tools.iter().joined(", "), scope));
    }
    text
}
