//! Tools for the account and its token.

use std::time::Duration;

use serde_json::Value;

use crate::answer::hints::is_about_the_token;
use crate::answer::{Answer, Joined, Object, Sentence, Shown, ToolError, id, quoted, shown};
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
            context.services.limits().into_iter().chain(used).map(|limit| shown!("The operator's limit: {}.", limit));
        let notices = context.services.notices().into_iter().map(|notice| shown!("Note: {}.", notice));
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
                let token = context.token.is_some().then(|| shown!("The token in use: {}.", context.describe_token()));
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
    let who = actor.full_name.text().map(quoted).or_else(|| actor.user_id.text().map(id));
    let who = who.unwrap_or_else(|| "an unnamed user".into());
    let scopes: Vec<&str> = status.token.get().map(TokenFacts::scope_names).unwrap_or_default();
    let stops = stops(&scopes, features, context).await;
    let verdict = if stops.is_empty() {
        "Nothing that is known stops a write.".into()
    } else {
        shown!("WOULD STOP WRITES: {}", stops.iter().map(|stop| &stop.text).joined(" "))
    };
    let summary = shown!("The token works: {}, acting for {}. {}", context.describe_token(), who, verdict);
    let mut answer = Answer::new(summary, read.object.clone());
    answer.links.extend(stops.into_iter().filter_map(|stop| stop.link));
    answer.lines.push(shown!("Scopes: {}.", listed(&scopes)));
    answer.lines.extend(account_line(status));
    answer.lines.extend(refusals(&scopes, features, context));
    answer.lines.push(UNKNOWN_STATE.into());
    answer
}

fn listed(scopes: &[&str]) -> Shown {
    if scopes.is_empty() {
        "none named".into()
    } else {
        scopes.iter().map(|scope| id(scope)).collect::<Vec<_>>().joined(", ")
    }
}

fn account_line(status: &AuthStatus) -> Option<Shown> {
    let account = status.account.get()?;
    let kind = account.kind.text().map_or_else(|| "unknown kind".into(), id);
    let role = account.member_role.text().map(|role| shown!(", as {}", id(&role.to_lowercase()))).unwrap_or_default();
    let organization = account.organization_id.text().map(|text| shown!(" {}", id(text)));
    Some(shown!("Account{} ({}){}.", organization, kind, role))
}

/// The listed tools that OpenTrain would refuse, grouped by the missing scope or feature.
fn refusals(scopes: &[&str], features: Option<&Object>, context: &Context) -> Vec<Shown> {
    let is_off = |feature: &str| features.and_then(|all| all.get(&switch_of(feature))) == Some(&Value::Bool(false));
    let closed = context.services.refused(|facts| {
        if !facts.gate.admits(scopes) {
            return Some(shown!("the scope {}", facts.gate.scopes.iter().joined(" or ")));
        }
        facts.gate.feature.filter(|feature| is_off(feature)).map(|feature| shown!("the feature {}", feature))
    });
    let mut lines: Vec<Shown> = closed
        .into_iter()
        .map(|(needed, names)| shown!("Would be refused, for want of {}: {}.", needed, names.into_iter().joined(", ")))
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
        let named = |wanted: bool| -> Vec<Shown> {
            let features = read.output.capabilities.iter().filter(|(_, value)| **value == Value::Bool(wanted));
            features.map(|(name, _)| id(name)).collect()
        };
        let (on, off) = (named(true), named(false));
        let list = |names: &[Shown]| if names.is_empty() { "none".into() } else { names.iter().joined(", ") };
        let summary = shown!("Switched on: {}. Switched off: {}.", list(&on), list(&off));
        let mut answer = Answer::new(summary, Object::new());
        answer.lines = draft_fields(&read.object);
        answer.lines.extend(context.names().say(&LISTED));
        answer.object = read.object;
        answer
    }
}

/// Formats the fields of a job, with their values if the set is closed.
fn draft_fields(capabilities: &Object) -> Vec<Shown> {
    let words = |value: &Value| {
        let words = value.as_array().into_iter().flatten().filter_map(Value::as_str).take(MOST_FIELDS).map(id);
        words.collect::<Vec<_>>().joined(", ")
    };
    let Some(draft) = capabilities.get("draft") else { return Vec::new() };
    let keys = draft.get("updateKeys").map(words).filter(|keys| !keys.is_empty());
    let mut lines: Vec<Shown> = keys.map(|keys| shown!("Fields of a job: {}.", keys)).into_iter().collect();
    let enums = draft.get("enums").and_then(Value::as_object).into_iter().flatten().take(MOST_FIELDS);
    lines.extend(enums.map(|(name, values)| shown!("{}: one of {}.", id(name), words(values))));
    lines
}
