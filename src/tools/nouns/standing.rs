//! The state of the account before a write: what will stop it, and what the user can do about each.

use serde_json::Value;

use crate::answer::phrases::{key_url, make_a_key};
use crate::answer::text::moment_of;
use crate::answer::{Joined, Link, LinkKind, Object, Sentence, Shown, shown};
use crate::api::Gate;
use crate::api::account::switch_of;
use crate::engine::Context;
use crate::engine::open_steps::{OpenStep, OpenSteps};

/// Scopes that no token of an unclaimed account has (reference: api-reference/agent-auth/token).
const AFTER_A_CLAIM: [&str; 5] =
    ["proposals:write", "messages:write", "team:write", "payments:write", "webhooks:manage"];

/// Something that stops writes.
pub struct Stop {
    /// What is stopped, why, and what the user does.
    pub text: Shown,
    /// A code for programs.
    pub reason: &'static str,
    /// The page where the user does it.
    pub link: Option<Link>,
}

impl Stop {
    fn new(reason: &'static str, text: Shown) -> Self {
        Self { text, reason, link: None }
    }

    /// True if the user can end it on a page: the claim, a payment method, a key.
    #[must_use]
    pub fn is_for_the_user(&self) -> bool {
        [UNCLAIMED, NO_SCOPE, NO_PAYMENT_METHOD].contains(&self.reason)
    }
}

const UNCLAIMED: &str = "account_claim_required";
const NO_SCOPE: &str = "scope_missing";
const NO_PAYMENT_METHOD: &str = "payment_method_required";

/// True if the account seems to be unclaimed. No field tells it: an unclaimed account's token carries `jobs:write` and
/// none of the scopes that come with a claim.
#[must_use]
pub fn seems_unclaimed(scopes: &[&str]) -> bool {
    scopes.contains(&"jobs:write") && !AFTER_A_CLAIM.iter().any(|scope| scopes.contains(scope))
}

/// Everything that is known to stop writes, before the first one is sent. `features` are the account's switches, if
/// they could be read.
pub async fn stops(scopes: &[&str], features: Option<&Object>, context: &Context) -> Vec<Stop> {
    let services = &context.services;
    let mut stops = Vec::new();
    if let Err(denial) = services.operator.allows_writes().await {
        stops.push(Stop::new(denial.reason, shown!("{}: no write is sent.", denial.message.without_end('.'))));
    }
    if seems_unclaimed(scopes) {
        stops.push(unclaimed(context));
    }
    if !scopes.contains(&"payments:write") {
        let app = services.app().await;
        let text = shown!(
            "The token lacks payments:write: creating, funding and releasing milestones and ending contracts would be refused. \
             A person {}.",
            make_a_key(app.as_ref(), services.sandbox, services.names.access())
        );
        let page = app.as_ref().and_then(key_url);
        let link = page.map(|page| Link { kind: LinkKind::Key, page, verified: true });
        stops.push(Stop { text, reason: NO_SCOPE, link });
    }
    let off = services.refused(|facts| facts.gate.feature.filter(|feature| is_off(feature, features)));
    stops.extend(off.into_iter().map(|(feature, tools)| {
        let text = shown!("{} is switched off for this account: {} would be refused.", feature, tools.joined(", "));
        Stop::new("feature_off", text)
    }));
    stops.extend(open_steps(context).into_iter().filter_map(|step| payment_method(&step)));
    stops
}

/// The steps for the user that this server has seen and that are not known to be done.
#[must_use]
pub fn open_steps(context: &Context) -> Vec<OpenStep> {
    context.services.memory.of::<OpenSteps>().of(context.caller().as_deref())
}

fn payment_method(step: &OpenStep) -> Option<Stop> {
    let link = (step.link.kind == LinkKind::Billing).then(|| step.link.clone())?;
    let text = shown!("No payment method was on file {}. {}", moment_of(step.at), link.describe("The user adds one"));
    Some(Stop { text, reason: NO_PAYMENT_METHOD, link: Some(link) })
}

/// What would stop a call with this gate.
pub async fn stops_of(gate: &Gate, scopes: &[&str], features: Option<&Object>, context: &Context) -> Vec<Shown> {
    let services = &context.services;
    let mut stops = Vec::new();
    stops.extend(services.operator.allows_writes().await.err().map(|denial| denial.message));
    if gate.claimed && seems_unclaimed(scopes) {
        stops.push(unclaimed(context).text);
    } else if !gate.admits(scopes) {
        let how = make_a_key(services.app().await.as_ref(), services.sandbox, services.names.access());
        stops.push(shown!("The token lacks {}. A person {}.", gate.scopes.iter().joined(" or "), how));
    }
    let off = gate.feature.filter(|feature| is_off(feature, features));
    stops.extend(off.map(|feature| shown!("{} is switched off for this account.", feature)));
    stops
}

fn is_off(feature: &str, features: Option<&Object>) -> bool {
    features.and_then(|all| all.get(&switch_of(feature))) == Some(&Value::Bool(false))
}

fn unclaimed(context: &Context) -> Stop {
    let step = open_steps(context).into_iter().find(|step| step.link.kind == LinkKind::Claim);
    let how = Sentence::naming("{}(email) gives the page for that.", &["claim_account"]);
    let can_claim = context.services.tokens.claim_token().is_some();
    let how = match &step {
        Some(step) => {
            step.link.describe(step.ask.clone().unwrap_or_else(|| "The user claims it".into()).without_end('.'))
        }
        None => context.names().say(&how).filter(|_| can_claim).unwrap_or_default(),
    };
    let text = shown!(
        "No person has claimed this account, as far as its scopes tell: hiring, inviting, messages and payments would be \
         refused. {}",
        how
    );
    Stop { link: step.map(|step| step.link), ..Stop::new(UNCLAIMED, text.without_end(' ')) }
}
