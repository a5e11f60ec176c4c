//! An agent's own account, from registration to the claim. The tokens are kept by the [`TokenSource`] and never shown.

use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::api::agent::{CLAIM_GRANT, ClaimStarted, ExchangeClaim, RegisterIdentity, StartClaim};
use crate::api::client::Caller;
use crate::api::error::{Error, InvalidArgument, Refusal};
use crate::api::token::{Hold, Kept, Token, TokenSource};
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Link, LinkKind, Outcome, Report};
use super::audit::Settled;
use super::context::{Call, Context};
use super::failure::{Denial, Trouble};
use super::person::HumanStep;
use super::schema::Object;
use super::toolbox::Toolbox;
use super::{Entry, Tool};

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<RegisterAgent>(), Entry::of::<ClaimAccount>(), Entry::of::<GetClaimStatus>()];

/// Between two questions whether the claim is done, unless OpenTrain says otherwise.
const INTERVAL: Duration = Duration::from_secs(5);
/// What the exchange may take.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(35);

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
    const EFFECT: Effect = RegisterIdentity::EFFECT;
    const GATE: Gate = RegisterIdentity::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let hold = hold(context.toolbox.tokens.clone()).await.map_err(Error::NotConfigured)?;
        if hold.kept().token.is_some() && self.force != Some(true) && !context.toolbox.sandbox {
            let message = "an account is saved here already; force: true replaces it, and then nobody can get at the old one \
                           who does not own it";
            return Err(InvalidArgument::new("force", message).into());
        }
        let register = RegisterIdentity { agent_name: self.agent_name, organization_name: self.organization_name };
        let written = context.write(&register, None).await?;
        let registration = &written.read.output;
        let token = |text: &str| Token::new(text).ok();
        let kept = Kept { token: token(&registration.access_token), claim_token: token(&registration.claim_token) };
        let saved = keep(hold, kept).await;
        let warning = written.writing.end(Settled::with(Outcome::Created)).await;

        let summary = "Registered. The account can draft and publish jobs and read; to hire or pay, a person has to claim it \
                       within about 24 hours: ask for their e-mail address, then claim_account(email).";
        let mut answer = Answer::new(context.toolbox.told_here(summary), without(written.read.object, SECRETS));
        answer.outcome = Some(Outcome::Created);
        answer.warnings.extend(keeping(saved.err(), context));
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
    const EFFECT: Effect = StartClaim::EFFECT;
    const GATE: Gate = StartClaim::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let claim_token = context.toolbox.tokens.claim_token().ok_or_else(Denial::not_registered)?;
        let start = StartClaim { claim_token: claim_token.expose().to_owned(), email: self.email.trim().to_owned() };
        let written = context.write(&start, None).await?;
        let warning = written.writing.end(Settled::with(Outcome::Done)).await;
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
            super::text::visible(&self.email)
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
    const EFFECT: Effect = ExchangeClaim::EFFECT;
    const GATE: Gate = ExchangeClaim::GATE;
    const IDS: &'static str = "";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let writing = context.begin(None).await?;
        let exchanged = context.toolbox.exchange(&context.call).await;
        let settled = match &exchanged {
            Exchanged::Failed(fault) => Settled::failed(fault),
            _ => Settled::with(Outcome::Done),
        };
        let warning = writing.end(settled).await;
        let mut answer = told(exchanged, context)?;
        answer.warnings.extend(warning);
        Ok(answer)
    }
}

