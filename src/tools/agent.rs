//! Tools for an agent's own account, from registration to claim. Its tokens are stored and never shown.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::hints::GIVEN_BY_A_CLAIM;
use crate::answer::phrases::{SANDBOX_KEY, WAITING, key_page, make_a_key, take_up};
use crate::answer::{
    Address, Answer, Cause, Denial, HumanStep, LinkKind, Object, Outcome, Sentence, Shown, ToolError, id, quoted, shown,
};
use crate::api::account::GetAuthStatus;
use crate::api::agent::{ClaimStarted, ExchangeClaim, RegisterIdentity, StartClaim};
use crate::api::reply::Read;
use crate::api::token::StoredAccount;
use crate::api::{Effect, Operation};
use crate::engine::claim::INTERVAL;
use crate::engine::exchange::{Exchanged, exchange, lock_account, notes_on_keeping, store_account, without_secrets};
use crate::engine::{Context, Tool, tools};

tools![RegisterAgent, ClaimAccount, GetClaimStatus];

/// Register this agent with OpenTrain: makes an account that can draft and publish jobs and read, and that a person has
/// to claim before it can hire or pay. Only when there is no account yet. The tokens are kept on this
/// machine and not shown.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RegisterAgent {
    /// The agent's name.
    agent_name: Option<String>,
    /// The organization that the agent works for.
    organization_name: Option<String>,
}

/// A registration without its tokens.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is read")]
struct Registered {
    /// Registration id.
    registration_id: Option<String>,
    /// The token's scopes.
    scopes: Option<Vec<String>>,
    /// ISO 8601: the claim has to be done by then.
    claim_token_expires_at: Option<String>,
}

impl Tool for RegisterAgent {
    type On = RegisterIdentity;
    type Output = Registered;
    const TITLE: &'static str = "Register this agent";
    const IS_LOCAL: bool = true;
    const DONE: &'static str = "registered";

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let services = &context.services;
        // The tokens are delivered once, so the process does not stop before they are on disk.
        let _turn = services.claim.turn().await?;
        let lock = lock_account(Arc::clone(&services.tokens)).await.map_err(Denial::unkept)?;
        // An order of a stranger must not put another account in the place of a saved one: a person does that. Nothing is
        // lost only where OpenTrain has said that nobody can claim the saved one any more.
        let can_be_claimed = !lock.stored().claim_token.is_some_and(|token| services.claim.ran_out(&token));
        if lock.is_taken() && can_be_claimed && !services.sandbox {
            return Err(Denial::already_registered().into());
        }
        let register = RegisterIdentity { agent_name: self.agent_name, organization_name: self.organization_name };
        let Read { object, output, .. } = context.write_without_token(&register).await?;
        let account =
            StoredAccount { token: Some(output.access_token.clone()), claim_token: Some(output.claim_token.clone()) };
        let saved = store_account(lock, account).await;
        let object = without_secrets(object, &[&output.access_token, &output.claim_token]);
        let keys = key_page(services.app().await.as_ref());
        let summary = [
            "Registered. The account can draft and publish jobs, and read.".into(),
            "To hire, a person has to claim it within about 24 hours: ask for their e-mail address.".into(),
            Sentence::naming("Then {}(email).", &["claim_account"]),
            shown!(
                "To create milestones and ask for payments, that person then makes a key with payments:write in the app, \
                 {}, and {}.",
                keys,
                take_up(services.sandbox, services.names.access())
            )
            .into(),
        ];
        let mut answer = Answer::new(context.names().say_all(&summary), object);
        answer.outcome = Some(Outcome::Created);
        answer.warnings.extend(notes_on_keeping(services, saved.err().as_deref()));
        answer.next = context.next(&[("claim_account", "email")]);
        Ok(answer)
    }
}

