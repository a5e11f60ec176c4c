//! Tools for the account and its token.

use std::time::Duration;

use serde_json::Value;

use crate::answer::hints::is_about_the_token;
use crate::answer::text::{visible, word};
use crate::answer::{Answer, Object, Sentence, ToolError};
use crate::api::account::{AuthStatus, GetAuthStatus, GetCapabilities, TokenFacts, switch_of};
use crate::api::reply::{Read, Reply};
use crate::engine::{Context, OneRequest, Tool, tools};
use crate::tools::nouns::standing::stops;

tools![GetAuthStatus, GetCapabilities];

/// Where the values of two fields are listed.
const LISTED: Sentence =
    Sentence::naming("countries and languages: names or codes, such as {} lists.", &["get_job_facets"]);
/// The time limit for reading the features. The answer describes the token without them if they take longer.
const FEATURES_LIMIT: Duration = Duration::from_secs(5);
/// What no read tells.
const UNKNOWN_STATE: &str = "No read tells whether a payment method is on file (funding and hiring need one), nor for certain whether a \
     person has claimed the account.";
/// The most fields, and the most values of a field, in the text.
const MOST_FIELDS: usize = 60;

impl Tool for GetAuthStatus {
    type On = Self;
    type Output = AuthStatus;
    const TITLE: &'static str = "Get the status of the token";
    const OFFICIAL: &'static str = "auth_status";

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let used = context.services.used_today(context.token.as_ref(), &context.call).await;
        let limits =
            context.services.limits().into_iter().chain(used).map(|limit| format!("The operator's limit: {limit}."));
        let notices = context
            .services
            .tokens
            .notices()
            .into_iter()
            .map(|notice| format!("Note: {}.", notice.trim_end_matches('.')));
        match context.read(&self).await {
            Ok((_, read)) => {
                let mut answer = describe(read, features(context).await.as_ref(), context).await;
                answer.lines.extend(limits.chain(notices));
                Ok(answer)
            }
            // The locally known facts are reported even if OpenTrain does not answer.
            Err(fault) => {
                let is_about_the_token = is_about_the_token(&fault);
                let notices = notices.filter(|_| !is_about_the_token);
                let token = context.token.is_some().then(|| format!("The token in use: {}.", context.describe_token()));
                let notes = token.into_iter().chain(limits).chain(notices);
                Err(notes.fold(ToolError::from(fault), ToolError::note))
            }
        }
    }
}

/// Reads the account's features, if OpenTrain answers in time.
async fn features(context: &Context) -> Option<Object> {
    let look = context.read(&GetCapabilities {});
    let (_, read) = tokio::time::timeout(FEATURES_LIMIT, look).await.ok()?.ok()?;
    Some(read.output.capabilities)
}

async fn describe(read: Read<GetAuthStatus>, features: Option<&Object>, context: &Context) -> Answer {
    let status = &read.output;
    let actor = &status.actor;
    let who = actor.full_name.text().or_else(|| actor.user_id.text()).map_or_else(|| "an unnamed user".into(), word);
    let scopes: Vec<&str> = status.token.get().map(TokenFacts::scope_names).unwrap_or_default();
    let stops = stops(&scopes, features, context).await;
    let verdict = if stops.is_empty() {
        "Nothing that is known stops a write.".to_owned()
    } else {
        let stops: Vec<&str> = stops.iter().map(|stop| stop.text.as_str()).collect();
        format!("WOULD STOP WRITES: {}", stops.join(" "))
    };
    let summary = format!("The token works: {}, acting for {who}. {verdict}", context.describe_token());
    let mut answer = Answer::new(summary, read.object.clone());
    answer.links.extend(stops.into_iter().filter_map(|stop| stop.link));
    answer.lines.push(format!("Scopes: {}.", listed(&scopes)));
    answer.lines.extend(account_line(status));
    answer.lines.extend(refusals(&scopes, features, context));
    answer.lines.push(UNKNOWN_STATE.into());
    answer
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
    let role =
        account.member_role.text().map(|role| format!(", as {}", word(&role.to_lowercase()))).unwrap_or_default();
    let id = account.organization_id.text().map(|id| format!(" {}", word(id))).unwrap_or_default();
    Some(format!("Account{id} ({kind}){role}."))
}

/// The listed tools that OpenTrain would refuse, grouped by the missing scope or feature.
fn refusals(scopes: &[&str], features: Option<&Object>, context: &Context) -> Vec<String> {
    let is_off = |feature: &str| features.and_then(|all| all.get(&switch_of(feature))) == Some(&Value::Bool(false));
    let closed = context.services.refused(|facts| {
        if !facts.gate.admits(scopes) {
            return Some(format!("the scope {}", facts.gate.scopes.join(" or ")));
        }
        facts.gate.feature.filter(|feature| is_off(feature)).map(|feature| format!("the feature {feature}"))
    });
    let mut lines: Vec<String> = closed
        .into_iter()
        .map(|(needed, names)| format!("Would be refused, for want of {needed}: {}.", names.join(", ")))
        .collect();
    if features.is_none() {
        let tells =
            Sentence::naming("Which features are switched on could not be looked at: {} tells.", &["get_capabilities"]);
        lines.extend(context.names().say(&tells));
    }
    lines
}

impl OneRequest for GetCapabilities {
    const TITLE: &'static str = "Get the account's features";
    const OFFICIAL: &'static str = "capabilities";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let named = |wanted: bool| -> Vec<String> {
            let features = read.output.capabilities.iter().filter(|(_, value)| **value == Value::Bool(wanted));
            features.map(|(name, _)| word(name)).collect()
        };
        let (on, off) = (named(true), named(false));
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let summary = format!("Switched on: {}. Switched off: {}.", list(&on), list(&off));
        let mut answer = Answer::new(summary, Object::new());
        answer.lines = draft_fields(&read.object);
        answer.lines.extend(context.names().say(&LISTED));
        answer.object = read.object;
        answer
    }
}

/// Formats the fields of a job, with their values if the set is closed.
fn draft_fields(capabilities: &Object) -> Vec<String> {
    let words = |value: &Value| {
        let words = value.as_array().into_iter().flatten().filter_map(Value::as_str).take(MOST_FIELDS).map(word);
        words.collect::<Vec<_>>().join(", ")
    };
    let Some(draft) = capabilities.get("draft") else { return Vec::new() };
    let keys = draft.get("updateKeys").map(words).filter(|keys| !keys.is_empty());
    let mut lines: Vec<String> = keys.map(|keys| format!("Fields of a job: {keys}.")).into_iter().collect();
    let enums = draft.get("enums").and_then(Value::as_object).into_iter().flatten().take(MOST_FIELDS);
    lines.extend(enums.map(|(name, values)| format!("{}: one of {}.", word(name), words(values))));
    lines
}
