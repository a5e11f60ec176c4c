//! An agent's own account, from registration to the claim. Its tokens are kept, and never shown.

use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::api::agent::{ClaimStarted, ExchangeClaim, RegisterIdentity, StartClaim};
use crate::api::client::Caller;
use crate::api::error::InvalidArgument;
use crate::api::reply::Read;
use crate::api::token::StoredAccount;
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Link, LinkKind, Outcome, Report};
use super::audit::Settled;
use super::claim::{Exchanged, INTERVAL, lock_account, store_account, without_secrets};
use super::context::{Call, Context};
use super::failure::{Denial, Trouble};
use super::hints::{SANDBOX_KEY, with_key_page};
use super::person::HumanStep;
use super::schema::Object;
use super::toolbox::Toolbox;
use super::{Entry, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<RegisterAgent>(), Entry::of::<ClaimAccount>(), Entry::of::<GetClaimStatus>()];

/// As what an exchange is on record, whoever needs it.
pub(super) const EXCHANGE: &Entry = &Entry::of::<GetClaimStatus>();

/// Register this agent with OpenTrain: makes an account that can draft and publish jobs and read, and that a person has
/// to claim before it can hire or pay (claim_account). Only when there is no account yet. The tokens are kept on this
/// machine and not shown.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RegisterAgent {
    /// What the agent is called.
    agent_name: Option<String>,
    /// For whom it works.
    organization_name: Option<String>,
    /// true replaces the account that is saved here: it is lost unless a person owns it.
    force: Option<bool>,
}

/// What is passed on of a registration: everything but its tokens.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is read")]
struct Registered {
    /// Registration id.
    registration_id: Option<String>,
    /// What the token may do.
    scopes: Option<Vec<String>>,
    /// ISO 8601: the claim has to be done by then.
    claim_token_expires_at: Option<String>,
}

impl Tool for RegisterAgent {
    type Output = Registered;
    const NAME: &'static str = RegisterIdentity::NAME;
    const TITLE: &'static str = "Register this agent";
    const DONE: &'static str = "registered";
    const EFFECT: Effect = RegisterIdentity::EFFECT;
    const GATE: Gate = RegisterIdentity::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        // The tokens are delivered once: the process does not stop before they are on the disk.
        let _turn = context.toolbox.claim.turn().await?;
        let lock = lock_account(Arc::clone(&context.toolbox.tokens)).await.map_err(Denial::unkept)?;
        if lock.is_taken() && self.force != Some(true) && !context.toolbox.sandbox {
            let message = "an account is saved here already: go on with it (claim_account, get_auth_status). force: true throws \
                           it away, and nobody can get at it again who does not own it";
            return Err(InvalidArgument::new("force", message).into());
        }
        let register = RegisterIdentity { agent_name: self.agent_name, organization_name: self.organization_name };
        let writing = context.begin(None).await?;
        // Nothing secret is in the request, and what is delivered must not be masked.
        let answer = context.toolbox.client.send(&register, Caller::nobody(context.call.deadline)).await;
        let Read { object, output, .. } = match answer.and_then(|reply| context.read_reply::<RegisterIdentity>(&reply))
        {
            Ok(read) => read,
            Err(fault) => return Err(context.end_failed(writing, fault).await),
        };
        let account =
            StoredAccount { token: Some(output.access_token.clone()), claim_token: Some(output.claim_token.clone()) };
        let saved = store_account(lock, account).await;
        let object = without_secrets(object, &[&output.access_token, &output.claim_token]);
        let warning = writing.end(Settled::with(Outcome::Created)).await;

        let summary = "Registered. The account can draft and publish jobs, and read. To hire, a person has to claim it within \
                       about 24 hours: ask for their e-mail address, then claim_account(email). To create milestones and ask \
                       for payments, that person then makes a key with payments:write in the app, Settings → API keys, and \
                       sets it as OT_API_TOKEN.";
        let app = context.toolbox.client.origin().await.ok();
        let summary = with_key_page(summary, app.as_ref(), context.toolbox.sandbox);
        let mut answer = Answer::new(context.toolbox.told_here(&summary), object);
        answer.outcome = Some(Outcome::Created);
        answer.warnings.extend(keeping(saved.err(), &context.toolbox));
        answer.warnings.extend(warning);
        answer.next = context.next(&[("claim_account", "email")]);
        Ok(answer)
    }
}

