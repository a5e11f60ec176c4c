//! Fetches the token of a claimed account. OpenTrain delivers it exactly once and revokes the old tokens at the same
//! moment. Every caller that needs it (`get_claim_status`, a call after a 401, a wait for a person) uses this module.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::answer::{Denial, Object, Outcome, Shown, quoted_to, shown};
use crate::api::Operation;
use crate::api::agent::{CLAIM_GRANT, ExchangeClaim};
use crate::api::client::Caller;
use crate::api::error::Error;
use crate::api::reply::Read;
use crate::api::token::{AccountLock, StoredAccount, Token, TokenSource};
use crate::api::wording::wording;
use crate::guard::ledger::WriteResult;

use super::call::Call;
use super::services::Services;

/// The time limit of one exchange.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(35);
/// The part of a call's time that is reserved for the retry with the new token.
const FOR_THE_CALL: Duration = Duration::from_secs(10);

/// The result of asking for the token of a claim.
pub enum Exchanged {
    /// No claim is under way.
    None,
    /// The operator forbids the request; it was not sent.
    Denied(Denial),
    /// The pause that OpenTrain asks for is not over; the request was not sent.
    TooEarly(Duration),
    /// No person has claimed the account yet. Ask again after this pause.
    Pending(Duration),
    /// The account is claimed and the new token is in use.
    Claimed {
        /// OpenTrain's reply without the token.
        object: Object,
        /// The reason why the token could not be saved, if so.
        unsaved: Option<String>,
        /// The reason why the exchange could not be recorded, if so.
        unrecorded: Option<Shown>,
    },
    /// The request failed.
    Failed(Error),
}

impl Exchanged {
    /// The pause before another attempt makes sense; `None` if no attempt makes sense.
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooEarly(wait) | Self::Pending(wait) => Some(*wait),
            _ => None,
        }
    }
}

/// Asks OpenTrain once for the token, and stores it.
///
/// The storage is locked before the request is sent, and the task then runs to its end, even if the caller goes away or
/// the process is asked to stop. The exchange is a write: the operator may forbid it, and it is recorded.
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
        Exchanged::Failed(Error::Unreachable {
            what: wording!("the exchange broke off ({})", fault.to_string()),
            sent: true,
        })
    })
}

/// Like `exchange`, for a call that cannot continue without the token: if it is too early to ask, it waits as long as
/// the call's time allows.
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
    if let Err(denial) = services.operator.allows_writes().await {
        return Exchanged::Denied(denial);
    }
    if let Some(left) = services.claim.too_early() {
        return Exchanged::TooEarly(left);
    }
    let lock = match lock_account(Arc::clone(&services.tokens)).await {
        Ok(lock) => lock,
        Err(fault) => return Exchanged::Denied(Denial::unkept(fault)),
    };
    // Another process may have fetched the token already.
    let Some(claim_token) = lock.stored().claim_token else {
        services.claim.finish();
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
            // A failure to record refuses the next write, which then reports it.
            let _ = write.end(WriteResult::failed(&fault)).await;
            not_given(services, &claim_token, fault)
        }
    }
}

/// Sends one request to the token endpoint. A request that never left does not count for the pause.
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

fn not_given(services: &Services, claim_token: &Token, fault: Error) -> Exchanged {
    let code = if let Error::Refused(refusal) = &fault { refusal.code.as_deref() } else { None };
    match code {
        Some("authorization_pending") => Exchanged::Pending(services.claim.interval()),
        Some("slow_down") => Exchanged::Pending(services.claim.slow_down()),
        Some("expired_token") => {
            services.claim.run_out(claim_token);
            Exchanged::Failed(fault)
        }
        _ => Exchanged::Failed(fault),
    }
}

/// Removes the tokens from a reply at any depth, also where other fields repeat them. No model may see them.
#[must_use]
pub fn without_secrets(mut object: Object, tokens: &[&Token]) -> Object {
    drop_tokens(&mut object);
    let mut json = Value::Object(object).to_string();
    for token in tokens {
        token.mask(&mut json);
    }
    serde_json::from_str(&json).unwrap_or_default()
}

fn drop_tokens(object: &mut Object) {
    let is_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["token", "secret", "password"].iter().any(|end| name.ends_with(end))
    };
    object.retain(|name, value| !is_secret(name) || matches!(value, Value::Bool(_) | Value::Number(_) | Value::Null));
    object.values_mut().for_each(drop_tokens_in);
}

fn drop_tokens_in(value: &mut Value) {
    match value {
        Value::Object(object) => drop_tokens(object),
        Value::Array(items) => items.iter_mut().for_each(drop_tokens_in),
        _ => {}
    }
}

/// Notes for a caller whose call has fetched the token of a claim on the way.
#[must_use]
pub fn notes_on_claim(services: &Services, unsaved: Option<&str>, unrecorded: Option<Shown>) -> Vec<Shown> {
    let claimed = "Note: a person has claimed the account; its new token was fetched, and is in use now.";
    let kept = notes_on_keeping(services, unsaved);
    std::iter::once(claimed.into()).chain(kept).chain(unrecorded).collect()
}

/// Warnings and notes for the caller about the storage of the token.
#[must_use]
pub fn notes_on_keeping(services: &Services, unsaved: Option<&str>) -> Vec<Shown> {
    let warning = unsaved.map(|fault| {
        shown!(
            "WARNING: the token could not be saved: {}. Saving is tried again at every call and when this server \
             stops; if that fails too, a person makes a key in the app.",
            quoted_to(fault, 500)
        )
    });
    let note = services.tokens.overriding_variable().map(|variable| {
        let saved = if unsaved.is_some() { "" } else { "; the saved one is used when that is no longer set" };
        shown!("Note: the token in {} is the one in use{}.", variable, saved)
    });
    warning.into_iter().chain(note).collect()
}

/// Locks the stored account on a thread that may block.
///
/// # Errors
/// The reason why nothing can be stored.
pub async fn lock_account(tokens: Arc<dyn TokenSource>) -> Result<Box<dyn AccountLock>, String> {
    tokio::task::spawn_blocking(move || tokens.lock()).await.map_err(|fault| fault.to_string())?
}

/// Stores the account on a thread that may block.
///
/// # Errors
/// The reason why it could not be saved.
pub async fn store_account(lock: Box<dyn AccountLock>, account: StoredAccount) -> Result<(), String> {
    tokio::task::spawn_blocking(move || lock.store(account)).await.map_err(|fault| fault.to_string())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_of_a_reply_is_shown_at_any_depth() {
        let reply = json!({
            "access_token": "a", "token_type": "bearer", "scopes": ["x"],
            "more": [{ "refresh_token": "b", "clientSecret": "c", "has_password": true, "id": 1 }]
        });
        let shown = without_secrets(reply.as_object().unwrap().clone(), &[]);
        let wanted = json!({
            "token_type": "bearer", "scopes": ["x"], "more": [{ "has_password": true, "id": 1 }]
        });
        assert_eq!(Value::Object(shown), wanted);
    }
}
