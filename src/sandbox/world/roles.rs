//! The tokens that exist from the start, one for each role that a caller can play.

use super::scopes::{AFTER_THE_CLAIM, ALL_SCOPES, BEFORE_THE_CLAIM};
use crate::api::token::Token;

/// A role that a caller can play, with its token.
#[derive(Debug, PartialEq, Eq)]
pub struct Role {
    /// The name of the role.
    pub name: &'static str,
    /// The token. It is no secret.
    pub token: &'static str,
    /// What to try with it.
    pub purpose: &'static str,
    /// The scopes of the token.
    pub scopes: &'static [&'static str],
    /// Features that are off for this token.
    pub(crate) disabled: &'static [&'static str],
    /// When it is valid.
    pub(crate) standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Valid,
    /// A claim revokes the account's earlier tokens (reference: api-reference/agent-auth/token).
    UntilClaimed,
    Revoked,
}

const ONLY_READING: &[&str] = &["jobs:read", "proposals:read", "messages:read", "payments:read", "team:read"];

const OWNER: Role = Role {
    name: "owner",
    token: "ot_pat_sandboxowner_notarealsecret01",
    purpose: "A key made in the app, with every scope. The default.",
    scopes: ALL_SCOPES,
    disabled: &[],
    standing: Standing::Valid,
};

const ROLES: &[Role] = &[
    OWNER,
    Role {
        name: "fresh-agent",
        token: "ot_pat_sandboxfresh_notarealsecret02",
        purpose: "What an agent gets when it registers: it reads, and a person has yet to claim the account. The claim \
                  revokes it.",
        scopes: BEFORE_THE_CLAIM,
        standing: Standing::UntilClaimed,
        ..OWNER
    },
    Role {
        name: "claimed-agent",
        token: "ot_pat_sandboxclaimed_notarealsecret03",
        purpose: "What an agent gets when its account is claimed: without payments:write, so 403 on every milestone.",
        scopes: AFTER_THE_CLAIM,
        ..OWNER
    },
    Role {
        name: "read-only",
        token: "ot_pat_sandboxreadonly_notarealsecret04",
        purpose: "Reads, and may write nothing.",
        scopes: ONLY_READING,
        ..OWNER
    },
    Role {
        name: "feature-off",
        token: "ot_pat_sandboxfeature_notarealsecret05",
        purpose: "Every scope, but public_api_payments_write is switched off for the account.",
        disabled: &["public_api_payments_write"],
        ..OWNER
    },
    Role {
        name: "revoked",
        token: "ot_pat_sandboxrevoked_notarealsecret06",
        purpose: "No longer valid: 401 on every call.",
        standing: Standing::Revoked,
        ..OWNER
    },
];

/// All roles, the default one first.
#[must_use]
pub const fn roles() -> &'static [Role] {
    ROLES
}

/// The token for callers that name none. It has every scope.
#[must_use]
pub fn default_token() -> Token {
    Token::fixed(OWNER.token)
}
