//! Endpoints of the account behind the token (reference: api-reference/auth/me and
//! api-reference/job-drafts/capabilities).

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::types::{Field, List, wrapper};
use super::{Effect, Gate, Operation};

/// Tell whose token is in use, what it may do (scopes), where it comes from, and what would be refused and why. Call it
/// when something was refused and it is unclear what is missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetAuthStatus {}

impl Operation for GetAuthStatus {
    type Output = AuthStatus;
    const NAME: &'static str = "get_auth_status";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/auth/me";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::TOKEN;
}

/// `{"actor", "token", "account"}`. No field is documented to say whether the account is claimed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AuthStatus {
    /// The acting user.
    #[serde(deserialize_with = "wrapper")]
    pub actor: Actor,
    /// The token in use, without its secret.
    #[serde(default)]
    pub token: Field<TokenFacts>,
    /// The account that it acts for.
    #[serde(default)]
    pub account: Field<Account>,
}

/// The acting user.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Actor {
    /// User id.
    pub user_id: Field<String>,
    /// The account's own address.
    pub email: Field<String>,
    /// Full name.
    pub full_name: Field<String>,
    /// Such as EMPLOYER.
    pub user_type: Field<String>,
}

/// The facts of a token.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenFacts {
    /// Token id.
    pub id: Field<String>,
    /// The name that its maker gave it.
    pub label: Field<String>,
    /// Such as payments:read.
    pub scopes: List<Field<String>>,
    /// The organization that owns it.
    pub owner_organization_id: Field<String>,
}

/// The account that a token acts for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// Such as employer_organization.
    pub kind: Field<String>,
    /// Organization id.
    pub organization_id: Field<String>,
    /// User id of the owner.
    pub owner_user_id: Field<String>,
    /// OWNER or MEMBER.
    pub member_role: Field<String>,
}

/// Tell which features are switched on for this account (job drafting, publishing, hiring, messaging, team, payments,
/// credits, webhooks), and which job fields and values exist.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetCapabilities {}

impl Operation for GetCapabilities {
    type Output = Capabilities;
    const NAME: &'static str = "get_capabilities";
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/job-drafts/capabilities";
    const EFFECT: Effect = Effect::Read;
    const GATE: Gate = Gate::TOKEN;
}

/// The features that are switched on.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Each feature by name: paymentsWrite, hiring, credits, …
    #[serde(deserialize_with = "wrapper")]
    pub capabilities: Map<String, Value>,
    /// Such as ALL.
    #[serde(default)]
    pub rollout_mode: Field<String>,
}

impl TokenFacts {
    /// The scopes that are text.
    #[must_use]
    pub fn scope_names(&self) -> Vec<&str> {
        self.scopes.items().iter().filter_map(Field::text).collect()
    }
}

/// The name of a feature in the capabilities: `public_api_payments_write` becomes `paymentsWrite`.
#[must_use]
pub fn switch_of(feature: &str) -> String {
    let mut words = feature.trim_start_matches("public_api_").split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
    }
    name
}
