//! Handlers for approvals, and the answer of every request that a person has to confirm.

use serde_json::{Value, json};

use super::answer::{Answer, Answered};
use crate::api::approvals::GetApproval;
use crate::sandbox::rules;
use crate::sandbox::world::{Asked, Caller, Refused, Request, World};

pub(crate) fn get(world: &mut World, caller: &Caller, wanted: &GetApproval) -> Answered {
    let id = &wanted.approval_id.0;
    let found = world.approval(id).is_some_and(|approval| approval.owner == caller.owner);
    if !found {
        let details = json!({ "resource": "approvals", "approvalId": id });
        return Err(Refused::not_found("Approval not found.").with_details(details));
    }
    Ok(Answer::ok(json!({ "approval": to_json(world, id) })))
}

pub(crate) fn ask(world: &mut World, caller: &Caller, request: Request) -> Answer {
    let asked = request.asked;
    let id = rules::ask::ask(world, caller, request);
    let mut approval = to_json(world, &id);
    if let (Asked::Fund | Asked::Release, Some(Value::Object(fields))) = (asked, &mut approval) {
        // The reference's examples of these two lack it.
        fields.shift_remove("proposalId");
    }
    let (noun, what) = words(asked);
    let message = format!(
        "{noun} request recorded. A signed-in human must confirm this approval in the OpenTrain app before {what}."
    );
    Answer::accepted(json!({ "approval": approval, "message": message }))
}

fn to_json(world: &World, id: &str) -> Option<Value> {
    let url = world.page(&format!("/approvals/{id}"));
    world.approval(id).map(|approval| approval.to_json(&url, world.now()))
}

/// The API's own words (reference: api-reference/milestones/fund and milestones/approve).
const fn words(asked: Asked) -> (&'static str, &'static str) {
    match asked {
        Asked::Fund => ("Funding", "any money moves"),
        Asked::Release => ("Release", "any money moves"),
        Asked::Hire => ("Hire", "the freelancer is hired and any money moves"),
        Asked::End => ("End", "the contract ends"),
    }
}
