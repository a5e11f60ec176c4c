//! What to do next after a failure: one place for all of these words.

use std::fmt::Write as _;

use serde_json::Value;
use url::Url;

use crate::api::error::{Error, Refusal};
use crate::api::{Effect, Gate};

use super::drafts::unready;
use super::failure::Failure;
use super::parts::plain;
use super::text::{quoted, visible};

/// What the hint for a failure depends on, besides the failure.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What the tool does.
    pub effect: Effect,
    /// What it has done when it succeeds.
    pub done: &'static str,
    /// What the API asks for.
    pub gate: Gate,
    /// Where the tool's ids come from.
    pub ids: &'static str,
    /// The origin that is called.
    pub app: Option<&'a Url>,
    /// What is odd about where the token comes from.
    pub notices: &'a [String],
    /// A person has just claimed the account.
    pub after_claim: bool,
    /// An agent registered the account here, and holds what a claim needs.
    pub can_claim: bool,
    /// Nothing is real.
    pub sandbox: bool,
}

/// Where a token comes from and how it gets here. Desktop hosts give no shell variables, so both ways are said.
const SET_TOKEN: &str = "A person makes one in the OpenTrain app, Settings → API keys, and sets it as OT_API_TOKEN: in the \
    \"env\" of this server in the host's configuration, or in the shell that starts it; then the server is restarted.";

/// In the sandbox that is not all.
pub(super) const SANDBOX_KEY: &str = " A key of the sandbox is for a server without --sandbox, with OPENTRAIN_API_BASE_URL set \
    to the sandbox's address.";

/// The way out of `error`.
#[must_use]
pub fn next(error: &Error, failure: &Failure, situation: &Situation<'_>) -> String {
    let mut hint = match error {
        Error::Invalid(_) => "Nothing was sent. Correct it and call again.".to_owned(),
        Error::NotConfigured(_) => {
            format!("This tool needs an OpenTrain API token. {SET_TOKEN} Without an account: start with --sandbox.")
        }
        Error::Unusable { look_at, .. } => format!("Nothing was sent. Look at {look_at}, then restart this server."),
        Error::Refused(refusal) => refused(refusal, failure, situation),
        Error::Unreadable(answer) if (300..400).contains(&answer.status) => {
            "Is the base URL right? It must be the API's own origin (OPENTRAIN_API_BASE_URL).".into()
        }
        Error::Unreadable(answer) if answer.status == 401 => unauthorized(situation),
        Error::Unreadable(_) => {
            "This did not come from the API as documented; a proxy or an outage may be in between.".into()
        }
        Error::TimedOut { .. } => "OpenTrain is slow or hangs. The limit for one attempt is OPENTRAIN_TIMEOUT.".into(),
        Error::Unreachable { sent: false, .. } => {
            "Nothing was sent. Check the network, the base URL and the proxy settings (HTTPS_PROXY, NO_PROXY).".into()
        }
        Error::Unreachable { sent: true, .. } => "The network or a proxy cut the connection.".into(),
    };
    if is_about_the_token(error) {
        for notice in situation.notices {
            let _ = write!(hint, " Note: {}.", notice.trim_end_matches('.'));
        }
    }
    if situation.sandbox && hint.contains("OT_API_TOKEN") {
        hint.push_str(SANDBOX_KEY);
    }
    if failure.outcome == "unknown" && failure.retryable {
        hint.push_str(" Repeat the identical call: what did get through is found again, and not done twice.");
    } else if failure.outcome == "unknown" {
        hint.push_str(
            " It may have been carried out all the same: look before you repeat it, and do not repeat it unseen.",
        );
    } else if failure.retryable {
        match error.retry_after() {
            Some(wait) => {
                let _ = write!(hint, " Call again in {} s.", wait.as_secs().max(1));
            }
            None => hint.push_str(" Calling again later may help."),
        }
    }
    hint
}

/// Whether the token is what is missing: then it is said what is odd about where it comes from.
#[must_use]
pub fn is_about_the_token(error: &Error) -> bool {
    matches!(error, Error::NotConfigured(_)) || error.status() == Some(401)
}

fn refused(refusal: &Refusal, failure: &Failure, situation: &Situation<'_>) -> String {
    if let Some(reason) = refusal.reason()
        && let Some(hint) = reasoned(reason, failure, situation)
    {
        return hint;
    }
    if let Some(hint) = refusal.code.as_deref().and_then(|code| oauth(code, &refusal.message)) {
        return hint.into();
    }
    if let Some(hint) = detailed(refusal) {
        return hint;
    }
    match refusal.status {
        400 => match &failure.field {
            Some(field) => format!("{} is wrong or missing. Correct it and call again.", visible(field)),
            None => "OpenTrain does not accept these arguments. Correct them and call again.".into(),
        },
        401 => unauthorized(situation),
        402 => "A person has to settle a payment in the OpenTrain app first.".into(),
        403 => forbidden(refusal, situation),
        404 if situation.ids.is_empty() => {
            "There is nothing of this kind on this account, or the base URL is not the API's (OPENTRAIN_API_BASE_URL)."
                .into()
        }
        404 => format!("It does not exist, or it belongs to another account. {}", situation.ids),
        409 => "The state of things does not allow it now: read it again before another try.".into(),
        429 => "Too many calls. Slow down.".into(),
        500..=599 => "OpenTrain has a fault on its side.".into(),
        _ => "OpenTrain does not accept this as it is; its message and details say why.".into(),
    }
}

