//! The claim of an agent's own account. The token that it gives is delivered exactly once, and the old ones die in that
//! moment; whoever needs it (`get_claim_status`, a call that met a 401, a wait for a person) asks for it here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::api::agent::{CLAIM_GRANT, ExchangeClaim};
use crate::api::client::Caller;
use crate::api::error::Error;
use crate::api::reply::Read;
use crate::api::token::{AccountLock, StoredAccount, Token, TokenSource};

use super::agent::EXCHANGE;
use super::answer::Outcome;
use super::audit::Settled;
use super::context::Call;
use super::failure::Denial;
use super::schema::Object;
use super::toolbox::Toolbox;

/// Between two questions whether the claim is done, unless OpenTrain says otherwise.
pub(super) const INTERVAL: Duration = Duration::from_secs(5);
/// The longest that OpenTrain may ask for: a code is good for half an hour.
const LONGEST_INTERVAL: Duration = Duration::from_secs(600);
/// What the exchange may take.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(35);
/// What is kept of a call's time for making it again, once the token is there.
const FOR_THE_CALL: Duration = Duration::from_secs(10);

/// The claim under way in this process: when it may be asked for again, and that one question is asked at a time.
pub(super) struct Claim {
    turn: Arc<Semaphore>,
    pace: Mutex<Pace>,
    /// This process has fetched the token of a claim.
    done: AtomicBool,
}

#[derive(Default)]
struct Pace {
    interval: Option<Duration>,
    last: Option<Instant>,
}

impl Default for Claim {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), pace: Mutex::default(), done: AtomicBool::new(false) }
    }
}

impl Claim {
    /// A turn at what delivers credentials: one at a time, and the process does not stop while one has it.
    ///
    /// # Errors
    /// When the process stops.
    pub(super) async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let stops = |_| Error::Unreachable { what: "this server stops".into(), sent: false };
        Arc::clone(&self.turn).acquire_owned().await.map_err(stops)
    }

    /// Waits until credentials that are being delivered are on the disk. Nobody has a turn from then on.
    pub(super) async fn settled(&self) {
        let turn = self.turn.acquire().await;
        self.turn.close();
        drop(turn);
    }

    /// Whether this process has fetched the token of a claim.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }

    /// OpenTrain has named the time between two questions.
    pub(super) fn pace(&self, interval: Duration) {
        if let Ok(mut pace) = self.pace.lock() {
            pace.interval = Some(interval.min(LONGEST_INTERVAL));
        }
    }

    /// How long it is too early to ask.
    fn too_early(&self) -> Option<Duration> {
        let pace = self.pace.lock().ok()?;
        let left = pace.interval.unwrap_or(INTERVAL).saturating_sub(pace.last?.elapsed());
        (!left.is_zero()).then_some(left)
    }

    /// A question has left at that moment.
    fn asked(&self, at: Instant) {
        if let Ok(mut pace) = self.pace.lock() {
            pace.last = Some(at);
        }
    }

    /// OpenTrain wants more time between two questions (RFC 8628, 3.5).
    fn slow_down(&self) -> Duration {
        self.pace(self.interval() + INTERVAL);
        self.interval()
    }

    fn interval(&self) -> Duration {
        self.pace.lock().ok().and_then(|pace| pace.interval).unwrap_or(INTERVAL)
    }
}

/// What came of asking for the token of a claim.
pub(super) enum Exchanged {
    /// There is no claim to ask for.
    None,
    /// The operator forbids it; nobody was asked.
    Denied(Denial),
    /// It is too early for another question: nobody was asked, and it is not known how the claim stands.
    TooEarly(Duration),
    /// Nobody has claimed the account yet; ask again then.
    Pending(Duration),
    /// The account is claimed, and the new token kept.
    Claimed {
        /// What OpenTrain answered, without the token.
        object: Object,
        /// Why the token could not be saved.
        unsaved: Option<String>,
        /// Why it could not be recorded, in words.
        unrecorded: Option<String>,
    },
    /// It failed.
    Failed(Error),
}

impl Exchanged {
    /// How long until it makes sense to ask again; `None` where it makes none.
    pub(super) const fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooEarly(wait) | Self::Pending(wait) => Some(*wait),
            _ => None,
        }
    }
}

impl Toolbox {
    /// Asks once whether the claim is done, and keeps the token that comes. The place for it is taken before the question
    /// leaves, and from then on nothing stops it: not a caller that goes away, nor the end of the process. It is a write,
    /// on whosever behalf: the operator may forbid it, and it is on record.
    pub(super) async fn exchange(self: &Arc<Self>, call: &Call) -> Exchanged {
        let turn = match self.claim.turn().await {
            Ok(turn) => turn,
            Err(fault) => return Exchanged::Failed(fault),
        };
        let (toolbox, call) = (Arc::clone(self), call.clone());
        let exchange = tokio::spawn(async move {
            let exchanged = toolbox.exchange_now(call).await;
            drop(turn);
            exchanged
        });
        exchange.await.unwrap_or_else(|fault| {
            Exchanged::Failed(Error::Unreachable { what: format!("the exchange broke off ({fault})"), sent: true })
        })
    }

