//! Handlers for the account's tokens. They never return a secret.

use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use crate::api::tokens::{ListTokens, RevokeToken};
use crate::sandbox::world::{Caller, Key, Refused, World};

pub(crate) fn list(world: &mut World, caller: &Caller, _: &ListTokens) -> Answered {
    let organization = world.account(caller.owner).map(|account| account.organization_id.as_str());
    let tokens: Vec<_> = world.keys.of(caller.owner).map(|key| to_json(key, organization)).collect();
    Ok(Answer::ok(json!({ "tokens": tokens })))
}

pub(crate) fn revoke(world: &mut World, caller: &Caller, wanted: &RevokeToken) -> Answered {
    let (now, id) = (world.now(), &wanted.token_id.0);
    let organization = world.account(caller.owner).map(|account| account.organization_id.clone());
    let missing = || Refused::not_found("Token not found.").with_details(json!({ "tokenId": id }));
    let key = world.keys.find(caller.owner, id).ok_or_else(missing)?;
    key.revoked_at.get_or_insert(now);
    Ok(Answer::ok(json!({ "token": to_json(key, organization.as_deref()) })))
}

fn to_json(key: &Key, organization: Option<&str>) -> Value {
    json!({
        "id": key.id(),
        "name": key.name,
        "preview": key.preview(),
        "scopes": key.scopes,
        "status": if key.revoked_at.is_some() { "revoked" } else { "active" },
        "organizationId": organization,
        "createdAt": key.created_at,
        "lastUsedAt": key.last_used_at,
        "expiresAt": null,
        "revokedAt": key.revoked_at,
    })
}
