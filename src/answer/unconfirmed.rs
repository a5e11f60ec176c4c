//! The reasons why a call has no person's yes, and the refusal that follows from each.

use std::time::Duration;

use super::denial::Denial;
use super::sentence::Sentence;
use super::shown::Shown;
use crate::shown;

/// The code of such a refusal.
pub const NOT_CONFIRMED: &str = "not_confirmed";

/// The reason why nobody has said yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// The host cannot show a form to its user.
    CannotAsk,
    /// The user did not say yes.
    Declined,
    /// The user closed the form without an answer.
    Closed,
    /// No answer came in time.
    NoAnswer(Duration),
    /// The call would now do something else than the user said yes to.
    Changed,
}

impl Denial {
    /// The operator wants a person's yes before the call, and there is none.
    #[must_use]
    pub fn unconfirmed(why: Unconfirmed) -> Self {
        let (what, next): (Shown, &'static str) = match why {
            Unconfirmed::CannotAsk => (
                "this host cannot ask for it (no form can be shown here)".into(),
                "Tell the user what you wanted to do: they can do it in the OpenTrain app.",
            ),
            Unconfirmed::Declined => {
                ("the user did not give it".into(), "Do not ask again by yourself: talk with the user first.")
            }
            Unconfirmed::Closed => {
                ("the user closed the form without an answer".into(), "Talk with the user before you call again.")
            }
            Unconfirmed::NoAnswer(waited) => (
                shown!("no answer came within {} s", waited.as_secs()),
                "Tell the user, and call again when they are there.",
            ),
            Unconfirmed::Changed => (
                "what the call would do has changed since the user gave it".into(),
                "Call again: the user is asked about it as it is now.",
            ),
        };
        let hint = vec![Sentence::plain("Nothing was sent."), Sentence::plain(next)];
        let message = shown!("The operator wants a person's yes before this call (--confirm person), and {}", what);
        Self::by_a_rule(NOT_CONFIRMED, message, hint)
    }
}
