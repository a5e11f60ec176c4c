//! Turns an error into a failure with its hint. Start reading at `failure`.

use crate::answer::denial::Denial;
use crate::answer::failure::Failure;
use crate::answer::link::LinkKind;
use crate::answer::outcome::Outcome;
use crate::answer::phrases::key_url;
use crate::answer::sentence::Sentence;
use crate::answer::shown::{Joined, Shown, id, quoted_to};
use crate::answer::step::HumanStep;
use crate::answer::tool_error::{Cause, ToolError};
use crate::answer::unconfirmed::Unconfirmed;
use crate::api::Effect;
use crate::api::error::{Error, Refusal};
use crate::shown;

use super::call_facts::CallFacts;
use super::{access, reasons};

/// The most characters of OpenTrain's message in the text. The data contains the whole message.
const MESSAGE: usize = 2_000;

/// Builds the failure for `error`.
#[must_use]
pub fn failure(error: &ToolError, call: &CallFacts<'_>) -> Failure {
    let (mut failure, mut hint) = match &error.cause {
        Cause::Api(fault) => of_api(fault, fault.may_have_happened(), call),
        Cause::Explained { fault, hint } => (of_api(fault, fault.may_have_happened(), call).0, hint.clone()),
        Cause::Unsent(fault) => failed_read(fault, call),
        Cause::NotYet { reason, message, hint } => {
            let failure = Failure {
                code: "BUSY".into(),
                message: message.to_string(),
                says: message.clone(),
                reason: Some((*reason).into()),
                retryable: true,
                lead: lead(call, false, true),
                ..Failure::default()
            };
            (failure, hint.clone())
        }
        Cause::Denied(denial) => denied(denial, call),
        Cause::Unconfirmed(question) => {
            let (failure, hint) = denied(&Denial::unconfirmed(Unconfirmed::CannotAsk), call);
            (Failure { question: question.clone(), ..failure }, hint)
        }
        Cause::Unknown { fault, hint, retryable } => {
            let failure = Failure {
                reason: Some("outcome_unknown".into()),
                outcome: Outcome::Unknown,
                retryable: *retryable,
                lead: lead(call, true, false),
                ..of_api(fault, true, call).0
            };
            (failure, hint.clone())
        }
    };
    hint.extend(error.notes.iter().cloned());
    failure.hint = call.names.say_all(&hint);
    if let Cause::Api(_) | Cause::Unsent(_) | Cause::Explained { .. } = &error.cause {
        let foreign =
            failure.pages.iter().filter(|page| page.verified().is_none()).map(|page| page.describe("The link"));
        let hint = std::iter::once(failure.hint.clone()).filter(|hint| !hint.is_empty());
        failure.hint = hint.chain(foreign).joined("\n");
    }
    failure.step = human_step(error, &failure);
    failure
}

fn denied(denial: &Denial, call: &CallFacts<'_>) -> (Failure, Vec<Sentence>) {
    let failure = Failure {
        code: denial.code.into(),
        message: denial.message.to_string(),
        says: denial.message.clone(),
        reason: Some(denial.reason.into()),
        details: denial.details(),
        lead: lead(call, false, true),
        ..Failure::default()
    };
    (failure, denial.hint.clone())
}

/// A read before a write failed, so the write was not sent. A retry may succeed unless OpenTrain refused the read for a
/// lasting reason.
fn failed_read(error: &Error, call: &CallFacts<'_>) -> (Failure, Vec<Sentence>) {
    let (mut failure, mut hint) = of_api(error, false, call);
    if !failure.retryable && error.may_have_happened() {
        failure.retryable = true;
        hint.push("Calling again later may help.".into());
    }
    (failure, hint)
}

