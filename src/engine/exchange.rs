//! Fetches the token of a claimed account. It is delivered exactly once, and the old tokens die in that moment; whoever
//! needs it (`get_claim_status`, a call that met a 401, a wait for a person) asks for it here.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::answer::{Denial, Object, Outcome};
use crate::api::Operation;
use crate::api::agent::{CLAIM_GRANT, ExchangeClaim};
use crate::api::client::Caller;
use crate::api::error::Error;
use crate::api::reply::Read;
use crate::api::token::{AccountLock, StoredAccount, Token, TokenSource};
use crate::guard::ledger::WriteResult;

use super::call::Call;
use super::services::Services;

/// What the exchange may take.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(35);
/// What is kept of a call's time for making it again, once the token is there.
const FOR_THE_CALL: Duration = Duration::from_secs(10);

/// What came of asking for the token of a claim.
pub enum Exchanged {
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
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooEarly(wait) | Self::Pending(wait) => Some(*wait),
            _ => None,
        }
    }
}

/// Asks once whether the claim is done, and keeps the token that comes. The place for it is taken before the question
/// leaves, and from then on nothing stops it: not a caller that goes away, nor the end of the process. It is a write,
/// on whosever behalf: the operator may forbid it, and it is on record.
pub async fn exchange(services: &Arc<Services>, call: &Call) -> Exchanged {
    let turn = match services.claim.turn().await {
        Ok(turn) => turn,
        Err(fault) => return Exchanged::Failed(fault),
    };
    let (services, call) = (Arc::clone(services), call.clone());
    let exchange = tokio::spawn(async move {
        let exchanged = exchange_now(&services, &call).await;
        drop(turn);
        exchanged
    });
    exchange.await.unwrap_or_else(|fault| {
        Exchanged::Failed(Error::Unreachable { what: format!("the exchange broke off ({fault})"), sent: true })
    })
}

/// The same for a call that cannot go on without the token: where it is too early to ask, it waits and asks then, as
/// far as the call's time allows.
pub async fn exchange_in_time(services: &Arc<Services>, call: &Call) -> Exchanged {
    let exchanged = exchange(services, call).await;
    let Exchanged::TooEarly(left) = exchanged else { return exchanged };
    let fits = Instant::now() + left + FOR_THE_CALL < call.deadline;
    if !fits {
        return exchanged;
    }
    tokio::select! {
        () = tokio::time::sleep(left) => exchange(services, call).await,
        () = call.closing.cancelled() => exchanged,
    }
}

async fn exchange_now(services: &Services, call: &Call) -> Exchanged {
    if services.tokens.claim_token().is_none() {
        return Exchanged::None;
    }
    if let Err(denial) = services.operator.allows_writes() {
        return Exchanged::Denied(denial);
    }
    if let Some(left) = services.claim.too_early() {
        return Exchanged::TooEarly(left);
    }
    let lock = match lock_account(Arc::clone(&services.tokens)).await {
        Ok(lock) => lock,
        Err(fault) => return Exchanged::Denied(Denial::unkept(fault)),
    };
    // Another process may have been faster.
    let Some(claim_token) = lock.stored().claim_token else {
        let object = Map::from_iter([("status".to_owned(), json!("claimed"))]);
        return Exchanged::Claimed { object, unsaved: None, unrecorded: None };
    };
    let deadline = call.deadline.max(Instant::now() + EXCHANGE_LIMIT);
    let intent = services.intent(ExchangeClaim::NAME, Object::new(), None, call, None).await;
    let write = match services.operator.begin(intent).await {
        Ok(write) => write,
        Err(denial) => return Exchanged::Denied(denial),
    };
    match ask(services, &claim_token, deadline).await {
        Ok(Read { object, output, .. }) => {
            let account = StoredAccount { token: Some(output.access_token.clone()), claim_token: None };
            let unsaved = store_account(lock, account).await.err();
            services.claim.finish();
            let unrecorded = write.end(WriteResult::with(Outcome::Done)).await;
            let mut claimed = Map::from_iter([("status".to_owned(), json!("claimed"))]);
            claimed.extend(without_secrets(object, &[&output.access_token, &claim_token]));
            Exchanged::Claimed { object: claimed, unsaved, unrecorded }
        }
        Err(fault) => {
            // That it could not be recorded refuses the next write, which says so.
            let _ = write.end(WriteResult::failed(&fault)).await;
            not_given(services, fault)
        }
    }
}

/// One question to the token endpoint; what never left does not count as one.
async fn ask(services: &Services, claim_token: &Token, deadline: Instant) -> Result<Read<ExchangeClaim>, Error> {
    let ask = ExchangeClaim { grant_type: CLAIM_GRANT.into(), claim_token: claim_token.expose().to_owned() };
    let asked = Instant::now();
    let caller = Caller { claim_token: Some(claim_token), ..Caller::nobody(deadline) };
    let answer = services.client.send(&ask, caller).await;
    if !answer.as_ref().is_err_and(Error::never_left) {
        services.claim.asked(asked);
    }
    answer?.read::<ExchangeClaim>()
}

fn not_given(services: &Services, fault: Error) -> Exchanged {
    let code = if let Error::Refused(refusal) = &fault { refusal.code.as_deref() } else { None };
    match code {
        Some("authorization_pending") => Exchanged::Pending(services.claim.interval()),
        Some("slow_down") => Exchanged::Pending(services.claim.slow_down()),
        _ => Exchanged::Failed(fault),
    }
}

/// An answer without its tokens, wherever it repeats them: no model may see them.
#[must_use]
pub fn without_secrets(mut object: Object, tokens: &[&Token]) -> Object {
    object.retain(|name, _| !name.ends_with("_token"));
    let mut json = Value::Object(object).to_string();
    for token in tokens {
        token.mask(&mut json);
    }
    serde_json::from_str(&json).unwrap_or_default()
}

/// What has to be said of where the account is kept.
#[must_use]
pub fn notes_on_keeping(services: &Services, unsaved: Option<&str>) -> Vec<String> {
    let warning = unsaved.map(|fault| {
        format!(
            "WARNING: the token could not be saved: {fault}. Saving is tried again at every call and when this server \
             stops; if that fails too, a person makes a key in the app."
        )
    });
    let note = services.tokens.overriding_variable().map(|variable| {
        let saved = if unsaved.is_some() { "" } else { "; the saved one is used when that is no longer set" };
        format!("Note: the token in {variable} is the one in use{saved}.")
    });
    warning.into_iter().chain(note).collect()
}

/// Locks the stored account, off the thread that serves.
///
/// # Errors
/// Why nothing can be stored.
pub async fn lock_account(tokens: Arc<dyn TokenSource>) -> Result<Box<dyn AccountLock>, String> {
    tokio::task::spawn_blocking(move || tokens.lock()).await.map_err(|fault| fault.to_string())?
}

/// Stores an account, off the thread that serves.
///
/// # Errors
/// Why it could not be saved.
pub async fn store_account(lock: Box<dyn AccountLock>, account: StoredAccount) -> Result<(), String> {
    tokio::task::spawn_blocking(move || lock.store(account)).await.map_err(|fault| fault.to_string())?
}
