//! Of contracts, milestones, approvals, and of the sandbox as a whole.

use super::Assumption;

pub(super) const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        topic: "default token",
        rule: "It has every scope from the start; only the seeded account is unclaimed, and one press of a button on \
               /claim claims it. A claim does not end this token.",
        because: "A key made in the app can have payments:write, which no agent's own token can (agent-auth/token). An \
                  account with contracts is there to be used at once; the ceremony is for accounts that agents register.",
    },
    Assumption {
        topic: "role tokens",
        rule: "All act for the seeded account and exist from the start; claimed-agent works before the claim too. Only \
               fresh-agent ends with the claim.",
        because: "The reference says that the claim revokes the tokens of before and delivers the next one \
                  (agent-auth/token); tokens that are there at once can be tried in any order.",
    },
    Assumption {
        topic: "feature-off token",
        rule: "It sees the same account as if public_api_payments_write were switched off.",
        because: "Features belong to an account (concepts/scopes-and-capabilities); a second account would hide the \
                  contracts that the refusal is about.",
    },
    Assumption {
        topic: "who is asked for a claim",
        rule: "Creating, funding and approving a milestone and ending a contract need a claimed account.",
        because: "The endpoints' pages say so; a footnote of concepts/scopes-and-capabilities says otherwise of \
                  actions that pause for a person.",
    },
    Assumption {
        topic: "order of checks",
        rule: "Token, scope, feature, claim; then the input's own shape; then whether the contract exists, has ended, \
               and fits amount and volume; the missing rate after the missing volume. For funding: NOT_FUNDED, then an \
               active contract, then the payment method.",
        because: "All must hold, in no documented order. From what the token is to what the call says, the answer \
                  names first what the caller cannot mend by other words.",
    },
    Assumption {
        topic: "auth/me and the claim",
        rule: "For the seeded account it says the same before and after, with the example's person as the actor.",
        because: "No field of the reference's example says whether the account is claimed (auth/me).",
    },
    Assumption {
        topic: "capabilities",
        rule: "updateKeys holds the keys that the reference spells out.",
        because: "The reference's own list ends in \"...\" (job-drafts/capabilities).",
    },
    Assumption {
        topic: "401",
        rule: "A missing, an unknown and a revoked token are UNAUTHORIZED, and WWW-Authenticate says Bearer.",
        because: "\"Missing or invalid token\" is all that the pages say; the header is what HTTP asks of every 401.",
    },
    Assumption {
        topic: "details",
        rule: "Only where they are documented, as for contracts and milestones: field, reason, action, claimUrl, billingUrl, requiredScopes, \
               grantedScopes, featureKey, resource, approvalId. A contract or milestone that is not there, and a job \
               that is not ours, have none; milestone_not_fundable and milestone_not_funded have the reason alone.",
        because: "Other resources are documented with details in a 404, these are not. The two refusals have further \
                  fields that are not named.",
    },
    Assumption {
        topic: "action",
        rule: "details.action and the message say \"create milestones\", \"fund milestones\", \"approve milestones\" or \
               \"end contracts\".",
        because: "Documented for hiring only: \"hire AI trainers\".",
    },
    Assumption {
        topic: "messages and rare codes",
        rule: "The messages are the sandbox's own words; 405 is METHOD_NOT_ALLOWED, 413 (over 1 MiB) is \
               PAYLOAD_TOO_LARGE.",
        because: "The reference gives examples of messages, and not the whole list of codes.",
    },
    Assumption {
        topic: "request ids",
        rule: "requestId looks like a UUID and counts the requests; it is in the envelope only.",
        because: "The example is shortened (\"9d1f3a8e-...\"), and a header with it is not documented.",
    },
    Assumption {
        topic: "clock",
        rule: "It starts at 2026-06-12T10:00:00Z, and each API request takes one second, refused ones too. A button on \
               the front page lets 24 hours pass. The Date header is read from it.",
        because: "The same requests get the same bytes in every run. The examples play on that morning.",
    },
    Assumption {
        topic: "ids",
        rule: "A prefix for the kind and four letters or digits.",
        because: "The examples hide theirs (\"<CONTRACT_ID>\"); callers have to take any text.",
    },
    Assumption {
        topic: "amount and volume",
        rule: "amountUsd must equal rate × volume exactly, with no rounding to cents.",
        because: "create-milestone says \"must equal\" and names no tolerance.",
    },
    Assumption {
        topic: "amount left out",
        rule: "By the hour and by the label, amountUsd is then rate × volume.",
        because: "create-milestone requires volume there and not amountUsd, and every milestone has an amount.",
    },
    Assumption {
        topic: "volume with a fixed price",
        rule: "It is not stored: volume is null.",
        because: "create-milestone speaks of volume for the other two; a listed fixed-price milestone has null.",
    },
    Assumption {
        topic: "rate missing",
        rule: "Only contracts by the hour or by the label need a rate.",
        because: "\"No rate to validate against\" (create-milestone); a fixed price is validated against none.",
    },
    Assumption {
        topic: "empty texts and unknown fields",
        rule: "A description of blanks is empty. A name is stored as it is. Fields that are not documented are ignored.",
        because: "create-milestone says \"non-empty\" and nothing more.",
    },
    Assumption {
        topic: "due dates",
        rule: "A date alone is its midnight in UTC, and a time without an offset is UTC. A date in the past is accepted.",
        because: "The example turns 2026-07-15 into 2026-07-15T00:00:00.000Z; the rest is not said.",
    },
    Assumption {
        topic: "milestoneNumber",
        rule: "One more than the highest so far, cancelled milestones counted. updatedAt of the contract stays.",
        because: "The example has 2 for the second; neither numbers after a cancelled one nor updatedAt are described.",
    },
    Assumption {
        topic: "hasActiveMilestone and activeMilestone",
        rule: "There is a milestone that is ACTIVE_FUNDED; the first of them; null where there is none.",
        because: "The examples have one, and say no more.",
    },
    Assumption {
        topic: "budget",
        rule: "A milestone counts as funded once it has an invoice. consumedFraction has four decimals and stays at 1.",
        because: "contracts/get gives the fields and the thresholds of state, and not how they are reckoned.",
    },
    Assumption {
        topic: "end of a contract",
        rule: "Funding and release are refused with contract_ended from then on, and their open approvals can only be \
               declined. endDate and updatedAt are the moment of it. Milestones stay as they are, funded ones too.",
        because: "contract_ended is documented for creating milestones and for ending; \"on an active contract\" \
                  (milestones/fund) suggests the rest. What becomes of money that is held is not described.",
    },
    Assumption {
        topic: "funded milestone at the end of a contract",
        rule: "One that is ACTIVE_FUNDED. Without one the contract ends at once, an open approval to end it or not.",
        because: "contracts/end says \"funded milestone\", and it is the only status that is documented for that.",
    },
    Assumption {
        topic: "deciding",
        rule: "Once, while it is pending, and only if what was asked can still be done; otherwise the page says why and \
               nothing changes. Any person at the page is taken for the signed-in owner, and can change no terms.",
        because: "Approvals are decided in the app, which the reference does not describe.",
    },
    Assumption {
        topic: "lapsing",
        rule: "From expiresAt on, 72 hours after createdAt, a pending approval reads as expired; resolvedAt is then \
               expiresAt.",
        because: "About 72 hours, and expired \"on the next read\" (concepts/human-approvals); its resolvedAt is not \
                  described.",
    },
    Assumption {
        topic: "asking again",
        rule: "The same approval with 202 while it is pending, whichever token asks; after a decline or a lapse a new \
               one.",
        because: "The same approval while one is pending is documented (concepts/human-approvals), the rest follows.",
    },
    Assumption {
        topic: "who sees an approval",
        rule: "Every token of the account that has payments:read.",
        because: "It is visible to the owner and to the token that asked (approvals/get). All tokens of an account here are \
                  its owner's.",
    },
    Assumption {
        topic: "proposalId of an approval",
        rule: "null, and left out where funding or release is answered.",
        because: "The examples of milestones/fund and milestones/approve are without it; approvals/get has null.",
    },
    Assumption {
        topic: "released milestones",
        rule: "Their status is PAID, both flags are down, and the budget still counts them as funded.",
        because: "The app's label is \"Paid\"; the API's word for it is not documented.",
    },
    Assumption {
        topic: "invoices and payments",
        rule: "A request for funding makes an invoice, PENDING_FUNDING while it is open; confirming gives it to the \
               milestone. A request for release makes that invoice PENDING_PAYOUT while it is open. Newest first; \
               always EMPLOYER and FUNDING; amountUsd is before fees.",
        because: "payments/pending gives one example, and not when something waits.",
    },
    Assumption {
        topic: "fees of a funding",
        rule: "None are reckoned for a milestone by itself.",
        because: "A marketplace fee of 10 % is documented, and for hiring how it adds up; for funding by itself it is not.",
    },
    Assumption {
        topic: "payment method",
        rule: "One button puts a pretend card on file; it is never taken away and never fails.",
        because: "payment_method_required names a billingUrl, and the page there is the app's own.",
    },
    Assumption {
        topic: "faults on demand",
        rule: "Only those that are asked for when the sandbox is started; 429 then has RATE_LIMITED and Retry-After: 1.",
        because: "Not OpenTrain's rule: they are there to rehearse. 429 is documented, Retry-After is not.",
    },
    Assumption {
        topic: "statuses in the story",
        rule: "QUALITY_HOLD stands for any status that is not named; CANCELLED is one that is never shown.",
        because: "Only NOT_FUNDED and ACTIVE_FUNDED are documented. Callers have to pass on what they do not know.",
    },
    Assumption {
        topic: "missing rates",
        rule: "A contract without a rate has null in rateUsd and estimatedTotalUsd.",
        because: "contract_rate_missing shows that there are such contracts, and not how they look.",
    },
    Assumption {
        topic: "other sites",
        rule: "Only requests for localhost, 127.0.0.1 or [::1] are answered (else 421 MISDIRECTED_REQUEST), and no \
               change that another site makes a browser send (403 FORBIDDEN).",
        because: "Not OpenTrain's rule: the sandbox listens on a person's own machine, within reach of every page that \
                  is open there.",
    },
    Assumption {
        topic: "unknown paths",
        rule: "404 NOT_FOUND in the envelope, with or without a token.",
        because: "Every answer that is no success has the envelope; whether the token is looked at first is not said.",
    },
];
