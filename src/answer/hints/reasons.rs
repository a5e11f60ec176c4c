//! Hints for OpenTrain's documented reasons and details.

use serde_json::Value;

use crate::answer::access::Access;
use crate::answer::failure::Failure;
use crate::answer::lines::plain;
use crate::answer::outcome::Outcome;
use crate::answer::readiness::unready;
use crate::answer::sentence::Sentence;
use crate::answer::shown::{Joined, Shown, id, quoted};
use crate::api::error::Refusal;
use crate::shown;

use super::access as rights;
use super::call_facts::CallFacts;

/// The hint for a refusal by OpenTrain.
pub(super) fn refused(refusal: &Refusal, failure: &Failure, call: &CallFacts<'_>) -> Vec<Sentence> {
    let specific = refusal
        .reason()
        .and_then(|reason| by_reason(reason, failure, call))
        .or_else(|| refusal.code.as_deref().and_then(|code| rights::oauth(code, &refusal.message, call)))
        .or_else(|| by_details(refusal));
    if let Some(hint) = specific {
        return hint;
    }
    match refusal.status {
        400 => vec![match &failure.field {
            Some(field) => shown!("{} is wrong or missing. Correct it and call again.", id(field)).into(),
            None => "OpenTrain does not accept these arguments. Correct them and call again.".into(),
        }],
        401 => rights::unauthorized(call),
        402 => vec!["A person has to settle a payment in the OpenTrain app first.".into()],
        403 => rights::forbidden(refusal, call),
        404 if call.id_hint.is_empty() => vec![match call.names.access() {
            Access::Local => {
                "There is nothing of this kind on this account, or the base URL is not the API's (OPENTRAIN_API_BASE_URL)."
            }
            _ => "There is nothing of this kind on this account.",
        }
        .into()],
        404 => vec!["It does not exist, or it belongs to another account.".into(), call.id_hint.clone()],
        409 => vec!["It is not possible as things stand: read them again before another try.".into()],
        429 => vec!["Too many calls. Slow down.".into()],
        500..=599 => vec!["OpenTrain has a fault on its side.".into()],
        _ => vec!["OpenTrain does not accept this as it is; its message and details say why.".into()],
    }
}

/// The documented reasons (`details.reason`) that have their own hint.
pub const REASONS: &[&str] = &[
    "account_claim_required",
    "contract_ended",
    "contract_rate_missing",
    "milestone_not_fundable",
    "milestone_not_funded",
    "payment_method_required",
    "proposal_not_ready_for_messaging",
    "moderation_blocked",
    "job_not_published",
    "not_a_freelancer",
    "freelancer_unavailable",
    "employer_first_message_required",
    "invite_email_send_failed",
    "teams_not_enabled",
];

/// The hint for a documented reason.
fn by_reason(reason: &str, failure: &Failure, call: &CallFacts<'_>) -> Option<Vec<Sentence>> {
    Some(match reason {
        "account_claim_required" => rights::claim(failure, call),
        "contract_ended" => vec![
            "The contract has ended: no milestone of it can be created, funded or released, and it cannot be ended again."
                .into(),
            Sentence::naming("{}(status \"active\") shows the others.", &["list_contracts"]),
        ],
        "contract_rate_missing" => vec![
            "The contract has no rate to check the amount against; a person has to set one in the OpenTrain app.".into(),
        ],
        // The tool adds the milestone's status and its meaning after reading the contract.
        "milestone_not_fundable" => vec!["Only a NOT_FUNDED milestone of an active contract can be funded.".into()],
        "milestone_not_funded" => vec!["Only an ACTIVE_FUNDED milestone of an active contract can be released.".into()],
        "payment_method_required" => vec!["A person has to add a payment method first; then call again.".into()],
        "proposal_not_ready_for_messaging" => vec![
            "No conversation can be opened for this proposal yet: it has no user, or no job, behind it.".into(),
            Sentence::naming("{} shows it.", &["get_proposal"]),
        ],
        "moderation_blocked" => blocked(failure),
        "job_not_published" => vec![
            "Only a published job can be offered.".into(),
            Sentence::naming("{} comes first.", &["publish_job"]),
        ],
        "not_a_freelancer" => vec![
            "That account is not a trainer's. freelancerId is the trainer id of a proposal, or a profile's slug.".into(),
        ],
        "freelancer_unavailable" => {
            vec!["The trainer takes no invitations now. Invite another, or try again another day.".into()]
        }
        "employer_first_message_required" => vec![
            "In a conversation about a proposal the employer writes first, and this account is the candidate's.".into(),
        ],
        "invite_email_send_failed" => vec![
            "The e-mail could not be sent.".into(),
            Sentence::naming("{} shows whether the invitation stands all the same.", &["get_team"]),
            "Check the address before another try.".into(),
        ],
        "teams_not_enabled" => vec!["This account has no team; OpenTrain's support switches that on.".into()],
        _ => return None,
    })
}