/// The documented reasons (`details.reason`) that have a way out of their own.
fn reasoned(reason: &str, failure: &Failure, situation: &Situation<'_>) -> Option<String> {
    Some(match reason {
        "account_claim_required" => claim(failure, situation),
        "contract_ended" => {
            "The contract has ended: no milestone of it can be created, funded or released, and it cannot be ended again. \
             list_contracts(status \"active\") shows the others."
                .into()
        }
        "contract_rate_missing" => {
            "The contract has no rate to check the amount against; a person has to set one in the OpenTrain app.".into()
        }
        // What the milestone's status is, and what that means, is added where it was looked up.
        "milestone_not_fundable" => "Only a NOT_FUNDED milestone of an active contract can be funded.".into(),
        "milestone_not_funded" => "Only an ACTIVE_FUNDED milestone of an active contract can be released.".into(),
        "payment_method_required" => "A person has to add a payment method first; then call again.".into(),
        "proposal_not_ready_for_messaging" => {
            "No conversation can be opened for this proposal yet: it has no user, or no job, behind it. get_proposal shows it."
                .into()
        }
        "moderation_blocked" => blocked(failure),
        "job_not_published" => "Only a published job can be offered: publish_job comes first.".into(),
        "not_a_freelancer" => {
            "That account is not a trainer's. freelancerId is the trainer id of a proposal, or a profile's slug.".into()
        }
        "freelancer_unavailable" => "The trainer takes no invitations now. Invite another, or try again another day.".into(),
        "employer_first_message_required" => {
            "In a conversation about a proposal the employer writes first, and this account is the candidate's.".into()
        }
        "invite_email_send_failed" => {
            "The e-mail could not be sent. get_team shows whether the invitation stands all the same; check the address before \
             another try."
                .into()
        }
        "teams_not_enabled" => "This account has no team; OpenTrain's support switches that on.".into(),
        _ => return None,
    })
}

/// What moderation holds against a job.
fn blocked(failure: &Failure) -> String {
    let reasons = failure.details.as_ref().and_then(|details| details.get("reasons")).and_then(Value::as_array);
    let reasons: Vec<String> = reasons.into_iter().flatten().take(10).map(|reason| quoted(&plain(reason))).collect();
    let reasons = if reasons.is_empty() { "none named".to_owned() } else { reasons.join(", ") };
    let then = if failure.outcome == "done" {
        "The change WAS made, and the job was taken down: it is a draft again, and nobody can apply. Mend it with \
         update_job_draft, then publish_job."
    } else {
        "Nothing was published. Mend the draft with update_job_draft, then publish_job."
    };
    format!("OpenTrain's moderation does not let it stand. Its reasons: {reasons}. {then}")
}

/// Details that say what is wrong without naming a reason.
fn detailed(refusal: &Refusal) -> Option<String> {
    let text = |name| refusal.detail_text(name);
    match refusal.status {
        400 if refusal.detail("validation").is_some() => {
            let lacks = unready(refusal.detail("validation")?).join("\n");
            Some(format!(
                "The draft is not ready:\n{lacks}\nAsk your person, fill it with update_job_draft, then publish again."
            ))
        }
        400 => {
            if let Some(supported) = refusal.detail("supportedStatuses").and_then(Value::as_array) {
                let supported: Vec<String> = supported.iter().take(20).map(|status| visible(&plain(status))).collect();
                return Some(format!("The status may be one of: {}.", supported.join(", ")));
            }
            let issues = refusal.detail("issues").and_then(Value::as_array)?;
            let issues: Vec<String> = issues.iter().take(10).map(issue).collect();
            Some(format!(
                "OpenTrain does not accept these arguments: {}. Correct them and call again.",
                issues.join("; ")
            ))
        }
        404 if text("status") == Some("closed") => {
            Some("It was on the market once, and takes no more applicants. search_jobs shows what is open.".into())
        }
        409 => {
            let required = visible(text("requiredStatus")?);
            let status = text("status").map_or_else(|| "another".to_owned(), visible);
            let instead = match text("status") {
                Some("DRAFT") => " A DRAFT is changed with update_job_draft.",
                Some("OPEN") => " An OPEN job is changed with update_job.",
                _ => "",
            };
            Some(format!("The job has to be {required} for this; its status is {status}.{instead}"))
        }
        _ => None,
    }
}

/// `fields.languages: «Required»`
fn issue(issue: &Value) -> String {
    let path = issue.get("path").and_then(Value::as_array).into_iter().flatten();
    let path: Vec<String> = path.map(|step| visible(&plain(step))).collect();
    let message = quoted(&plain(issue));
    if path.is_empty() { message } else { format!("{}: {message}", path.join(".")) }
}

