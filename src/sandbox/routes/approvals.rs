//! Approvals: a person is asked, and the agent looks at what was decided.

use serde_json::{Value, json};

use crate::api::approvals::GetApproval;
use crate::sandbox::http::answer::{Answer, Answered, Refused};
use crate::sandbox::http::route::{Route, route};
use crate::sandbox::rules::decide::{Approval, Asked, Request};
use crate::sandbox::rules::life::Due;
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::state::World;

/// What answers which operation.
pub(crate) fn routes() -> [Route; 1] {
    [route(get)]
}

fn get(world: &mut World, caller: &Caller, wanted: &GetApproval) -> Answered {
    let id = &wanted.approval_id.0;
    let missing = || {
        let details = json!({ "resource": "approvals", "approvalId": id });
        Refused::not_found("Approval not found.").with_details(details)
    };
    let approval = world.approvals.iter().find(|approval| approval.owner == caller.owner && approval.id == *id);
    let approval = approval.ok_or_else(missing)?;
    Ok(Answer::ok(json!({ "approval": shown(world, approval) })))
}

/// Asks a person for `request`: 202 with an approval. The same request again, while nobody has decided, is the same
/// approval.
pub(crate) fn ask(world: &mut World, caller: &Caller, request: Request) -> Answer {
    let (now, owner) = (world.now(), caller.owner);
    let asked = request.asked;
    let same = |approval: &Approval| approval.owner == owner && approval.request == request && approval.is_open(now);
    let place = world.approvals.iter().position(same).unwrap_or_else(|| {
        let id = world.ids.next("apr");
        let invoice_id = world.invoice_for(owner, &request);
        if let Some(invoice) = &invoice_id {
            world.tell_of_payment(owner, &request, invoice);
        }
        let (id_of_lapse, asked_by) = (id.clone(), caller.label.clone());
        let approval = Approval { id, owner, asked_by, invoice_id, request, created_at: now, decision: None };
        world.agenda.plan(approval.expires_at(), Due::Lapse { approval: id_of_lapse });
        world.approvals.push(approval);
        world.approvals.len() - 1
    });
    let mut approval = world.approvals.get(place).map(|approval| shown(world, approval)).unwrap_or_default();
    if let (Asked::Fund | Asked::Release, Value::Object(fields)) = (asked, &mut approval) {
        // The examples of these two are without it.
        fields.shift_remove("proposalId");
    }
    Answer::accepted(json!({ "approval": approval, "message": message(asked) }))
}

fn shown(world: &World, approval: &Approval) -> Value {
    approval.shown(&world.page(&format!("/approvals/{}", approval.id)), world.now())
}

/// The API's words (reference: api-reference/milestones/fund and milestones/approve).
const fn message(asked: Asked) -> &'static str {
    match asked {
        Asked::Fund => {
            "Funding request recorded. A signed-in human must confirm this approval in the OpenTrain app before any \
             money moves."
        }
        Asked::Release => {
            "Release request recorded. A signed-in human must confirm this approval in the OpenTrain app before any \
             money moves."
        }
        Asked::Hire => {
            "Hire request recorded. A signed-in human must confirm this approval in the OpenTrain app before the \
             freelancer is hired and any money moves."
        }
        Asked::End => {
            "End request recorded. A signed-in human must confirm this approval in the OpenTrain app before the \
             contract ends."
        }
    }
}
