//! Handlers for the caller's own account.

use serde_json::json;

use super::answer::{Answer, Answered};
use crate::api::account::{GetAuthStatus, GetCapabilities};
use crate::sandbox::rules::drafts;
use crate::sandbox::world::{Caller, Refused, World};

pub(crate) fn auth_status(world: &mut World, caller: &Caller, _: &GetAuthStatus) -> Answered {
    let gone = || Refused::not_found("The token's user no longer exists.");
    let account = world.account(caller.owner).ok_or_else(gone)?;
    Ok(Answer::ok(json!({
        "actor": {
            "userId": account.user_id,
            "email": account.email,
            "firstName": account.first_name,
            "lastName": account.last_name,
            "fullName": account.full_name(),
            "userType": "EMPLOYER",
        },
        "token": {
            "id": caller.token_id,
            "label": caller.label,
            "scopes": caller.scopes,
            "ownerOrganizationId": null,
        },
        "account": {
            "kind": "employer_organization",
            "organizationId": account.organization_id,
            "ownerUserId": account.user_id,
            "memberRole": "OWNER",
        },
    })))
}

pub(crate) fn capabilities(_: &mut World, caller: &Caller, _: &GetCapabilities) -> Answered {
    let drafting = caller.has_feature("public_api_job_drafting");
    Ok(Answer::ok(json!({
        "featureKey": "public_api_job_drafting",
        "namespace": "job-drafts",
        "rolloutMode": "ALL",
        "actorIsAdmin": false,
        "capabilities": {
            "draftImport": drafting,
            "draftCreate": drafting,
            "draftUpdate": drafting,
            "draftUrlRead": drafting,
            "publish": caller.has_feature("public_api_job_publishing"),
            "hiring": caller.has_feature("public_api_hiring"),
            "messagingWrites": caller.has_feature("public_api_messaging_writes"),
            "team": caller.has_feature("public_api_team"),
            "paymentsWrite": caller.has_feature("public_api_payments_write"),
            "credits": caller.has_feature("public_api_credits"),
            "webhooks": caller.has_feature("public_api_webhooks"),
        },
        "draft": drafts::capabilities(),
        "authBootstrap": "token",
        "enabled": drafting,
    })))
}