fn told(exchanged: Exchanged, context: &Context) -> Result<Answer, Trouble> {
    match exchanged {
        Exchanged::None => Err(Denial::not_registered().into()),
        Exchanged::Failed(fault) if fault.may_have_happened() => {
            let hint = "The answer was lost. The token is delivered only once, so it may be gone: ask again once; if that says \
                        invalid_grant, a person makes a key in the app, Settings → API keys, and sets it as OT_API_TOKEN.";
            Err(Trouble::Unknown { fault, hint: hint.into(), retryable: true })
        }
        Exchanged::Failed(fault) => Err(fault.into()),
        Exchanged::Pending(wait) => {
            let seconds = wait.as_secs().max(1);
            let summary = format!(
                "pending: nobody has claimed the account yet. Ask again in {seconds} s, or when your person says it is done."
            );
            let object =
                Map::from_iter([("status".into(), "pending".into()), ("retryAfterSeconds".into(), seconds.into())]);
            Ok(Answer::new(summary, object))
        }
        Exchanged::Claimed { object, unsaved } => {
            let mut answer = Answer::new(claimed(&object), object);
            answer.outcome = Some(Outcome::Done);
            answer.warnings.extend(keeping(unsaved, context));
            Ok(answer)
        }
    }
}

fn claimed(object: &Object) -> String {
    let scopes: Vec<&str> =
        object.get("scopes").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let payments = if scopes.contains(&"payments:write") {
        ""
    } else {
        " It does not carry payments:write: to create milestones or ask for money, a person makes a key in the app, \
         Settings → API keys, and sets it as OT_API_TOKEN."
    };
    format!("claimed: a person owns the account now. The new token is in use, and the old ones are dead.{payments}")
}

/// What has to be said of where the account is kept.
fn keeping(unsaved: Option<String>, context: &Context) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(fault) = unsaved {
        lines.push(format!("WARNING: the token could not be saved: {fault}. It is in use until this server stops, and lost then: a person makes a key in the app."));
    }
    if let Some(variable) = context.toolbox.tokens.overruled_by() {
        lines.push(format!(
            "Note: the token in {variable} is the one in use; the saved one is used when that is no longer set."
        ));
    }
    lines
}

/// The fields of an answer that no model may see.
const SECRETS: &[&str] = &["access_token", "claim_token"];

fn without(mut object: Object, names: &[&str]) -> Object {
    object.retain(|name, _| !names.contains(&name.as_str()));
    object
}

async fn hold(tokens: Arc<dyn TokenSource>) -> Result<Box<dyn Hold>, String> {
    tokio::task::spawn_blocking(move || tokens.hold()).await.map_err(|fault| fault.to_string())?
}

async fn keep(hold: Box<dyn Hold>, kept: Kept) -> Result<(), String> {
    tokio::task::spawn_blocking(move || hold.keep(kept)).await.map_err(|fault| fault.to_string())?
}

/// The claim under way in this process: when it may be asked for again, and that one question is asked at a time.
#[derive(Default)]
pub(super) struct Claim {
    asking: Arc<Mutex<()>>,
    pace: StdMutex<Pace>,
}

#[derive(Default)]
struct Pace {
    interval: Option<Duration>,
    last: Option<Instant>,
}

impl Claim {
    /// Waits until a token that is being delivered is on the disk.
    pub(super) async fn settled(&self) {
        drop(self.asking.lock().await);
    }

    fn pace(&self, interval: Duration) {
        if let Ok(mut pace) = self.pace.lock() {
            pace.interval = Some(interval);
        }
    }

    /// How long it is too early to ask; asking now counts from here.
    fn too_early(&self) -> Option<Duration> {
        let mut pace = self.pace.lock().ok()?;
        let interval = pace.interval.unwrap_or(INTERVAL);
        let left = pace.last.map(|last| interval.saturating_sub(last.elapsed())).filter(|left| !left.is_zero());
        if left.is_none() {
            pace.last = Some(Instant::now());
        }
        left
    }

    /// OpenTrain wants more time between two questions (RFC 8628, 3.5).
    fn slow_down(&self) -> Duration {
        self.pace.lock().map_or(INTERVAL, |mut pace| {
            let interval = pace.interval.unwrap_or(INTERVAL) + INTERVAL;
            pace.interval = Some(interval);
            interval
        })
    }

    fn interval(&self) -> Duration {
        self.pace.lock().ok().and_then(|pace| pace.interval).unwrap_or(INTERVAL)
    }
}

