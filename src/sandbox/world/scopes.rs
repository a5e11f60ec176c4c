//! The scopes of tokens.

/// Every scope (reference: concepts/scopes-and-capabilities).
pub(crate) const ALL_SCOPES: &[&str] = &[
    "jobs:read",
    "jobs:write",
    "proposals:read",
    "proposals:write",
    "messages:read",
    "messages:write",
    "payments:read",
    "payments:write",
    "team:read",
    "team:write",
    "webhooks:manage",
];
/// The scopes of an agent that registers (reference: api-reference/agent-auth/register).
pub(crate) const BEFORE_THE_CLAIM: &[&str] =
    &["jobs:read", "jobs:write", "proposals:read", "messages:read", "payments:read", "team:read"];
/// The scopes of an agent whose account was claimed (reference: api-reference/agent-auth/token).
pub(crate) const AFTER_THE_CLAIM: &[&str] = &[
    "jobs:read",
    "jobs:write",
    "proposals:read",
    "proposals:write",
    "messages:read",
    "messages:write",
    "payments:read",
    "team:read",
    "team:write",
];
