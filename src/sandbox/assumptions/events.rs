//! Of credits, updates and webhooks, and of what is never answered.

use super::Assumption;

pub(super) const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        topic: "what pays",
        rule: "A person confirms with the payment method, or with a second button from credits where these cover all of it: a \
               funding without fees, a hire with them. A payment method must be on file in both cases.",
        because: "For a hire the choice is documented (concepts/credits-and-billing); the card's money is no credit, so that \
                  it leaves no entry.",
    },
    Assumption {
        topic: "ledger",
        rule: "TOP_UP when a checkout is paid; HOLD (negative) when credits pay for a milestone; CAPTURE (the same amount, with \
               holdEntryId) when it is released. HOLD_RELEASE, REFUND and ADJUSTMENT never come. available is all but \
               CAPTURE, reserved is what is held and not captured.",
        because: "The types are documented with one example, a HOLD (credits/balance).",
    },
    Assumption {
        topic: "top-ups",
        rule: "Whole cents; the alias amount is not taken. The checkout page is the sandbox's, with one button; a page that \
               was not paid in 24 hours is EXPIRED.",
        because: "Stripe's page is not there to be pressed; about 24 hours is documented.",
    },
    Assumption {
        topic: "cursors",
        rule: "Any other than a nextCursor of the same list is 400 with field cursor; for updates, any number is good. A limit \
               out of bounds is 400 with field limit everywhere.",
        because: "Cursors are opaque, and limits are documented with 400 for two lists.",
    },
    Assumption {
        topic: "events",
        rule: "They are numbered for all accounts together, from 1001. The past of the seeded account is in them: proposals that \
               wait, and messages that trainers wrote. A milestone has one when it is made too; \
               contract.budget_state_changed comes where a funding changes the state. Without a cursor and without events \
               nextCursor is null.",
        because: "updates/poll names the types and their data, and not when each comes.",
    },
    Assumption {
        topic: "approval.confirmed of a lapse",
        rule: "At expiresAt, without a read; for a superseded one when it is superseded, with status expired.",
        because: "It comes for any end (updates/poll).",
    },
    Assumption {
        topic: "webhook deliveries",
        rule: "One attempt of at most 10 seconds, in order for each webhook; a webhook is never disabled. Only to http on \
               loopback, and never to the sandbox itself, whose buttons are for people. https addresses are kept and get \
               nothing.",
        because: "Nothing of the sandbox may leave this machine. Numbers of attempts are documented for another product.",
    },
    Assumption {
        topic: "t of a signature",
        rule: "The real time, though all else is by the sandbox's clock.",
        because: "Receivers refuse what is more than 5 minutes old (guides/verify-webhook-signatures).",
    },
    Assumption {
        topic: "an eleventh webhook",
        rule: "409 with reason webhook_limit_reached. Creating one is 201.",
        because: "At most 10 are documented, and not the answer to one more (webhooks/create).",
    },
    Assumption {
        topic: "refusals that never come",
        rule: "server_error, employer_first_message_required, a conversation for which a proposal is not ready, \
               and expired tokens.",
        because: "They are documented, and nothing in the sandbox leads to them: no caller is a candidate, and no key has an \
                  end.",
    },
];