/// Start the claim of the account that this agent registered: gives a page and a 6-digit code for the user. Show
/// both, in full; then look at the status of the claim. Calling it again makes a new code.
#[derive(Deserialize, JsonSchema)]
struct ClaimAccount {
    /// The user's address; must have no OpenTrain account yet, and they must sign in with exactly this one.
    #[schemars(length(min = 3))]
    email: String,
}

impl Tool for ClaimAccount {
    type On = StartClaim;
    type Output = ClaimStarted;
    const TITLE: &'static str = "Start the claim of the account";
    /// Whoever owns the address can take the account over, so that a host asks its user first.
    const EFFECT: Effect = Effect::Irreversible;
    const IS_LOCAL: bool = true;
    const DONE: &'static str = "started";

    async fn question(&self, _: &Context) -> Result<Shown, ToolError> {
        let email = quoted(self.email.trim());
        Ok(shown!(
            "Offer the account that this agent registered to {}? Whoever owns that address can take it over.",
            email
        ))
    }

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let services = &context.services;
        let claim_token = services.tokens.claim_token().ok_or_else(Denial::not_registered)?;
        let email = self.email.trim();
        let start = StartClaim { claim_token: claim_token.expose().to_owned(), email: email.to_owned() };
        let (_, read) = context.write(&start, None).await?;
        let started = &read.output;
        services.claim.pace(started.interval.get().copied().map_or(INTERVAL, Duration::from_secs));
        let address = Address::new(LinkKind::Claim, &started.verification_uri, services.app().await.as_ref());
        let minutes =
            started.expires_in.get().map_or_else(|| "a while".into(), |seconds| shown!("{} min", seconds / 60));
        let code = id(&started.user_code);
        let summary = shown!(
            "{} Nothing is claimed so far.\n{}\nThe code for it: {} (good for {}). They sign in with {} and \
             enter the code.",
            WAITING,
            address.describe("Show the user this page and the code below"),
            code,
            minutes,
            id(email)
        );
        let sent = started.email_sent.is_true();
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::PendingApproval);
        if sent {
            answer.lines.push("OpenTrain has sent an e-mail with it too; it may be in the spam folder.".into());
        }
        answer.next = context.next(&[("get_claim_status", "")]);
        if let Some(link) = address.verified() {
            let ask = shown!("Claim the OpenTrain account of your agent: open this page and enter the code {}.", code);
            answer.step = Some(HumanStep::then_call(link.clone(), ask, ExchangeClaim::NAME, Object::new()));
        }
        answer.links.extend(address.link().cloned());
        Ok(answer)
    }
}

/// Ask once whether the user has claimed the account. pending is no error: ask again when it says. When it is claimed,
/// the new token is saved and in use at once; the old ones are dead.
#[derive(Deserialize, JsonSchema)]
struct GetClaimStatus {}

/// The state of a claim.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is read")]
struct ClaimStatus {
    /// pending or claimed.
    status: Option<String>,
    /// Seconds until it makes sense to ask again.
    #[schemars(rename = "retryAfterSeconds")]
    retry_after_seconds: Option<u64>,
    /// The new token's scopes.
    scopes: Option<Vec<String>>,
}

impl Tool for GetClaimStatus {
    type On = ExchangeClaim;
    type Output = ClaimStatus;
    const TITLE: &'static str = "Get the status of the claim";
    const IS_LOCAL: bool = true;
    const OFFICIAL: &'static str = "claim_status";
    const DONE: &'static str = "fetched";

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        describe(exchange(&context.services, &context.call).await, context).await
    }
}