fn of_api(error: &Error, may_have_happened: bool, call: &CallFacts<'_>) -> (Failure, Vec<Sentence>) {
    let unknown = call.effect != Effect::Read && may_have_happened;
    let mut failure = Failure {
        status: error.status(),
        code: code(error).to_owned(),
        message: error.to_string(),
        says: message(error),
        outcome: if unknown { Outcome::Unknown } else { Outcome::NotDone },
        retryable: error.is_passing() && (!unknown || call.effect.hints().idempotent),
        lead: lead(call, unknown, !matches!(error, Error::TimedOut { .. } | Error::Unreachable { .. })),
        ..Failure::default()
    };
    match error {
        Error::Invalid(fault) => failure.field = Some(fault.field.clone()),
        Error::Refused(refusal) => take_details(&mut failure, refusal),
        _ => {}
    }
    if unknown {
        failure.reason.get_or_insert_with(|| "outcome_unknown".into());
    }
    let needs_a_key = match error {
        Error::Refused(refusal) if refusal.status == 403 => {
            !access::is_given_by_a_claim(refusal.required_scopes(), call) && error.wants_another_token()
        }
        _ => is_about_the_token(error),
    };
    if needs_a_key {
        failure.key_url = call.app.and_then(key_url).map(Into::into);
    }
    failure.find_pages(call.app);
    let hint = hint(error, &failure, call);
    (failure, hint)
}

fn take_details(failure: &mut Failure, refusal: &Refusal) {
    let text = |name| refusal.detail_text(name).map(str::to_owned);
    if let Some(code) = &refusal.code {
        failure.code.clone_from(code);
    }
    failure.reason = text("reason");
    failure.field = text("field");
    failure.request_id.clone_from(&refusal.request_id);
    failure.action = text("action");
    failure.claim_url = text("claimUrl");
    failure.approval_url = text("approvalUrl");
    failure.billing_url = text("billingUrl");
    failure.details.clone_from(&refusal.details);
    failure.cuts.clone_from(&refusal.cuts);
    if refusal.came_after_the_change() {
        (failure.outcome, failure.lead) = (Outcome::Done, "Done, and TAKEN DOWN".into());
    }
}

/// The first words, which say whether anything happened. A refused read was answered, so it does not count as failed.
fn lead(call: &CallFacts<'_>, unknown: bool, answered: bool) -> Shown {
    match (call.effect, unknown) {
        (Effect::Read, _) if !answered => "No answer".into(),
        (Effect::Read, _) | (_, false) => shown!("Not {}", call.done),
        (_, true) => shown!("UNKNOWN whether it was {}", call.done),
    }
}

/// What went wrong, as the text says it. OpenTrain's own message is quoted.
fn message(error: &Error) -> Shown {
    match error {
        Error::Refused(refusal) => quoted_to(&refusal.message, MESSAGE),
        Error::Invalid(fault) => (&fault.message).into(),
        Error::NotConfigured(what) | Error::Unusable { what, .. } | Error::Unreachable { what, .. } => what.into(),
        Error::Unreadable(answer) => (&answer.what).into(),
        Error::TimedOut { waited, .. } => {
            shown!("OpenTrain did not answer within {} s", (waited.as_secs_f64() * 10.0).round() / 10.0)
        }
    }
}

/// Our own code for an error without a code from the API.
const fn code(error: &Error) -> &'static str {
    match error {
        Error::Invalid(_) => "INVALID_ARGUMENT",
        Error::NotConfigured(_) | Error::Unusable { .. } => "NOT_CONFIGURED",
        Error::Refused(_) => "REFUSED",
        Error::Unreadable(_) => "BAD_RESPONSE",
        Error::TimedOut { .. } => "TIMEOUT",
        Error::Unreachable { .. } => "UNREACHABLE",
    }
}

