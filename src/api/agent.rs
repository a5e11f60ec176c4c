//! Endpoints for an agent's own account, from registration to claim (reference: concepts/authentication and
//! api-reference/agent-auth). They follow OAuth: outside of `/api/public/v1`, with forms and their own errors. Their
//! replies contain secrets, which must not leave this server.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, Status};
use super::token::Token;
use super::types::Field;
use super::{Dialect, Effect, Gate, Operation};

/// The root path of the agent endpoints.
const ROOT: &str = "/api/agent";
/// The OAuth grant type that exchanges a claim for a token.
pub const CLAIM_GRANT: &str = "urn:opentrain:agent-auth:grant-type:claim";

/// `POST /identity`: registers anonymously.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RegisterIdentity {
    /// What the agent is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_name: Option<String>,
    /// For whom it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
}

impl Operation for RegisterIdentity {
    type Output = Registration;
    const NAME: &'static str = "register_agent";
    const METHOD: Method = Method::POST;
    const ROOT: &'static str = ROOT;
    const PATH: &'static str = "/identity";
    const DIALECT: Dialect = Dialect::OAuthJson;
    const EFFECT: Effect = Effect::Create;
    const EVIDENCE: Evidence = Evidence::Id(&["/access_token"]);
    const GATE: Gate = Gate::OPEN;
}

/// A new identity. Both tokens are shown once.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Registration {
    /// The token until the claim.
    #[schemars(with = "String")]
    pub access_token: Token,
    /// The claim token, which is exchanged for a bearer token; never sent as one.
    #[schemars(with = "String")]
    pub claim_token: Token,
    /// The registration.
    #[serde(default)]
    pub registration_id: Field<String>,
    /// ISO 8601, about 24 h away.
    #[serde(default)]
    pub claim_token_expires_at: Field<String>,
}

/// `POST /identity/claim`: starts the claim, or restarts it with a new code.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct StartClaim {
    /// Secret.
    pub claim_token: String,
    /// The future owner's address, which must have no account yet.
    pub email: String,
}

impl Operation for StartClaim {
    type Output = ClaimStarted;
    const NAME: &'static str = "claim_account";
    const METHOD: Method = Method::POST;
    const ROOT: &'static str = ROOT;
    const PATH: &'static str = "/identity/claim";
    const DIALECT: Dialect = Dialect::OAuthJson;
    const EFFECT: Effect = Effect::Replace;
    const EVIDENCE: Evidence = Evidence::Id(&["/user_code"]);
    const GATE: Gate = Gate::OPEN;
}

/// The data that a person needs to claim the account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ClaimStarted {
    /// The 6 digits that the page asks for.
    pub user_code: String,
    /// The page.
    pub verification_uri: String,
    /// Seconds.
    #[serde(default)]
    pub expires_in: Field<u64>,
    /// Seconds between two polls.
    #[serde(default)]
    pub interval: Field<u64>,
    /// OpenTrain has sent an e-mail too.
    #[serde(default)]
    pub email_sent: Field<bool>,
}

/// `POST /oauth/token`: asks once whether the claim is done. The token is delivered exactly once.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeClaim {
    /// [`CLAIM_GRANT`]
    pub grant_type: String,
    /// Secret.
    pub claim_token: String,
}

impl Operation for ExchangeClaim {
    type Output = Granted;
    const NAME: &'static str = "get_claim_status";
    const METHOD: Method = Method::POST;
    const ROOT: &'static str = ROOT;
    const PATH: &'static str = "/oauth/token";
    const DIALECT: Dialect = Dialect::OAuthForm;
    const EFFECT: Effect = Effect::Create;
    const EVIDENCE: Evidence = Evidence::Id(&["/access_token"]);
    const GATE: Gate = Gate::OPEN;
}

/// The token of a claimed account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Granted {
    /// Secret.
    #[schemars(with = "String")]
    pub access_token: Token,
    /// The token's scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// `POST /oauth/revoke` (RFC 7009): always succeeds.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub struct RevokeOwnToken {
    /// Secret.
    pub token: String,
}

impl Operation for RevokeOwnToken {
    type Output = Revoked;
    const NAME: &'static str = "logout";
    const METHOD: Method = Method::POST;
    const ROOT: &'static str = ROOT;
    const PATH: &'static str = "/oauth/revoke";
    const DIALECT: Dialect = Dialect::OAuthForm;
    const EFFECT: Effect = Effect::Replace;
    const EVIDENCE: Evidence = Evidence::Success(Status::None);
    const GATE: Gate = Gate::OPEN;
}

/// `{}`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct Revoked {}
