//! What the API's reference gives as examples.

use serde_json::{Value, json};

use super::Reply;

/// The reference's own milestone (api-reference/contracts/create-milestone).
pub(crate) fn milestone(id: &str) -> Value {
    json!({
        "id": id,
        "name": "Second labeling batch",
        "description": "Label the next 5,000 posts per the updated guidelines",
        "status": "NOT_FUNDED",
        "amountUsd": 300,
        "volume": null,
        "milestoneNumber": 2,
        "dueDate": "2026-07-15T00:00:00.000Z",
        "pendingApproval": false,
        "needsReview": false,
        "invoiceId": null,
        "createdAt": "2026-06-12T10:00:00.000Z"
    })
}

/// The reference's own contract (api-reference/contracts/list), with these milestones.
pub(crate) fn contract(id: &str, milestones: &[Value]) -> Value {
    json!({
        "id": id,
        "status": "active",
        "title": "Spanish Sentiment Labeling Contract",
        "jobId": "job_3Vn6",
        "proposalId": "prp_4Wz9",
        "paymentType": "FIXED_PRICE",
        "rateUsd": 300,
        "estimatedTotalUsd": 300,
        "estimatedVolume": null,
        "hasActiveMilestone": true,
        "startDate": "2026-06-12T09:30:00.000Z",
        "endDate": null,
        "createdAt": "2026-06-12T09:30:00.000Z",
        "updatedAt": "2026-06-12T09:30:00.000Z",
        "freelancer": {
            "userId": "usr_7Pb3",
            "displayName": "Maria G.",
            "country": "Spain",
            "profilePath": "/profile/maria-g"
        },
        "milestones": milestones
    })
}

/// A list of so many contracts with a milestone each, newest first.
pub(crate) fn contracts(many: usize) -> Value {
    let items: Vec<Value> = (0..many)
        .map(|place| {
            let mut item = contract(&format!("ctr_{place:04}"), &[milestone(&format!("ms_{place:04}"))]);
            item["createdAt"] = json!(created_at(place));
            item
        })
        .collect();
    json!({ "contracts": items })
}

/// The moment of creation of the contract at `place` in a list that is newest first.
pub(crate) fn created_at(place: usize) -> String {
    let before = place * 60;
    let (day, rest) = (before / 86_400, before % 86_400);
    let second = 86_399 - rest;
    format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
        6 - day / 20,
        25 - day % 20,
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Where the samples' claim page is.
pub(crate) const CLAIM_PATH: &str = "/claim";

/// 403, as the reference has it: no person owns the account.
pub(crate) fn claim_required(origin: &str) -> Reply {
    Reply::json(
        403,
        &json!({
            "error": "A human must claim this agent account before it can create milestones.",
            "code": "FORBIDDEN",
            "requestId": "req-9d1f3a8e",
            "details": {
                "reason": "account_claim_required",
                "action": "create milestones",
                "claimUrl": format!("{origin}{CLAIM_PATH}")
            }
        }),
    )
}
