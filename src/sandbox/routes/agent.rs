//! Handlers for an agent's account: registration, the claim ceremony, and the end of a token. They speak OAuth.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use crate::api::agent::{CLAIM_GRANT, ExchangeClaim, RegisterIdentity, RevokeOwnToken, StartClaim};
use crate::sandbox::rules::claim::{self, CODE_LIFETIME, NotYet, POLL_INTERVAL};
use crate::sandbox::world::{AFTER_THE_CLAIM, BEFORE_THE_CLAIM, Caller, Refused, World};

const ANONYMOUS: &str = "anonymous";
/// An agent with this name rehearses that registration is off.
const SWITCHED_OFF: &str = "registration-off-test";

/// Our own client never sends this field.
pub(crate) fn check_identity_type(body: &[u8]) -> Result<(), Refused> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match body.get("identity_type").filter(|kind| !kind.is_null() && *kind != ANONYMOUS) {
        None => Ok(()),
        Some(_) => Err(Refused::oauth("unsupported_identity_type", "The only identity_type is \"anonymous\".")),
    }
}

pub(crate) fn register(world: &mut World, _: &Caller, wanted: &RegisterIdentity) -> Answered {
    if wanted.agent_name.as_deref() == Some(SWITCHED_OFF) {
        let refused = Refused::oauth("anonymous_not_enabled", "Anonymous registration is switched off.");
        return Err(refused.with_status(StatusCode::FORBIDDEN));
    }
    let made = claim::register(world, wanted.agent_name.as_deref(), wanted.organization_name.as_deref());
    Ok(Answer::ok(json!({
        "identity_type": ANONYMOUS,
        "registration_id": made.registration_id,
        "access_token": made.access_token,
        "token_type": "bearer",
        "scopes": BEFORE_THE_CLAIM,
        "claim_token": made.claim_token,
        "claim_token_expires_at": made.ends_at,
        "claim_endpoint": world.page("/api/agent/identity/claim"),
        "token_endpoint": world.page("/api/agent/oauth/token"),
        "grant_type": CLAIM_GRANT,
    })))
}

/// A second start makes another code.
pub(crate) fn start(world: &mut World, _: &Caller, wanted: &StartClaim) -> Answered {
    if !is_address(&wanted.email) {
        return Err(Refused::oauth("invalid_request", "email must be an e-mail address."));
    }
    let attempt = claim::invite(world, &wanted.claim_token, &wanted.email);
    let attempt = attempt.map_err(|why| Refused::oauth("invalid_request", why))?;
    Ok(Answer::ok(json!({
        "user_code": attempt.code,
        "verification_uri": format!("{}?token={}", world.page("/claim"), attempt.token),
        "expires_in": CODE_LIFETIME,
        "interval": POLL_INTERVAL,
        "email_sent": false,
    })))
}

/// True if it looks like an e-mail address.
pub(crate) fn is_address(text: &str) -> bool {
    let mut parts = text.split('@');
    let (name, domain) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let clean = |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace());
    clean(name) && clean(domain) && domain.contains('.') && parts.next().is_none()
}

pub(crate) fn exchange(world: &mut World, _: &Caller, wanted: &ExchangeClaim) -> Answered {
    if wanted.grant_type != CLAIM_GRANT {
        return Err(Refused::oauth("unsupported_grant_type", format!("The only grant_type here is {CLAIM_GRANT}.")));
    }
    let token = claim::exchange(world, &wanted.claim_token).map_err(|why| match why {
        NotYet::Pending => Refused::oauth("authorization_pending", "No person has claimed the account yet."),
        NotYet::TooFast => Refused::oauth("slow_down", "Ask less often: once in 5 seconds."),
        NotYet::Expired => Refused::oauth("expired_token", "The time to claim this account is over: register again."),
        NotYet::Invalid => Refused::oauth("invalid_grant", "claim_token is unknown, or its token was delivered."),
    })?;
    Ok(Answer::ok(json!({ "access_token": token, "token_type": "bearer", "scopes": AFTER_THE_CLAIM })))
}

/// An unknown token gets the same answer (RFC 7009, 2.2).
pub(crate) fn revoke(world: &mut World, _: &Caller, wanted: &RevokeOwnToken) -> Answered {
    let now = world.now();
    world.keys.revoke(&wanted.token, now);
    Ok(Answer::ok(json!({})))
}
