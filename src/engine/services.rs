//! What every call works with: the API's client, the tokens, the operator's rules, and what lasts between calls.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::answer::text::usd;
use crate::answer::{Names, Object};
use crate::api::client::Client;
use crate::api::token::{Token, TokenSource};
use crate::guard::Operator;
use crate::guard::ledger::{Commitment, Intent};

use super::call::Call;
use super::claim::Claim;
use super::facts::Facts;
use super::memory::Memory;

/// What every call works with. One for the process; nothing in it belongs to one call.
pub struct Services {
    /// The way to the API.
    pub client: Client,
    /// Where the token comes from, and where a new one is kept.
    pub tokens: Arc<dyn TokenSource>,
    /// What the operator allows.
    pub operator: Operator,
    /// How the tools are named here.
    pub names: Names,
    /// The facts of the tools that are listed.
    pub listed: Vec<&'static Facts>,
    /// The claim under way in this process.
    pub claim: Claim,
    /// What tools remember between calls.
    pub memory: Memory,
    /// Whether nothing is real.
    pub sandbox: bool,
    /// How long a call may wait for a person.
    pub human_wait: Duration,
}

impl Services {
    /// Services over `client` with these tokens and rules; the names follow from the tools that are served.
    #[must_use]
    pub fn new(
        client: Client,
        tokens: Arc<dyn TokenSource>,
        operator: Operator,
        human_wait: Duration,
        sandbox: bool,
    ) -> Self {
        Self {
            client,
            tokens,
            operator,
            names: Names::default(),
            listed: Vec::new(),
            claim: Claim::default(),
            memory: Memory::default(),
            sandbox,
            human_wait,
        }
    }

    /// The tools that are listed and would be refused, by why: each reason once, in the order of the first of its tools.
    #[must_use]
    pub fn refused<W: PartialEq>(&self, why: impl Fn(&Facts) -> Option<W>) -> Vec<(W, Vec<String>)> {
        let mut refused: Vec<(W, Vec<String>)> = Vec::new();
        for facts in &self.listed {
            let (Some(why), name) = (why(facts), self.names.listed(facts.name)) else { continue };
            match refused.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(name),
                None => refused.push((why, vec![name])),
            }
        }
        refused
    }

    /// The rules in force, each in words.
    #[must_use]
    pub fn limits(&self) -> Vec<String> {
        self.operator.describe()
    }

    /// How much of the day's limit is used, in words, where there is one.
    pub async fn used_today(&self, token: Option<&Token>, call: &Call) -> Option<String> {
        let (limit, audit) = (self.operator.policy.max_day?, self.operator.audit.as_ref()?);
        let used = audit.used_today(self.intent("", Object::new(), token, call, None).await).await;
        Some(match used {
            Ok(used) => format!("{} of {} are used today (UTC)", usd(used), usd(limit)),
            Err(fault) => format!("how much of {} is used today could not be read ({fault})", usd(limit)),
        })
    }

    /// The origin of the app, where it is known.
    pub async fn app(&self) -> Option<Url> {
        self.client.origin().await.ok()
    }

    /// The origin of the API, for the record.
    pub async fn base(&self) -> Option<String> {
        Some(self.app().await?.origin().ascii_serialization())
    }

    /// What a write of `tool` is about to do.
    pub async fn intent(
        &self,
        tool: &str,
        arguments: Object,
        token: Option<&Token>,
        call: &Call,
        commitment: Option<Commitment>,
    ) -> Intent {
        Intent {
            tool: tool.to_owned(),
            arguments,
            base: self.base().await,
            principal: token.map(Token::principal),
            sandbox: self.sandbox,
            client: call.client.clone(),
            commitment,
        }
    }

    /// The secrets of this process, with the token that a call works with.
    pub fn secrets(&self, token: Option<&Token>) -> impl Iterator<Item = Token> {
        token.cloned().into_iter().chain(self.tokens.secrets())
    }

    /// Saves a token that was delivered once and could not be saved then.
    pub async fn save_again(&self) {
        if self.tokens.is_unsaved() {
            let tokens = Arc::clone(&self.tokens);
            // If it fails the token stays in use, and the next call tries again.
            let _ = tokio::task::spawn_blocking(move || tokens.save_again()).await;
        }
    }

    /// The process stops: waits for tokens that are just being delivered, and ends what is still open on the record as
    /// unknown.
    pub async fn close(&self) {
        self.claim.close().await;
        self.save_again().await;
        if let Some(notice) = self.tokens.take_notice() {
            tracing::warn!("{notice}");
        } else if self.tokens.is_unsaved() {
            tracing::error!("{}", self.tokens.notices().join("; "));
        }
        if let Some(audit) = &self.operator.audit {
            audit.close().await;
        }
    }
}
