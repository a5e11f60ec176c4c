//! The account behind the token.

#![expect(clippy::unnecessary_wraps, reason = "a handler may refuse; one has no reason to")]

use serde_json::{Value, json};

use crate::api::account::{GetAuthStatus, GetCapabilities};
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;

/// What answers which operation.
pub(crate) fn routes() -> [Route; 2] {
    [route(auth_status), route(capabilities)]
}

fn auth_status(world: &mut World, caller: &Caller, _: &GetAuthStatus) -> Answered {
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

fn capabilities(_: &mut World, caller: &Caller, _: &GetCapabilities) -> Answered {
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
        "draft": draft(),
        "authBootstrap": "token",
        "enabled": drafting,
    })))
}

/// What a job draft can hold (reference: api-reference/job-drafts/capabilities).
fn draft() -> Value {
    json!({
        "importFormats": ["text", "opentrain_canonical", "schema_org_job_posting", "indeed_xml", "hr_xml"],
        "updateKeys": [
            "jobTitle", "jobDescription", "labelingOverview", "datasetDescription", "dataType", "subjectMatter",
            "dataVolume", "dataVolumeUnit", "labelingSoftware", "headcount", "experienceLevel", "paymentType",
            "pricePerHour", "pricePerLabel", "fixedPrice", "countries", "languages", "labelTypes",
        ],
        "enums": {
            "paymentType": ["PAY_PER_LABEL", "PAY_PER_HOUR", "FIXED_PRICE"],
            "experienceLevel": ["EXPERT", "ENTRY_LEVEL", "INTERMEDIATE", "ANY_EXPERIENCE_LEVEL"],
            "dataVolumeUnit": [
                "HOURS_OF_RECORDING_AUDIO_VIDEO", "NUMBER_OF_FILES", "NUMBER_OF_WORDS", "UNKNOWN_NOT_SPECIFIED",
            ],
        },
    })
}
