//! What is read of the account and its token.

use serde_json::Value;

use crate::api::account::{AuthStatus, GetAuthStatus, GetCapabilities, TokenFacts};
use crate::api::reply::{Read, Reply};
use crate::api::{Effect, Gate, Operation};

use super::answer::Answer;
use super::failure::Trouble;
use super::hints::is_about_the_token;
use super::text::{visible, word};
use super::{Context, Entry, Told, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<GetAuthStatus>(), Entry::of::<GetCapabilities>()];

impl Tool for GetAuthStatus {
    type Output = AuthStatus;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "Get the status of the token";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = "";
    const OFFICIAL: &'static str = "auth_status";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let limits = context.limits().into_iter().map(|limit| format!("The operator's limit: {limit}."));
        let notices = context.notices().into_iter().map(|notice| format!("Note: {}.", notice.trim_end_matches('.')));
        match context.read(&self).await {
            Ok((_, read)) => {
                let mut answer = told(read, context);
                answer.lines.extend(limits.chain(notices));
                Ok(answer)
            }
            // What is known here is told even when OpenTrain says nothing.
            Err(fault) => {
                let notices = notices.filter(|_| !is_about_the_token(&fault));
                let token = context.has_token().then(|| format!("The token in use: {}.", context.token_told()));
                token.into_iter().chain(limits).chain(notices).for_each(|remark| context.remark(Some(remark)));
                Err(fault.into())
            }
        }
    }
}

fn told(read: Read<GetAuthStatus>, context: &Context) -> Answer {
    let status = &read.output;
    let actor = &status.actor;
    let who = actor.full_name.text().or_else(|| actor.user_id.text()).map_or_else(|| "an unnamed user".into(), word);
    let scopes: Vec<&str> = status.token.get().map(TokenFacts::scope_names).unwrap_or_default();
    let summary = format!("The token works: {}, acting for {who}. {}", context.token_told(), payments(&scopes));
    let mut answer = Answer::new(summary, read.object.clone());
    answer.lines.push(format!("Scopes: {}.", listed(&scopes)));
    answer.lines.extend(account_line(status));
    answer.lines.extend(refusals(&scopes, context));
    answer.lines.push(
        "OpenTrain does not say here whether a person has claimed the account; a call that needs it will.".into(),
    );
    answer
}

fn payments(scopes: &[&str]) -> String {
    if scopes.contains(&"payments:write") {
        return "It carries payments:write.".into();
    }
    "It does NOT carry payments:write, so it cannot create or fund milestones: a person makes a key with it in the app, \
     Settings → API keys, and sets it as OT_API_TOKEN."
        .into()
}

fn listed(scopes: &[&str]) -> String {
    if scopes.is_empty() {
        "none named".into()
    } else {
        scopes.iter().map(|scope| visible(scope)).collect::<Vec<_>>().join(", ")
    }
}

fn account_line(status: &AuthStatus) -> Option<String> {
    let account = status.account.get()?;
    let kind = account.kind.text().map_or_else(|| "unknown kind".into(), word);
    let role = account.member_role.text().map(|role| format!(", as {}", word(role))).unwrap_or_default();
    let id = account.organization_id.text().map(|id| format!(" {}", word(id))).unwrap_or_default();
    Some(format!("Account: {kind}{id}{role}."))
}

/// The listed tools that these scopes do not open, by the scope that would.
fn refusals(scopes: &[&str], context: &Context) -> Vec<String> {
    let closed = context.toolbox.refused(|entry| (!entry.gate.admits(scopes)).then_some(entry.gate.scopes));
    let line = |(needed, names): (&[&str], Vec<String>)| {
        format!("Would be refused, for want of {}: {}.", needed.join(" or "), names.join(", "))
    };
    closed.into_iter().map(line).collect()
}

impl Told for GetCapabilities {
    const TITLE: &'static str = "Get the account's features";
    const OFFICIAL: &'static str = "capabilities";

    fn tell(&self, read: Read<Self>, _: &Reply, _: &Context) -> Answer {
        let named = |wanted: bool| -> Vec<String> {
            let features = read.output.capabilities.iter().filter(|(_, value)| **value == Value::Bool(wanted));
            features.map(|(name, _)| word(name)).collect()
        };
        let (on, off) = (named(true), named(false));
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let summary = format!("Switched on: {}. Switched off: {}.", list(&on), list(&off));
        Answer::new(summary, read.object)
    }
}
