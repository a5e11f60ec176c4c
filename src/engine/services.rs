//! The services that all calls share: the API's client, the tokens, the operator's rules and the tools' memory.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use url::Url;

use crate::answer::text::usd;
use crate::answer::{Access, Joined, Names, Object, Shown, quoted, quoted_to, shown};
use crate::api::client::Client;
use crate::api::token::{Token, TokenSource, hide_secrets};
use crate::guard::Operator;
use crate::guard::ledger::{Commitment, Intent};
use crate::guard::policy::Policy;

use super::call::Call;
use super::claim::Claim;
use super::facts::{Facts, Money};
use super::memory::Memory;
use super::notice::Notifier;
use super::principal::Principal;
use super::running::Running;

/// The most characters of a notice, which names the path of a file.
const NOTICE: usize = 500;

/// Shared by all calls of the process; holds nothing of a single call.
pub struct Services {
    /// Sends requests to the API.
    pub client: Arc<Client>,
    /// Loads and stores the token.
    pub tokens: Arc<dyn TokenSource>,
    /// The operator's rules and the record.
    pub operator: Operator,
    /// The listed tools and their names on this server.
    pub names: Names,
    /// The facts of the listed tools.
    pub listed: Vec<&'static Facts>,
    /// The claim under way in this process.
    pub claim: Arc<Claim>,
    /// State of tools that lasts between calls.
    pub memory: Arc<Memory>,
    /// Who calls.
    pub principal: Principal,
    /// The writes that run now.
    pub running: Arc<Running>,
    /// Brings steps before a person who sees no chat.
    pub notifier: Option<Arc<dyn Notifier>>,
    /// True if the API is the sandbox, where nothing is real.
    pub sandbox: bool,
    /// The longest time that a call waits for a person.
    pub human_wait: Duration,
}

impl Services {
    /// Builds the services. `Toolbox::new` fills in the names.
    #[must_use]
    pub fn new(
        client: Client,
        tokens: Arc<dyn TokenSource>,
        operator: Operator,
        human_wait: Duration,
        sandbox: bool,
    ) -> Self {
        Self {
            client: Arc::new(client),
            tokens,
            operator,
            names: Names::default(),
            listed: Vec::new(),
            claim: Arc::default(),
            memory: Arc::default(),
            principal: Principal::default(),
            running: Arc::default(),
            notifier: None,
            sandbox,
            human_wait,
        }
    }

    /// The same services for one principal: its own token and rules; connections, locks and the record are shared.
    /// `Toolbox::narrowed` fills in the names.
    #[must_use]
    pub(super) fn of(&self, principal: Principal, policy: Policy, tokens: Arc<dyn TokenSource>) -> Self {
        Self {
            client: Arc::clone(&self.client),
            tokens,
            operator: self.operator.with_policy(policy),
            names: Names::default(),
            listed: Vec::new(),
            // No claim is open for a caller's own token, and no other caller's claim may hold it up.
            claim: if principal.access == Access::OwnToken { Arc::default() } else { Arc::clone(&self.claim) },
            memory: Arc::clone(&self.memory),
            running: Arc::clone(&self.running),
            // The steps of other people's accounts are no business of the operator.
            notifier: self.notifier.clone().filter(|_| principal.access != Access::OwnToken),
            sandbox: self.sandbox,
            human_wait: self.human_wait,
            principal,
        }
    }

