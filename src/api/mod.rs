//! What OpenTrain is: its endpoints as types, its errors, and the way to it over HTTP.
//!
//! An [`Operation`] is one REST endpoint. The client encodes with it, the sandbox decodes with it, and the tools,
//! the schema files and the README read their facts from it. This folder knows nothing of MCP, of tools, or of
//! the sandbox, and imports nothing of ours.
//!
//! Facts about the API come from its reference, <https://www.opentrain.ai/docs/developers>.

pub mod account;
pub mod agent;
pub mod amount;
pub mod approvals;
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
pub mod jobs;
pub mod marketplace;
mod mask;
pub mod messages;
pub mod milestones;
mod network;
pub mod proposals;
mod receive;
pub mod reply;
pub mod scan;
pub mod surrogates;
pub mod team;
pub mod threads;
pub mod token;
pub mod tokens;
pub mod types;
pub mod updates;
pub mod webhooks;
pub mod wire;

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use error::InvalidArgument;
pub use evidence::Evidence;

/// One endpoint of the public API.
///
/// The type itself is the input: its fields are the path parameters (named as in [`PATH`](Self::PATH)), and what is
/// left of them is the query of a `GET` or `DELETE` and the JSON object of any other method. Its doc comment is the
/// description that a model reads, and those of its fields describe the parameters.
pub trait Operation: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The success body, read for its text. What is passed on is the body as it came.
    type Output: DeserializeOwned + JsonSchema + Send + 'static;

    /// The tool's name: snake_case, verb and noun.
    const NAME: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// The path below [`ROOT`](Self::ROOT), with `{parameter}` segments named as the fields are on the wire.
    const PATH: &'static str;
    /// Where [`PATH`](Self::PATH) starts on the configured origin.
    const ROOT: &'static str = "/api/public/v1";
    /// The field that is the whole body, where the body is open.
    const BODY: Option<&'static str> = None;
    /// How bodies and errors are written.
    const DIALECT: Dialect = Dialect::Api;
    /// What a call does to the world.
    const EFFECT: Effect;
    /// What the caller has to hold.
    const GATE: Gate;
    /// What in a success shows that it was carried out. Every write names it.
    const EVIDENCE: Evidence = Evidence::Read;
    /// The parameters that make a large answer smaller, in words.
    const SMALLER: &'static str = "";

    /// Looks at what a JSON schema cannot say, before anything is sent.
    ///
    /// # Errors
    /// The parameter that is wrong, and what would be right.
    fn check(&self) -> Result<(), InvalidArgument> {
        Ok(())
    }
}

/// How an endpoint writes bodies and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON, and errors in the envelope of the public API.
    Api,
    /// JSON, and errors as OAuth has them: `{"error", "error_description"}` (RFC 6749, 5.2).
    OAuthJson,
    /// `application/x-www-form-urlencoded`, and errors as OAuth has them.
    OAuthForm,
}

/// What an operation does to the world. Hints, retries, read-only mode and confirmation all follow from this word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing; may be sent again.
    Read,
    /// Makes something new at each call: sent again only if it certainly never left.
    Create,
    /// Sets something to a value: the same call twice leaves what once leaves.
    Replace,
    /// Cannot be taken back, whether or not a person confirms it.
    Irreversible,
    /// Asks a person: the API answers 202 with an approval, and the same request again gives the same approval.
    CoSigned,
    /// Reaches outside the account, and no person co-signs it.
    Exposes,
}

impl Effect {
    /// What a call does, for a person.
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

    /// The MCP tool annotations that follow: `readOnlyHint`, `destructiveHint`, `idempotentHint`, `openWorldHint`.
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
    /// Does not change anything.
    pub read_only: bool,
    /// May destroy or publish something.
    pub destructive: bool,
    /// The same call again has no further effect.
    pub idempotent: bool,
    /// Talks to a world outside this process.
    pub open_world: bool,
}

/// What OpenTrain asks of the caller of an operation: a token, a scope, a feature of the account, a claimed account.
/// All that are named must hold (reference: concepts/scopes-and-capabilities).
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
    /// Any valid token.
    pub const TOKEN: Self = Self { token: true, scopes: &[], feature: None, claimed: false };

    /// Open to anybody: no token is sent, even where there is one.
    pub const OPEN: Self = Self { token: false, scopes: &[], feature: None, claimed: false };

    /// Any token with one of `scopes`.
    #[must_use]
    pub const fn scopes(scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..Self::TOKEN }
    }

    /// Also the account's feature flag.
    #[must_use]
    pub const fn feature(self, feature: &'static str) -> Self {
        Self { feature: Some(feature), ..self }
    }

    /// Also an account that a person has claimed.
    #[must_use]
    pub const fn claimed(self) -> Self {
        Self { claimed: true, ..self }
    }

    /// Whether these granted scopes open the gate: `X:write` implies `X:read`.
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