/// The hint for a job that moderation blocks.
fn blocked(failure: &Failure) -> Vec<Sentence> {
    const MEND: Sentence = Sentence::naming("Mend the draft with {}, then {}.", &["update_job_draft", "publish_job"]);
    let reasons = failure.details.as_ref().and_then(|details| details.get("reasons")).and_then(Value::as_array);
    let reasons: Vec<Shown> = reasons.into_iter().flatten().take(10).map(|reason| quoted(&plain(reason))).collect();
    let reasons = if reasons.is_empty() { "none named".into() } else { reasons.joined(", ") };
    let then = if failure.outcome == Outcome::Done {
        "The change WAS made, and the job was taken down: it is a draft again, and nobody can apply."
    } else {
        "Nothing was published."
    };
    vec![shown!("OpenTrain's moderation does not let it stand. Its reasons: {}.", reasons).into(), then.into(), MEND]
}

/// The hint for details that explain the refusal without a reason.
fn by_details(refusal: &Refusal) -> Option<Vec<Sentence>> {
    let text = |name| refusal.detail_text(name);
    Some(match refusal.status {
        400 if refusal.detail("validation").is_some() => {
            let lacks = unready(refusal.detail("validation")?).joined("\n");
            vec![
                shown!("The draft is not ready:\n{}\n", lacks).into(),
                Sentence::naming("Ask the user, fill it with {}, then publish again.", &["update_job_draft"]),
            ]
        }
        400 => {
            if let Some(supported) = refusal.detail("supportedStatuses").and_then(Value::as_array) {
                let supported: Vec<Shown> = supported.iter().take(20).map(|status| id(&plain(status))).collect();
                return Some(vec![shown!("The status may be one of: {}.", supported.joined(", ")).into()]);
            }
            let issues = refusal.detail("issues").and_then(Value::as_array)?;
            let issues: Vec<Shown> = issues.iter().take(10).map(issue).collect();
            vec![
                shown!("OpenTrain does not accept these arguments: {}.", issues.joined("; ")).into(),
                "Correct them and call again.".into(),
            ]
        }
        404 if text("status") == Some("closed") => vec![
            "It was on the market once, and takes no more applicants.".into(),
            Sentence::naming("{} shows what is open.", &["search_jobs"]),
        ],
        409 => {
            let required = id(text("requiredStatus")?);
            let status = text("status").map_or_else(|| "another".into(), id);
            let mut hint = vec![shown!("The job has to be {} for this; its status is {}.", required, status).into()];
            hint.extend(match text("status") {
                Some("DRAFT") => Some(Sentence::naming("A DRAFT is changed with {}.", &["update_job_draft"])),
                Some("OPEN") => Some(Sentence::naming("An OPEN job is changed with {}.", &["update_job"])),
                _ => None,
            });
            hint
        }
        _ => return None,
    })
}

/// `fields.languages: «Required»`
fn issue(issue: &Value) -> Shown {
    let path = issue.get("path").and_then(Value::as_array).into_iter().flatten();
    let path: Vec<Shown> = path.map(|step| id(&plain(step))).collect();
    let message = quoted(&plain(issue));
    if path.is_empty() { message } else { shown!("{}: {}", path.joined("."), message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::sentence::Names;
    use crate::api::{Effect, Gate};

    #[test]
    fn each_listed_reason_has_a_hint() {
        let (names, nothing) = (Names::default(), Sentence::plain(""));
        let call = CallFacts {
            names: &names,
            effect: Effect::Create,
            done: "created",
            gate: Gate::TOKEN,
            id_hint: &nothing,
            app: None,
            notices: &[],
            after_claim: false,
            can_claim: false,
            variable: None,
            sandbox: false,
        };
        for reason in REASONS {
            assert!(by_reason(reason, &Failure::default(), &call).is_some(), "{reason}");
        }
        assert!(by_reason("another", &Failure::default(), &call).is_none());
    }
}
