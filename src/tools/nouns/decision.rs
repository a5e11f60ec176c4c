//! The wording for approvals: the decision, its effect, and why an approval has ended.

use jiff::Timestamp;

use crate::api::approvals::Approval;

/// The type of an approval that pays a trainer.
pub const RELEASE: &str = "milestone_approve";
/// The type of an approval that ends a contract.
pub const ENDING: &str = "contract_end";
/// The type of an approval that hires a candidate.
const HIRE: &str = "proposal_hire";

/// The wording for one type of approval.
pub struct Words {
    /// The verb before the subject: `fund`, `hire`.
    pub to_decide: &'static str,
    /// The effect of a confirmation.
    pub done: &'static str,
    /// The effect that is missing without a confirmation.
    pub not_done: &'static str,
    /// A fact that the user should know before the decision.
    pub beforehand: &'static str,
}

const fn words(kind: &str) -> Words {
    let (to_decide, done, not_done, beforehand) = match kind.as_bytes() {
        b"milestone_fund" => (
            "fund",
            "Funded",
            "Nothing was funded",
            "A fee may come on top: OpenTrain shows the total before anything is paid.",
        ),
        b"milestone_approve" => (
            "release the payment of",
            "Released",
            "Nothing was released",
            "Look at the work first: released money cannot be taken back through OpenTrain.",
        ),
        b"contract_end" => ("end", "Ended", "Nothing was ended", "An ended contract cannot be opened again."),
        b"proposal_hire" => {
            ("hire", "Hired", "Nobody was hired", "The user may change the terms there; what they confirm counts.")
        }
        _ => ("decide on", "Done", "Nothing was done", ""),
    };
    Words { to_decide, done, not_done, beforehand }
}

/// The wording for an approval.
#[must_use]
pub fn words_of(approval: &Approval) -> Words {
    words(approval.kind.text().unwrap_or_default())
}

/// Says why the approval has ended undecided, and what to do next. It may end early: a new request to hire with other
/// terms replaces the old one (reference: api-reference/proposals/hire).
#[must_use]
pub fn expired(approval: &Approval, now: Timestamp) -> [&'static str; 2] {
    let then = "If you asked again since, go on with that approval; otherwise ask if it is still wanted.";
    match approval.ended_early(now) {
        true if approval.kind.text() == Some(HIRE) => {
            ["expired (replaced): a newer request took its place before anyone decided", then]
        }
        true => ["expired: it ended before its time, and nobody had decided", then],
        false => ["expired: nobody decided in time", "Ask if it is still wanted; a new request makes a new link."],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::json;

    #[test]
    fn an_early_end_of_an_approval_is_not_late() {
        let now = "2026-06-14T10:00:00Z".parse().unwrap();
        let (before, after) = ("2026-06-13T10:00:00Z", "2026-06-15T10:00:00Z");
        for (approval, why) in [
            (json!({ "expiresAt": after, "resolvedAt": before }), "before its time"),
            (json!({ "expiresAt": after, "resolvedAt": null }), "before its time"),
            (json!({ "expiresAt": before, "resolvedAt": before }), "in time"),
            (json!({ "expiresAt": before, "resolvedAt": null }), "in time"),
            (json!({}), "in time"),
        ] {
            assert!(expired(&from_value(&approval), now)[0].contains(why), "{approval}");
        }
        let known = |approval| from_value::<Approval>(&approval).decision(now);
        assert_eq!(known(json!({ "status": "expired", "expiresAt": after })), Some("replaced"));
        assert_eq!(known(json!({ "status": "expired", "expiresAt": before })), Some("expired"));
        assert_eq!(known(json!({ "status": "confirmed" })), Some("confirmed"));
        assert_eq!(known(json!({ "status": "pending" })), None);
    }
}
