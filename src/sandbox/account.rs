//! The account behind the token.

#![expect(clippy::unnecessary_wraps, reason = "a handler may refuse; these two have no reason to")]

use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use super::roles::Role;
use super::routes::{Route, route};
use super::world::World;
use crate::api::account::{GetAuthStatus, GetCapabilities};

/// What answers which operation.
pub(super) fn routes() -> [Route; 2] {
    [route(auth_status), route(capabilities)]
}

fn auth_status(_: &mut World, role: &Role, _: &GetAuthStatus) -> Answered {
    Ok(Answer::ok(json!({
        "actor": {
            "userId": "usr_2Mc5",
            "email": "owner@example.com",
            "firstName": "Mira",
            "lastName": "Chen",
            "fullName": "Mira Chen",
            "userType": "EMPLOYER",
        },
        "token": {
            "id": role.token_id(),
            "label": format!("sandbox {}", role.name),
            "scopes": role.scopes,
            "ownerOrganizationId": null,
        },
        "account": {
            "kind": "employer_organization",
            "organizationId": "org_4Hq8",
            "ownerUserId": "usr_2Mc5",
            "memberRole": "OWNER",
        },
    })))
}

fn capabilities(_: &mut World, role: &Role, _: &GetCapabilities) -> Answered {
    let drafting = role.has_feature("public_api_job_drafting");
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
            "publish": role.has_feature("public_api_job_publishing"),
            "hiring": role.has_feature("public_api_hiring"),
            "messagingWrites": role.has_feature("public_api_messaging_writes"),
            "team": role.has_feature("public_api_team"),
            "paymentsWrite": role.has_feature("public_api_payments_write"),
            "credits": role.has_feature("public_api_credits"),
            "webhooks": role.has_feature("public_api_webhooks"),
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