fn claim(failure: &Failure, situation: &Situation<'_>) -> String {
    let page = failure.links().into_iter().find(|link| link.verified);
    let page = page.map_or_else(|| "the claim page in the OpenTrain app".to_owned(), |link| link.shown());
    if situation.sandbox && !situation.can_claim {
        return format!(
            "No person owns this account yet. Nothing was charged. Tell your person:\n\
             1. Open {page} and take over the account: one button here, a page with a code at OpenTrain.\n\
             2. Claiming ends the token with which an agent registered; the sandbox's own key goes on working.\n\
             Then repeat this call unchanged."
        );
    }
    let (how, then) = if situation.can_claim {
        (
            " This agent registered it: claim_account(email) gives the page and the 6-digit code.",
            "get_claim_status fetches the new one",
        )
    } else {
        ("", "the new one has to be set as OT_API_TOKEN")
    };
    format!(
        "No person owns this account yet. Nothing was charged. Tell your person:\n\
         1. Open {page} and take over the account.{how}\n\
         2. Claiming ends the token in use: {then}.\n\
         3. The token that a claim gives does not carry payments:write: if that is missing then, make a key in the app, \
         Settings → API keys, and set that one as OT_API_TOKEN.\n\
         Then repeat this call unchanged."
    )
}

/// The errors of registration and claim (reference: api-reference/agent-auth).
fn oauth(code: &str, message: &str) -> Option<&'static str> {
    Some(match code {
        // The one that the reference tells in the description.
        "invalid_request" if message.contains("email_already_registered") => {
            "That address has an OpenTrain account already. Ask your person for another one, or to make a key in the app, \
             Settings → API keys, and set it as OT_API_TOKEN."
        }
        "expired_token" => {
            "The 24 hours for the claim are over. register_agent with force: true begins again, with a new account."
        }
        "invalid_grant" => {
            "The claim's token was delivered already, or the claim is unknown. If it is lost, a person makes one in the app, \
             Settings → API keys, and sets it as OT_API_TOKEN."
        }
        "anonymous_not_enabled" => {
            "OpenTrain does not take registrations by agents now. A person makes a key in the app instead."
        }
        "rate_limit_exceeded" => "Too many registrations or claims. Wait before another try.",
        _ => return None,
    })
}

fn unauthorized(situation: &Situation<'_>) -> String {
    if situation.after_claim {
        return format!(
            "Claiming has replaced the token: the old one no longer works, and the new one is not here yet. {SET_TOKEN} Then repeat this call unchanged."
        );
    }
    format!("The token is not valid: mistyped, expired, revoked, or replaced when the account was claimed. {SET_TOKEN}")
}

/// What the token of a claimed account may do that the one before may not (reference: api-reference/agent-auth/token).
const GIVEN_BY_A_CLAIM: [&str; 3] = ["proposals:write", "messages:write", "team:write"];

fn forbidden(refusal: &Refusal, situation: &Situation<'_>) -> String {
    let names = |value: Option<&Value>| -> Vec<String> {
        value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(visible).collect()
    };
    let required = names(refusal.detail("requiredScopes"));
    if !required.is_empty() {
        let granted = names(refusal.detail("grantedScopes"));
        let granted = if granted.is_empty() { "none".to_owned() } else { granted.join(", ") };
        if situation.can_claim && required.iter().all(|scope| GIVEN_BY_A_CLAIM.contains(&scope.as_str())) {
            return format!(
                "The token lacks the scope {}; it has: {granted}. The token that a claim gives has it. This agent registered \
                 the account: claim_account(email) gives the page and the 6-digit code for your person. Then \
                 get_claim_status fetches that token.",
                required.join(" and ")
            );
        }
        return format!(
            "The token lacks the scope {}; it has: {granted}. A token cannot be given more scopes: a person makes another in \
             the app, Settings → API keys, with that scope, and sets it as OT_API_TOKEN. (The token of a claimed account does \
             not carry payments:write.)",
            required.join(" or ")
        );
    }
    if let Some(feature) = refusal.detail_text("featureKey") {
        return format!(
            "The feature {} is switched off for this account; OpenTrain's support switches it on.",
            visible(feature)
        );
    }
    if refusal.is_foreign {
        return "This is not OpenTrain's own way to refuse: a gateway or a firewall in between may have, for the reason above."
            .into();
    }
    let mut needs = Vec::new();
    if !situation.gate.scopes.is_empty() {
        needs.push(format!("the scope {}", situation.gate.scopes.join(" or ")));
    }
    needs.extend(situation.gate.feature.map(|feature| format!("the feature {feature}")));
    if situation.gate.claimed {
        needs.push("a claimed account".into());
    }
    if needs.is_empty() {
        return "The token may not do this.".into();
    }
    format!(
        "This needs {}, or it belongs to another account. get_auth_status says what the token may do.",
        needs.join(" and ")
    )
}