async fn describe(exchanged: Exchanged, context: &Context) -> Result<Answer, ToolError> {
    let services = &context.services;
    match exchanged {
        Exchanged::None if services.claim.is_done() => {
            let object = Map::from_iter([("status".into(), "claimed".into())]);
            let mut answer =
                Answer::new("claimed: a person owns the account, and its new token was fetched before.", object);
            answer.outcome = Some(Outcome::Done);
            answer.step_outcome = answer.outcome;
            answer.next = context.next(&[("get_auth_status", "")]);
            Ok(answer)
        }
        Exchanged::None => owned(context).await.ok_or_else(|| Denial::not_registered().into()),
        Exchanged::Denied(denial) => Err(denial.into()),
        Exchanged::Failed(fault) if fault.may_have_happened() => {
            let make_a_key = make_a_key(services.app().await.as_ref(), services.sandbox, services.names.access());
            let hint = vec![
                "The answer was lost. The token is delivered only once, so it may be gone: ask again once.".into(),
                shown!("If that says invalid_grant, a person {}.", make_a_key).into(),
            ];
            Err(Cause::Unknown { fault, hint, retryable: true }.into())
        }
        Exchanged::Failed(fault) => Err(fault.into()),
        Exchanged::TooEarly(wait) => {
            Ok(pending("nothing was asked, since it is too early: how the claim stands is not known.", wait))
        }
        Exchanged::Pending(wait) => Ok(pending("nobody has claimed the account yet.", wait)),
        Exchanged::Claimed { object, unsaved, unrecorded } => {
            let mut answer = Answer::new(claimed(&object, context).await, object);
            answer.outcome = Some(Outcome::Done);
            answer.step_outcome = answer.outcome;
            answer.warnings.extend(notes_on_keeping(services, unsaved.as_deref()));
            answer.warnings.extend(unrecorded);
            Ok(answer)
        }
    }
}

/// The answer where no claim is open because a person owns the account already, as far as the scopes tell: a token of an
/// unclaimed account has none of these.
async fn owned(context: &Context) -> Option<Answer> {
    context.token.as_ref()?;
    let status = context.read(&GetAuthStatus {}).await.ok()?.1.output;
    let is_claimed = status.token.get()?.scope_names().iter().any(|scope| GIVEN_BY_A_CLAIM.contains(scope));
    let object = Map::from_iter([("status".into(), "claimed".into())]);
    let summary =
        "claimed: no claim is open here, and the token in use has scopes that only the account of a person has.";
    let mut answer = Answer::new(summary, object);
    answer.outcome = Some(Outcome::Done);
    answer.step_outcome = answer.outcome;
    is_claimed.then_some(answer)
}

fn pending(how: &'static str, wait: Duration) -> Answer {
    let seconds = wait.as_secs().max(1);
    let summary = shown!("pending: {} Ask again in {} s, or when the user says it is done.", how, seconds);
    let object = Map::from_iter([("status".into(), "pending".into()), ("retryAfterSeconds".into(), seconds.into())]);
    let mut answer = Answer::new(summary, object);
    answer.step_outcome = Some(Outcome::PendingApproval);
    answer.look_again = Some(wait);
    answer
}

async fn claimed(object: &Object, context: &Context) -> Shown {
    let services = &context.services;
    let token = if services.tokens.overriding_variable().is_some() { "has come" } else { "is in use" };
    let mut text = vec![
        shown!("claimed: a person owns the account now. The new token {}, and the old ones are dead.", token).into(),
    ];
    let make_a_key = make_a_key(services.app().await.as_ref(), services.sandbox, services.names.access());
    let scopes = object.get("scopes").and_then(Value::as_array);
    match scopes {
        Some(scopes) if scopes.iter().any(|scope| scope == "payments:write") => return context.names().say_all(&text),
        Some(_) => text.push(
            shown!("It does not carry payments:write: to create milestones or ask for money, a person {}.", make_a_key)
                .into(),
        ),
        None => {
            text.push(Sentence::naming("{} says what it may do.", &["get_auth_status"]));
            text.push(
                shown!("If payments:write is missing (by OpenTrain's reference it is), a person {}.", make_a_key)
                    .into(),
            );
        }
    }
    text.extend(services.sandbox.then_some(Sentence::plain(SANDBOX_KEY)));
    context.names().say_all(&text)
}
