//! The account's API tokens, without their secrets (reference: api-reference/tokens). Creating a token is left out on
//! purpose, because a secret must not enter a model's context.

#![expect(missing_docs, reason = "the type of an id describes it wherever it stands")]

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Status};
use super::types::{Field, List, TokenId};
use super::{Effect, Gate, Operation};

/// List the account's API tokens: names, scopes, last use. Secrets are never shown.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListTokens {}

impl Operation for ListTokens {
    type Output = Tokens;
    const NAME: &'static str = "list_tokens";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/tokens";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::TOKEN;
}

/// `{"tokens": […]}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Tokens {
    /// At most 25 active tokens.
    pub tokens: Vec<ListedToken>,
}

/// A token, without its secret.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListedToken {
    /// The tokenId of other tools.
    pub id: Field<String>,
    /// The token's name.
    pub name: Field<String>,
    /// The token's prefix and last four characters.
    pub preview: Field<String>,
    /// Such as payments:read.
    pub scopes: List<Field<String>>,
    /// active, expired or revoked.
    pub status: Field<String>,
    /// ISO 8601.
    pub created_at: Field<String>,
    /// ISO 8601; null if never.
    pub last_used_at: Field<String>,
    /// ISO 8601; null if never.
    pub expires_at: Field<String>,
}

/// Revoke an API token: whoever uses it is locked out at once, and it cannot be brought back. Revoking the one in use
/// locks this server out.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevokeToken {
    pub token_id: TokenId,
}

impl Operation for RevokeToken {
    type Output = OneToken;
    const NAME: &'static str = "revoke_token";
    const METHOD: Method = Method::DELETE;
    const PATH: &'static str = "/tokens/{tokenId}";
    const EFFECT: Effect = Effect::Exposes;
    const EVIDENCE: Evidence = Evidence::Success(Status::NoneOf("/token/status", &["active"]));
    const GATE: Gate = Gate::TOKEN;
}

/// `{"token": {…}}`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OneToken {
    /// The token; OpenTrain may answer without it.
    #[serde(default)]
    pub token: Field<ListedToken>,
}