/// What came of asking for the token of a claim.
pub(super) enum Exchanged {
    /// There is no claim to ask for.
    None,
    /// Not yet; ask again then.
    Pending(Duration),
    /// The account is claimed, and the new token in use.
    Claimed {
        /// What OpenTrain answered, without the token.
        object: Object,
        /// Why the token could not be saved.
        unsaved: Option<String>,
    },
    /// It failed.
    Failed(Error),
}

impl Toolbox {
    /// Asks once whether the claim is done, and keeps the token that comes: it is delivered exactly once, and the old
    /// ones die in that moment. So the place for it is taken before the question leaves, and from then on nothing stops
    /// it: not a caller that goes away, nor the end of the process.
    pub(super) async fn exchange(self: &Arc<Self>, call: &Call) -> Exchanged {
        let toolbox = Arc::clone(self);
        let deadline = call.deadline.max(Instant::now() + EXCHANGE_LIMIT);
        let asking = Arc::clone(&self.claim.asking).lock_owned().await;
        let exchange = tokio::spawn(async move {
            let exchanged = toolbox.exchange_now(deadline).await;
            drop(asking);
            exchanged
        });
        exchange.await.unwrap_or_else(|fault| {
            Exchanged::Failed(Error::Unreachable { what: format!("the exchange broke off ({fault})"), sent: true })
        })
    }

    async fn exchange_now(&self, deadline: Instant) -> Exchanged {
        if self.tokens.claim_token().is_none() {
            return Exchanged::None;
        }
        if let Some(left) = self.claim.too_early() {
            return Exchanged::Pending(left);
        }
        let hold = match hold(Arc::clone(&self.tokens)).await {
            Ok(hold) => hold,
            Err(fault) => return Exchanged::Failed(Error::NotConfigured(fault)),
        };
        // Another process may have been faster.
        let Some(claim_token) = hold.kept().claim_token else {
            let object = Map::from_iter([("status".to_owned(), json!("claimed"))]);
            return Exchanged::Claimed { object, unsaved: None };
        };
        let ask = ExchangeClaim { grant_type: CLAIM_GRANT.into(), claim_token: claim_token.expose().to_owned() };
        let answer = self.client.send(&ask, Caller { token: Some(&claim_token), deadline }).await;
        match answer.and_then(|reply| reply.read::<ExchangeClaim>()) {
            Ok(read) => self.granted(read.output.access_token, read.object, hold).await,
            Err(Error::Refused(refusal)) => self.refused(*refusal),
            Err(fault) => Exchanged::Failed(fault),
        }
    }

    async fn granted(&self, token: String, object: Object, hold: Box<dyn Hold>) -> Exchanged {
        let Ok(token) = Token::new(&token) else {
            return Exchanged::Failed(Error::NotConfigured("what OpenTrain delivered is no token".into()));
        };
        let unsaved = keep(hold, Kept { token: Some(token), claim_token: None }).await.err();
        let mut told = Map::from_iter([("status".to_owned(), json!("claimed"))]);
        told.extend(without(object, SECRETS));
        Exchanged::Claimed { object: told, unsaved }
    }

    /// One look at the claim on behalf of the call that started it, and whether it is still open.
    pub(super) async fn look_at_claim(self: &Arc<Self>, entry: &'static Entry, call: &Call) -> (Report, bool) {
        let context = self.context(entry, Object::new(), self.token(), call.clone());
        let exchanged = self.exchange(call).await;
        let pending = matches!(exchanged, Exchanged::Pending(_));
        match told(exchanged, &context) {
            Ok(answer) => (Report { result: Ok(answer), step: None }, pending),
            Err(trouble) => (self.failed(context, &trouble).await, false),
        }
    }

    fn refused(&self, refusal: Refusal) -> Exchanged {
        match refusal.code.as_deref() {
            Some("authorization_pending") => Exchanged::Pending(self.claim.interval()),
            Some("slow_down") => Exchanged::Pending(self.claim.slow_down()),
            _ => Exchanged::Failed(Error::Refused(Box::new(refusal))),
        }
    }
}