    /// The same for a call that cannot go on without the token: where it is too early to ask, it waits and asks then, as
    /// far as the call's time allows.
    pub(super) async fn exchange_in_time(self: &Arc<Self>, call: &Call) -> Exchanged {
        let exchanged = self.exchange(call).await;
        let Exchanged::TooEarly(left) = exchanged else { return exchanged };
        let fits = Instant::now() + left + FOR_THE_CALL < call.deadline;
        if !fits {
            return exchanged;
        }
        tokio::select! {
            () = tokio::time::sleep(left) => self.exchange(call).await,
            () = call.closing.cancelled() => exchanged,
        }
    }

    async fn exchange_now(self: &Arc<Self>, call: Call) -> Exchanged {
        if self.tokens.claim_token().is_none() {
            return Exchanged::None;
        }
        if let Err(denial) = self.operator.allows_writes() {
            return Exchanged::Denied(denial);
        }
        if let Some(left) = self.claim.too_early() {
            return Exchanged::TooEarly(left);
        }
        let lock = match lock_account(Arc::clone(&self.tokens)).await {
            Ok(lock) => lock,
            Err(fault) => return Exchanged::Denied(Denial::unkept(fault)),
        };
        // Another process may have been faster.
        let Some(claim_token) = lock.stored().claim_token else {
            let object = Map::from_iter([("status".to_owned(), json!("claimed"))]);
            return Exchanged::Claimed { object, unsaved: None, unrecorded: None };
        };
        let deadline = call.deadline.max(Instant::now() + EXCHANGE_LIMIT);
        let writing = match self.operator.begin(&self.context(EXCHANGE, Object::new(), None, call), None).await {
            Ok(writing) => writing,
            Err(denial) => return Exchanged::Denied(denial),
        };
        match self.ask(&claim_token, deadline).await {
            Ok(Read { object, output, .. }) => {
                let account = StoredAccount { token: Some(output.access_token.clone()), claim_token: None };
                let unsaved = store_account(lock, account).await.err();
                self.claim.done.store(true, Ordering::Relaxed);
                let unrecorded = writing.end(Settled::with(Outcome::Done)).await;
                let mut told = Map::from_iter([("status".to_owned(), json!("claimed"))]);
                told.extend(without_secrets(object, &[&output.access_token, &claim_token]));
                Exchanged::Claimed { object: told, unsaved, unrecorded }
            }
            Err(fault) => {
                // That it could not be recorded refuses the next write, which says so.
                let _ = writing.end(Settled::failed(&fault)).await;
                self.not_given(fault)
            }
        }
    }

    /// One question to the token endpoint; what never left does not count as one.
    async fn ask(&self, claim_token: &Token, deadline: Instant) -> Result<Read<ExchangeClaim>, Error> {
        let ask = ExchangeClaim { grant_type: CLAIM_GRANT.into(), claim_token: claim_token.expose().to_owned() };
        let asked = Instant::now();
        let caller = Caller { claim_token: Some(claim_token), ..Caller::nobody(deadline) };
        let answer = self.client.send(&ask, caller).await;
        if !answer.as_ref().is_err_and(Error::never_left) {
            self.claim.asked(asked);
        }
        answer?.read::<ExchangeClaim>()
    }

    fn not_given(&self, fault: Error) -> Exchanged {
        let code = if let Error::Refused(refusal) = &fault { refusal.code.as_deref() } else { None };
        match code {
            Some("authorization_pending") => Exchanged::Pending(self.claim.interval()),
            Some("slow_down") => Exchanged::Pending(self.claim.slow_down()),
            _ => Exchanged::Failed(fault),
        }
    }
}

/// An answer without its tokens, wherever it repeats them: no model may see them.
pub(super) fn without_secrets(mut object: Object, tokens: &[&Token]) -> Object {
    object.retain(|name, _| !name.ends_with("_token"));
    let mut json = Value::Object(object).to_string();
    for token in tokens {
        token.mask(&mut json);
    }
    serde_json::from_str(&json).unwrap_or_default()
}

/// Locks the stored account, off the thread that serves.
pub(super) async fn lock_account(tokens: Arc<dyn TokenSource>) -> Result<Box<dyn AccountLock>, String> {
    tokio::task::spawn_blocking(move || tokens.lock()).await.map_err(|fault| fault.to_string())?
}

/// Stores an account, off the thread that serves.
pub(super) async fn store_account(lock: Box<dyn AccountLock>, account: StoredAccount) -> Result<(), String> {
    tokio::task::spawn_blocking(move || lock.store(account)).await.map_err(|fault| fault.to_string())?
}