/// Start the claim of the account that this agent registered: gives a page and a 6-digit code for your person. Show both,
/// in full; then call get_claim_status. Calling it again makes a new code.
#[derive(Deserialize, JsonSchema)]
struct ClaimAccount {
    /// Your person's address; must have no OpenTrain account yet, and they must sign in with exactly this one.
    #[schemars(length(min = 3))]
    email: String,
}

impl Tool for ClaimAccount {
    type Output = ClaimStarted;
    const NAME: &'static str = StartClaim::NAME;
    const TITLE: &'static str = "Start the claim of the account";
    const DONE: &'static str = "started";
    const EFFECT: Effect = StartClaim::EFFECT;
    const GATE: Gate = StartClaim::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let claim_token = context.toolbox.tokens.claim_token().ok_or_else(Denial::not_registered)?;
        let email = self.email.trim();
        let start = StartClaim { claim_token: claim_token.expose().to_owned(), email: email.to_owned() };
        let written = context.write(&start, None).await?;
        let warning = written.writing.end(Settled::with(Outcome::PendingApproval)).await;
        let started = &written.read.output;
        context.toolbox.claim.pace(started.interval.get().copied().map_or(INTERVAL, Duration::from_secs));
        let app = context.toolbox.client.origin().await.ok();
        let link = Link::new(LinkKind::Claim, &started.verification_uri, app.as_ref());
        let minutes =
            started.expires_in.get().map_or_else(|| "a while".into(), |seconds| format!("{} min", seconds / 60));

        let code = super::text::word(&started.user_code);
        let summary = format!(
            "WAITING FOR A PERSON. Nothing is claimed so far.\n{}\nThe code for it: {code} (good for {minutes}). They sign in \
             with {} and enter the code.",
            link.told("Show your person this page and the code below"),
            super::text::visible(email)
        );
        let mut answer = Answer::new(summary, written.read.object);
        answer.outcome = Some(Outcome::PendingApproval);
        if started.email_sent.is_true() {
            answer.lines.push("OpenTrain has sent an e-mail with it too; it may be in the spam folder.".into());
        }
        answer.warnings.extend(warning);
        answer.next = context.next(&[("get_claim_status", "")]);
        if link.verified {
            let ask = format!("Claim the OpenTrain account of your agent: open this page and enter the code {code}.");
            answer.step = Some(HumanStep::claim(link.clone(), ask));
        }
        answer.links.push(link);
        Ok(answer)
    }
}

/// Ask once whether your person has claimed the account. pending is no error: ask again when it says. When it is claimed,
/// the new token is saved and in use at once; the old ones are dead.
#[derive(Deserialize, JsonSchema)]
struct GetClaimStatus {}

/// What is told of a claim.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is read")]
struct ClaimStatus {
    /// pending or claimed.
    status: Option<String>,
    /// Seconds until it makes sense to ask again.
    #[schemars(rename = "retryAfterSeconds")]
    retry_after_seconds: Option<u64>,
    /// What the new token may do.
    scopes: Option<Vec<String>>,
}

impl Tool for GetClaimStatus {
    type Output = ClaimStatus;
    const NAME: &'static str = ExchangeClaim::NAME;
    const TITLE: &'static str = "Get the status of the claim";
    const OFFICIAL: &'static str = "claim_status";
    const DONE: &'static str = "fetched";
    const EFFECT: Effect = ExchangeClaim::EFFECT;
    const GATE: Gate = ExchangeClaim::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        told(context.toolbox.exchange(&context.call).await, context).await
    }
}