/// The hint for `error`.
fn hint(error: &Error, failure: &Failure, call: &CallFacts<'_>) -> Vec<Sentence> {
    let mut hint: Vec<Sentence> = match error {
        Error::Invalid(fault) => {
            let about_an_id = fault.field.ends_with("Id").then(|| call.id_hint.clone());
            std::iter::once("Nothing was sent. Correct it and call again.".into()).chain(about_an_id).collect()
        }
        Error::NotConfigured(_) => vec![
            "This tool needs an OpenTrain API token.".into(),
            call.set_a_token().into(),
            Sentence::for_operator("Without an account: start with --sandbox."),
        ],
        Error::Unusable { look_at, .. } => {
            vec![
                "Nothing was sent.".into(),
                Sentence::for_operator(shown!("Look at {}, then restart this server.", look_at)),
            ]
        }
        Error::Refused(refusal) => reasons::refused(refusal, failure, call),
        Error::Unreadable(answer) if (300..400).contains(&answer.status) => {
            vec![Sentence::for_operator(
                "Is the base URL right? It must be the API's own origin (OPENTRAIN_API_BASE_URL).",
            )]
        }
        Error::Unreadable(answer) if answer.status == 401 => access::unauthorized(call),
        Error::Unreadable(_) => {
            vec!["This did not come from the API as documented; a proxy or an outage may be in between.".into()]
        }
        Error::TimedOut { .. } => {
            vec![
                "OpenTrain is slow or hangs.".into(),
                Sentence::for_operator("The limit for one attempt is OPENTRAIN_TIMEOUT."),
            ]
        }
        Error::Unreachable { sent: false, .. } => vec![
            "Nothing was sent.".into(),
            Sentence::for_operator("Check the network, the base URL and the proxy settings (HTTPS_PROXY, NO_PROXY)."),
        ],
        Error::Unreachable { sent: true, .. } => vec!["The network or a proxy cut the connection.".into()],
    };
    if is_about_the_token(error) {
        let notices = call.notices.iter();
        hint.extend(notices.map(|notice| shown!("Note: {}.", notice.without_end('.')).into()));
        hint.extend(call.sandbox_key());
    }
    hint.extend(whether_to_repeat(error, failure));
    hint
}

fn whether_to_repeat(error: &Error, failure: &Failure) -> Option<Sentence> {
    Some(match (failure.outcome, failure.retryable) {
        (Outcome::Unknown, true) => {
            "Repeat the identical call: what did get through is found again, and not done twice.".into()
        }
        (Outcome::Unknown, false) => {
            "It may have been carried out all the same: look before you repeat it, and do not repeat it unseen.".into()
        }
        (_, true) => match error.retry_after() {
            Some(wait) => shown!("Call again in {} s.", wait.as_secs().max(1)).into(),
            None => "Calling again later may help.".into(),
        },
        _ => return None,
    })
}

/// True if the token is the problem. The failure then includes the warnings about its source.
#[must_use]
pub fn is_about_the_token(error: &Error) -> bool {
    matches!(error, Error::NotConfigured(_)) || error.status() == Some(401)
}

/// The page that the user must open before the call can succeed. A page on a foreign host is named, but no user is sent
/// there.
fn human_step(error: &ToolError, failure: &Failure) -> Option<HumanStep> {
    let (Cause::Api(Error::Refused(refused)) | Cause::Unsent(Error::Refused(refused))) = &error.cause else {
        return None;
    };
    let (kind, ask) = match failure.reason.as_deref() {
        Some("account_claim_required") => (
            LinkKind::Claim,
            "An agent wants to act on an OpenTrain account that no person owns yet. Open this page to claim the account."
                .into(),
        ),
        Some("payment_method_required") => (
            LinkKind::Billing,
            "An agent asks for money on OpenTrain, and there is no way to pay yet. Open this page to add one.".into(),
        ),
        _ => (LinkKind::Key, key_to_make(refused)?),
    };
    let link = failure.links().into_iter().find(|link| link.kind == kind && link.verified)?;
    Some(HumanStep::try_again(link, ask, (**refused).clone()))
}

/// Asks the user for a key with the scopes that the token lacks.
fn key_to_make(refused: &Refusal) -> Option<Shown> {
    let scopes: Vec<Shown> = refused.required_scopes().map(id).collect();
    (!scopes.is_empty()).then(|| {
        shown!("An agent needs an OpenTrain API key with {}. Open this page to make one, then give it to the agent's server: \
             opentrain-mcp login. Never paste it into a chat.", scopes.joined(" or "))
    })
}
