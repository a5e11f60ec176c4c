//! Hints for a missing token, scope, claim or payment method.

use serde_json::Value;

use crate::answer::failure::Failure;
use crate::answer::link::LinkKind;
use crate::answer::sentence::Sentence;
use crate::answer::shown::{Joined, Shown, id};
use crate::api::error::Refusal;
use crate::shown;

use super::call_facts::CallFacts;

/// Scopes that only the token of a claimed account has (reference: api-reference/agent-auth/token).
pub const GIVEN_BY_A_CLAIM: [&str; 3] = ["proposals:write", "messages:write", "team:write"];

pub(super) fn unauthorized(call: &CallFacts<'_>) -> Vec<Sentence> {
    let set_a_token = call.set_a_token();
    if call.after_claim {
        return vec![
            "Claiming has replaced the token: the old one no longer works, and the new one is not here yet.".into(),
            set_a_token.into(),
            "Then repeat this call unchanged.".into(),
        ];
    }
    vec![
        "The token is not valid: mistyped, expired, revoked, replaced when the account was claimed, or of an account that is \
         no longer there."
            .into(),
        set_a_token.into(),
    ]
}

pub(super) fn forbidden(refusal: &Refusal, call: &CallFacts<'_>) -> Vec<Sentence> {
    let required: Vec<Shown> = refusal.required_scopes().map(id).collect();
    if !required.is_empty() {
        let granted = refusal.detail("grantedScopes").and_then(Value::as_array);
        let granted: Vec<Shown> = granted.into_iter().flatten().filter_map(Value::as_str).map(id).collect();
        return missing_scope(&required, &granted, call);
    }
    if let Some(feature) = refusal.detail_text("featureKey") {
        let feature = id(feature);
        return vec![
            shown!("The feature {} is switched off for this account; OpenTrain's support switches it on.", feature)
                .into(),
        ];
    }
    if refusal.is_foreign {
        return vec![
            "This is not OpenTrain's own way to refuse: a gateway or a firewall in between may have, for the reason above."
                .into(),
        ];
    }
    let mut needs = Vec::new();
    if !call.gate.scopes.is_empty() {
        needs.push(shown!("the scope {}", call.gate.scopes.iter().joined(" or ")));
    }
    needs.extend(call.gate.feature.map(|feature| shown!("the feature {}", feature)));
    if call.gate.claimed {
        needs.push("a claimed account".into());
    }
    if needs.is_empty() {
        return vec!["The token may not do this.".into()];
    }
    vec![
        shown!("This needs {}, or it belongs to another account.", needs.joined(" and ")).into(),
        Sentence::naming("{} says what the token may do.", &["get_auth_status"]),
    ]
}

/// True if the claim of this agent's account gives every one of these scopes.
pub(super) fn is_given_by_a_claim<'a>(mut required: impl Iterator<Item = &'a str>, call: &CallFacts<'_>) -> bool {
    call.can_claim && required.all(|scope| GIVEN_BY_A_CLAIM.contains(&scope))
}

fn missing_scope(required: &[Shown], granted: &[Shown], call: &CallFacts<'_>) -> Vec<Sentence> {
    let granted = if granted.is_empty() { "none".into() } else { granted.joined(", ") };
    if is_given_by_a_claim(required.iter().map(Shown::as_str), call) {
        return vec![
            shown!("The token lacks the scope {}; it has: {}.", required.joined(" and "), granted).into(),
            "The token that a claim gives has it. This agent registered the account.".into(),
            Sentence::naming(
                "{}(email) gives the page and the 6-digit code for the user; then {} fetches that token.",
                &["claim_account", "get_claim_status"],
            ),
        ];
    }
    vec![
        shown!("The token lacks the scope {}; it has: {}.", required.joined(" or "), granted).into(),
        shown!(
            "A token cannot be given more scopes: the user makes a key with that scope in the app, {}, and {}.",
            call.key_page(),
            call.take_up()
        )
        .into(),
        "(The token of a claimed account does not carry payments:write.)".into(),
    ]
    .into_iter()
    .chain(call.sandbox_key())
    .collect()
}

/// The hint for an account that no person owns yet.
pub(super) fn claim(failure: &Failure, call: &CallFacts<'_>) -> Vec<Sentence> {
    let page = failure.links().into_iter().find(|link| link.kind == LinkKind::Claim && link.verified);
    let page = page.map_or_else(|| "the claim page in the OpenTrain app".into(), |link| shown!("{}", link.page));
    let lead = "No person owns this account yet. Nothing was charged. Tell the user:";
    let again = "\nThen repeat this call unchanged.";
    if call.sandbox && !call.can_claim {
        return vec![
            shown!(
                "{}\n1. Open {} and take over the account: one button here, a page with a code at OpenTrain.\n\
                 2. Claiming ends the token with which an agent registered; the sandbox's own key goes on working.{}",
                lead,
                page,
                again
            )
            .into(),
        ];
    }
    let mut hint = vec![shown!("{}\n1. Open {} and take over the account.", lead, page).into()];
    if call.can_claim {
        hint.push(Sentence::naming(
            "This agent registered it: {}(email) gives the page and the 6-digit code.",
            &["claim_account"],
        ));
        hint.push(Sentence::naming(
            "\n2. Claiming ends the token in use: {} fetches the new one.",
            &["get_claim_status"],
        ));
    } else {
        hint.push(
            "\n2. A key that a person made in the app goes on working. The token of an agent that registered ends: the claim \
             gives that agent the new one."
                .into(),
        );
    }
    hint.push(
        shown!("\n3. The token that a claim gives does not carry payments:write: if that is missing then, the user makes a key \
             in the app, {}, and {}.{}", call.key_page(), call.take_up(), again)
        .into(),
    );
    hint.extend(call.sandbox_key());
    hint
}

/// The hint for an error of registration or claim (reference: api-reference/agent-auth).
pub(super) fn oauth(code: &str, message: &str, call: &CallFacts<'_>) -> Option<Vec<Sentence>> {
    const BEGIN_AGAIN: Sentence =
        Sentence::plain("To begin again, the user runs `opentrain-mcp logout`; then an agent may register anew.");
    Some(match code {
        // The reference names this error only in the description of `invalid_request`.
        "invalid_request" if message.contains("email_already_registered") => vec![
            shown!("That address has an OpenTrain account already. Ask the user for another one; or a person {}.", call.make_a_key())
            .into(),
        ],
        "expired_token" => vec![
            "The 24 hours for the claim are over.".into(),
            Sentence::naming("{} begins again, with a new account.", &["register_agent"]),
        ],
        "invalid_request" if message.contains("claim_token") => vec![
            "OpenTrain does not know the account that is saved here any more: its time to be claimed is over, or it was made \
             elsewhere (such as in a sandbox that has ended)."
                .into(),
            BEGIN_AGAIN,
        ],
        "invalid_grant" => vec![
            "The claim's token was delivered already, or the claim is unknown.".into(),
            shown!("If it is lost, a person {}.", call.make_a_key()).into(),
        ],
        "anonymous_not_enabled" => vec![
            shown!("OpenTrain does not take registrations by agents now. A person {} instead.", call.make_a_key()).into(),
        ],
        "rate_limit_exceeded" => vec!["Too many registrations or claims. Wait before another try.".into()],
        _ => return None,
    })
}