async fn told(exchanged: Exchanged, context: &Context) -> Result<Answer, Trouble> {
    match exchanged {
        Exchanged::None if context.toolbox.claim.is_done() => {
            let object = Map::from_iter([("status".to_owned(), "claimed".into())]);
            let summary = "claimed: a person owns the account, and its new token was fetched before.";
            let mut answer = Answer::new(summary, object);
            answer.outcome = Some(Outcome::Done);
            answer.next = context.next(&[("get_auth_status", "")]);
            Ok(answer)
        }
        Exchanged::None => Err(Denial::not_registered().into()),
        Exchanged::Denied(denial) => Err(denial.into()),
        Exchanged::Failed(fault) if fault.may_have_happened() => {
            let hint = "The answer was lost. The token is delivered only once, so it may be gone: ask again once; if that says \
                        invalid_grant, a person makes a key in the app, Settings → API keys, and sets it as OT_API_TOKEN.";
            Err(Trouble::Unknown { fault, hint: hint.into(), retryable: true })
        }
        Exchanged::Failed(fault) => Err(fault.into()),
        Exchanged::TooEarly(wait) => {
            Ok(pending("nothing was asked, since it is too early: how the claim stands is not known.", wait))
        }
        Exchanged::Pending(wait) => Ok(pending("nobody has claimed the account yet.", wait)),
        Exchanged::Claimed { object, unsaved, unrecorded } => {
            let app = context.toolbox.client.origin().await.ok();
            let mut answer = Answer::new(claimed(&object, app.as_ref(), context), object);
            answer.outcome = Some(Outcome::Done);
            answer.warnings.extend(keeping(unsaved, &context.toolbox));
            answer.warnings.extend(unrecorded);
            Ok(answer)
        }
    }
}

fn pending(how: &str, wait: Duration) -> Answer {
    let seconds = wait.as_secs().max(1);
    let summary = format!("pending: {how} Ask again in {seconds} s, or when your person says it is done.");
    let object = Map::from_iter([("status".into(), "pending".into()), ("retryAfterSeconds".into(), seconds.into())]);
    Answer::new(summary, object)
}

fn claimed(object: &Object, app: Option<&Url>, context: &Context) -> String {
    let scopes = object.get("scopes").and_then(Value::as_array);
    let payments = match scopes {
        Some(scopes) if scopes.iter().any(|scope| scope == "payments:write") => "",
        Some(_) => {
            " It does not carry payments:write: to create milestones or ask for money, a person makes a key in the app, \
             Settings → API keys, and sets it as OT_API_TOKEN."
        }
        None => {
            " get_auth_status says what it may do. If payments:write is missing (by OpenTrain's reference it is), a person \
             makes a key in the app, Settings → API keys, and sets it as OT_API_TOKEN."
        }
    };
    let token = if context.toolbox.tokens.overriding_variable().is_some() { "has come" } else { "is in use" };
    let there = if context.toolbox.sandbox && !payments.is_empty() { SANDBOX_KEY } else { "" };
    let text = format!(
        "claimed: a person owns the account now. The new token {token}, and the old ones are dead.{payments}{there}"
    );
    context.toolbox.told_here(&with_key_page(&text, app, context.toolbox.sandbox))
}

/// What has to be said of where the account is kept.
fn keeping(unsaved: Option<String>, toolbox: &Toolbox) -> Vec<String> {
    let overriding = toolbox.tokens.overriding_variable();
    let warning = unsaved.as_ref().map(|fault| {
        format!(
            "WARNING: the token could not be saved: {fault}. Saving is tried again at every call and when this server \
             stops; if that fails too, a person makes a key in the app."
        )
    });
    let note = overriding.map(|variable| {
        let saved = if unsaved.is_some() { "" } else { "; the saved one is used when that is no longer set" };
        format!("Note: the token in {variable} is the one in use{saved}.")
    });
    warning.into_iter().chain(note).collect()
}

impl Toolbox {
    /// What a call has to say that fetched the token of a claim on its way.
    pub(super) fn claim_notes(&self, unsaved: Option<String>, unrecorded: Option<String>) -> Vec<String> {
        let claimed = "Note: a person has claimed the account; its new token was fetched, and is in use now.";
        let mut notes = vec![claimed.to_owned()];
        notes.extend(keeping(unsaved, self));
        notes.extend(unrecorded);
        notes
    }

    /// One look at the claim on behalf of the call that started it, and when to look again while it is open.
    pub(super) async fn look_at_claim(
        self: &Arc<Self>,
        entry: &'static Entry,
        call: &Call,
    ) -> (Report, Option<Duration>) {
        let context = self.context(entry, Object::new(), self.token(), call.clone());
        let exchanged = self.exchange(call).await;
        let wait = exchanged.wait();
        match told(exchanged, &context).await {
            Ok(answer) => (Report { result: Ok(answer), step: None }, wait),
            Err(trouble) => (self.failed(context, &trouble).await, None),
        }
    }
}
