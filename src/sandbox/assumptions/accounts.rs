//! Of accounts, their claim, their tokens and their team.

use super::Assumption;

pub(super) const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        topic: "registration",
        rule: "200 with an empty account of its own, without a payment method. Tokens are numbered and say that they are \
               none (notarealsecret); they live in memory, as all of it does.",
        because: "The status is not shown (agent-auth/register), and what an account has at first is not described.",
    },
    Assumption {
        topic: "an unclaimed account's person",
        rule: "auth/me has the agent's name, and null for the e-mail; after the claim the claimed address, and \"Account \
               Owner\".",
        because: "auth/me has one example, of a person's account.",
    },
    Assumption {
        topic: "claim ceremony",
        rule: "The page asks for the 6 digits only; whoever opens it is taken for the person with that address. Wrong \
               digits can be tried again. A new start voids the link and the code of before. email_sent is false.",
        because: "Signing in is the app's own, and no e-mail leaves the sandbox: the assistant shows the code.",
    },
    Assumption {
        topic: "addresses that are taken",
        rule: "owner@example.com, noor@example.net, and those that claimed an account here.",
        because: "email_already_registered is documented in error_description; error is then invalid_request.",
    },
    Assumption {
        topic: "claimUrl and billingUrl of a registered account",
        rule: "/claim?account=… says to ask the assistant for link and code; /billing?account=… is that account's. \
               Without a parameter both pages are the seeded account's.",
        because: "At OpenTrain the person is signed in, so that one address is enough; here are several accounts and no \
                  sign-in.",
    },
    Assumption {
        topic: "slow_down",
        rule: "A poll within 5 seconds of the last, by the sandbox's clock and by the real one too; until the claim only. \
               Every poll starts the 5 seconds anew, and the interval stays 5.",
        because: "The sandbox's clock moves with use, so by it alone a patient agent would be too fast, and by the real one \
                  alone a rehearsal would have to wait.",
    },
    Assumption {
        topic: "claimed and not fetched",
        rule: "The token can still be fetched when the 24 hours are over; its last poll is no slow_down.",
        because: "expired_token speaks of a window to claim in, not to fetch in (agent-auth/token).",
    },
    Assumption {
        topic: "names that rehearse a refusal",
        rule: "agent_name \"registration-off-test\" gets anonymous_not_enabled; rate_limit_exceeded comes by a fault on \
               demand (429@register_agent:1).",
        because: "Both are documented, and not when they come.",
    },
    Assumption {
        topic: "listed tokens",
        rule: "Newest first, revoked ones too. Revoking one twice says the same twice.",
        because: "tokens/list and tokens/revoke show one token each.",
    },
    Assumption {
        topic: "team",
        rule: "An unclaimed account has no members. Whoever has an account here (noor@example.net) is member_added at once; \
               an invitation waits 7 days, and the same address has one. 200 in each case. Addresses below .invalid get \
               invite_email_send_failed; an organization named \"teams-off-test\" gets teams_not_enabled.",
        because: "The three outcomes and the two refusals are documented (team/invite), and not when they come.",
    },
    Assumption {
        topic: "Settings → API keys",
        rule: "A page on which anybody at this machine makes a key for an account that is claimed, with any scopes, and \
               sees it once. Without ?account=… it is the account that was claimed last. More than 25 active keys are \
               refused on the page.",
        because: "concepts/authentication names the place and the limit; the page itself is the app's own. POST /tokens is \
                  not in the sandbox: no tool makes tokens.",
    },
];