    /// Groups the listed tools that would be refused by reason, in the order of the first tool of each reason.
    #[must_use]
    pub fn refused<W: PartialEq>(&self, why: impl Fn(&Facts) -> Option<W>) -> Vec<(W, Vec<Shown>)> {
        let mut refused: Vec<(W, Vec<Shown>)> = Vec::new();
        for facts in &self.listed {
            let (Some(why), name) = (why(facts), self.names.listed(facts.name)) else { continue };
            match refused.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(name),
                None => refused.push((why, vec![name])),
            }
        }
        refused
    }

    /// Describes the rules in force.
    #[must_use]
    pub fn limits(&self) -> Vec<Shown> {
        let names = |those: fn(&Facts) -> bool| {
            let those = self.listed.iter().filter(|facts| those(facts));
            Some(those.map(|facts| self.names.listed(facts.name)).joined(", ")).filter(|names| !names.is_empty())
        };
        let policy = &self.operator.policy;
        let outside = names(|facts| facts.money == Money::Outside).filter(|_| policy.has_caps());
        let confirmed = names(|facts| facts.confirm).filter(|_| policy.person_confirms);
        let mut limits = self.operator.describe();
        limits.extend(outside.map(|names| shown!("not counted: {}", names)));
        limits.extend(confirmed.map(|names| shown!("a person says yes first, in a form of the host: {}", names)));
        limits
    }

    /// Describes how much of today's limit is used; `None` without such a limit.
    pub async fn used_today(&self, token: Option<&Token>, call: &Call) -> Option<Shown> {
        let limit = self.operator.policy.max_day?;
        Some(match self.committed_today(token, call).await {
            Ok(used) => shown!("{} of {} are used today (UTC)", usd(used), usd(limit)),
            Err(fault) => {
                shown!("how much of {} is used today could not be read ({})", usd(limit), quoted(&fault.to_string()))
            }
        })
    }

    /// The amount that the owner of `token` has committed today (UTC), in USD before fees.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub async fn committed_today(&self, token: Option<&Token>, call: &Call) -> io::Result<Decimal> {
        self.operator.ledger.used_today(self.intent("", Object::new(), token, call, None).await).await
    }

    /// The origin of the app, if known.
    pub async fn app(&self) -> Option<Url> {
        self.client.origin().await.ok()
    }

    /// The origin of the API, for the record.
    pub async fn base(&self) -> Option<String> {
        Some(self.app().await?.origin().ascii_serialization())
    }

    /// Who asks, as the record names it. What is remembered for a caller is found under this name, too.
    #[must_use]
    pub fn caller(&self, token: Option<&Token>) -> Option<String> {
        self.principal.name.clone().or_else(|| token.map(Token::principal))
    }

    /// The owner of the token, as the record names it: several agents may act on one account. The public id of a caller's
    /// own token proves nothing, since anyone can write it into a token; the caller's name has a hash of the whole.
    #[must_use]
    pub fn owner(&self, token: Option<&Token>) -> Option<String> {
        if self.principal.access == Access::OwnToken { self.caller(token) } else { token.map(Token::principal) }
    }

    /// Describes a write that is about to be sent, for the limits and the record.
    pub async fn intent(
        &self,
        tool: &str,
        arguments: Object,
        token: Option<&Token>,
        call: &Call,
        commitment: Option<Commitment>,
    ) -> Intent {
        let principal = self.caller(token);
        let client = call.client.clone().map(|mut client| {
            hide_secrets(&mut client, self.secrets(token));
            client
        });
        Intent {
            tool: tool.to_owned(),
            arguments,
            base: self.base().await,
            account: self.owner(token).filter(|owner| Some(owner) != principal.as_ref()),
            principal,
            sandbox: self.sandbox,
            client,
            confirmed: call.confirmed.is_some(),
            commitment,
        }
    }

    /// All secrets of this process, including the call's token.
    #[must_use]
    pub fn secrets(&self, token: Option<&Token>) -> Vec<Token> {
        let mut secrets = self.own_secrets();
        secrets.extend(token.filter(|token| !secrets.contains(token)).cloned());
        secrets
    }

    /// The secrets of this process and the caller's key for it.
    #[must_use]
    pub fn own_secrets(&self) -> Vec<Token> {
        let mut secrets = self.tokens.secrets();
        secrets.extend(self.principal.key.clone());
        secrets
    }

    /// Warnings about the source of the token.
    #[must_use]
    pub fn notices(&self) -> Vec<Shown> {
        self.tokens.notices().iter().map(|notice| quoted_to(notice, NOTICE)).collect()
    }

    /// A notice that is given once: about the endpoint, or about an account that was saved late.
    pub fn take_notices(&self) -> impl Iterator<Item = Shown> {
        let about_account = self.tokens.take_notice().map(|notice| quoted_to(&notice, NOTICE));
        self.client.take_notice().map(Shown::ours).into_iter().chain(about_account)
    }

    /// Tries again to save a token that could not be saved when it was delivered.
    pub async fn save_again(&self) {
        if self.tokens.is_unsaved() {
            let tokens = Arc::clone(&self.tokens);
            // After a failure the token stays in use, and the next call tries again.
            let _ = tokio::task::spawn_blocking(move || tokens.save_again()).await;
        }
    }

    /// Prepares the process to stop: waits for tokens on their way, and records open writes as unknown.
    pub async fn close(&self) {
        self.claim.close().await;
        self.save_again().await;
        if let Some(notice) = self.tokens.take_notice() {
            tracing::warn!("{notice}");
        } else if self.tokens.is_unsaved() {
            tracing::error!("{}", self.tokens.notices().join("; "));
        }
        self.operator.ledger.close().await;
        if let Some(notifier) = &self.notifier {
            notifier.close().await;
        }
    }
}
