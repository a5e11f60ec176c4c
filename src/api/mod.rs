//! OpenTrain's REST API: its endpoints as types, its errors, and its HTTP client.
//!
//! An [`Operation`] is one REST endpoint. The client encodes with it, the sandbox decodes with it, and the tools, the
//! schemas and the documentation are derived from it. This folder knows nothing of MCP, tools or the sandbox, and
//! imports no other folder.
//!
//! The API's reference is at <https://www.opentrain.ai/docs/developers>.

pub mod account;
pub mod agent;
pub mod amount;
pub mod approvals;
pub mod caller_token;
pub mod catalogue;
pub mod client;
pub mod contracts;
pub mod credits;
pub mod cuts;
mod envelope;
pub mod error;
pub mod evidence;
pub mod excerpt;
pub mod freelancers;
pub mod hex;
pub mod inputs;
pub mod jobs;
pub mod marketplace;
mod mask;
pub mod messages;
pub mod meter;
pub mod milestones;
mod network;
pub mod proposals;
mod receive;
pub mod reply;
pub mod room;
pub mod scan;
pub mod surrogates;
pub mod team;
pub mod threads;
pub mod token;
pub mod tokens;
pub mod trace;
pub mod types;
pub mod updates;
pub mod webhooks;
pub mod wire;
pub mod wording;

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use error::InvalidArgument;
pub use evidence::Evidence;

/// One endpoint of the public API.
///
/// The type itself is the input. Its fields are the path parameters (named as in [`PATH`](Self::PATH)); the other
/// fields are the query of a `GET` or `DELETE`, and the JSON object of other methods. Its doc comment is the
/// description for the model, and those of its fields describe the parameters.
pub trait Operation: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The documented fields of a success. The whole body is passed on as it came.
    type Output: DeserializeOwned + JsonSchema + Send + 'static;

    /// The tool's name: verb and noun in snake_case.
    const NAME: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// The path below [`ROOT`](Self::ROOT), with `{parameter}` segments named like the JSON fields.
    const PATH: &'static str;
    /// The root path on the configured origin.
    const ROOT: &'static str = "/api/public/v1";
    /// The field that becomes the whole body, for an open body.
    const BODY: Option<&'static str> = None;
    /// The format of bodies and errors.
    const DIALECT: Dialect = Dialect::Api;
    /// The effect of a call.
    const EFFECT: Effect;
    /// The API's condition for a call.
    const GATE: Gate;
    /// The proof of success in a reply. Every write sets it.
    const EVIDENCE: Evidence = Evidence::Read;
    /// Names the parameters that make a large reply smaller.
    const SMALLER: &'static str = "";

    /// Checks rules that a JSON schema cannot express, before anything is sent.
    ///
    /// # Errors
    /// The invalid parameter, with a valid value.
    fn check(&self) -> Result<(), InvalidArgument> {
        Ok(())
    }
}

/// The format of an endpoint's bodies and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON, and errors in the envelope of the public API.
    Api,
    /// JSON, with OAuth's errors: `{"error", "error_description"}` (RFC 6749, 5.2).
    OAuthJson,
    /// `application/x-www-form-urlencoded`, with OAuth's errors.
    OAuthForm,
}

/// The effect of an operation. Hints, retries, read-only mode and the need for confirmation follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing and may be retried.
    Read,
    /// Creates something new at each call. Retried only if the request certainly never left.
    Create,
    /// Sets something to a value. Repeating the call has no further effect.
    Replace,
    /// Cannot be undone, with or without a person's confirmation.
    Irreversible,
    /// Requests a person's decision: the API answers 202 with an approval, and a repeated request returns the same
    /// approval.
    CoSigned,
    /// Reaches outside the account without human approval.
    Exposes,
}

impl Effect {
    /// Describes the effect for a human reader.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Read => "reads",
            Self::Create => "creates",
            Self::Replace => "changes",
            Self::Irreversible => "cannot be taken back",
            Self::CoSigned => "asks a person",
            Self::Exposes => "reaches outside",
        }
    }

    /// The MCP tool annotations for this effect: `readOnlyHint`, `destructiveHint`, `idempotentHint`, `openWorldHint`.
    #[must_use]
    pub const fn hints(self) -> Hints {
        Hints {
            read_only: matches!(self, Self::Read),
            destructive: matches!(self, Self::Irreversible | Self::Exposes),
            idempotent: matches!(self, Self::Read | Self::Replace | Self::CoSigned),
            open_world: true,
        }
    }
}

/// The four behaviour hints of an MCP tool (revision 2025-03-26 and later).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are MCP's own four")]
pub struct Hints {
    /// Changes nothing.
    pub read_only: bool,
    /// May destroy or publish something.
    pub destructive: bool,
    /// Repeating the call has no further effect.
    pub idempotent: bool,
    /// Reaches the world outside this process.
    pub open_world: bool,
}

/// The API's conditions for an operation: a token, a scope, a feature of the account, a claimed account. All named
/// conditions must hold (reference: concepts/scopes-and-capabilities).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// A bearer token is sent.
    pub token: bool,
    /// The token must carry one of these, or a `:write` that implies it.
    pub scopes: &'static [&'static str],
    /// The account must have this feature.
    pub feature: Option<&'static str>,
    /// A person must own the account.
    pub claimed: bool,
}

impl Gate {
    /// Requires any valid token.
    pub const TOKEN: Self = Self { token: true, scopes: &[], feature: None, claimed: false };

    /// Open to everybody. No token is sent, even if one is configured.
    pub const OPEN: Self = Self { token: false, scopes: &[], feature: None, claimed: false };

    /// Requires a token with one of `scopes`.
    #[must_use]
    pub const fn scopes(scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..Self::TOKEN }
    }

    /// Adds the account's feature flag.
    #[must_use]
    pub const fn feature(self, feature: &'static str) -> Self {
        Self { feature: Some(feature), ..self }
    }

    /// Adds a claimed account.
    #[must_use]
    pub const fn claimed(self) -> Self {
        Self { claimed: true, ..self }
    }

    /// True if the granted scopes satisfy this gate. `X:write` implies `X:read`.
    #[must_use]
    pub fn admits<S: AsRef<str>>(&self, granted: &[S]) -> bool {
        self.scopes.is_empty()
            || self.scopes.iter().any(|wanted| {
                granted.iter().map(AsRef::as_ref).any(|have| {
                    have == *wanted
                        || wanted
                            .strip_suffix(":read")
                            .is_some_and(|family| have.strip_suffix(":write") == Some(family))
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_scope_implies_its_read_scope_and_no_other() {
        let gate = Gate::scopes(&["payments:read"]);
        assert!(gate.admits(&["payments:read"]));
        assert!(gate.admits(&["payments:write"]));
        assert!(!gate.admits(&["jobs:write", "payments"]));
        assert!(!Gate::scopes(&["payments:write"]).admits(&["payments:read"]));
        assert!(Gate::TOKEN.admits::<&str>(&[]));
    }
}
