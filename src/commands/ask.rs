//! Questions that commands ask OpenTrain, with the tools that serve models: they page, retry and take up a new token.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::{Answer, Failure, Object, Shown, shown};
use crate::api::approvals::Looked;
use crate::api::client::Client;
use crate::api::contracts::Contract;
use crate::api::token::Token;
use crate::api::types::from_value;
use crate::config::{Config, Flags};
use crate::engine::recorded_approvals::RecordedApprovals;
use crate::engine::{Call, Context, Toolbox};
use crate::sandbox::Embedded;

use super::{Fault, toolbox_over};

/// The longest time for one question, including retries.
const PATIENCE: Duration = Duration::from_secs(45);
/// The longest time for all approvals.
const ALL_APPROVALS: Duration = Duration::from_secs(300);
/// The most pages of a list.
const MOST_PAGES: usize = 200;

/// Asks on behalf of a command.
pub(super) struct Asker {
    toolbox: Arc<Toolbox>,
}

impl Asker {
    /// Asks the account of these settings. The operator's limits on tools do not matter to reads of a command.
    pub(super) fn new(config: &Config) -> Result<Self, Fault> {
        let flags = Flags { toolsets: None, tool_prefix: None, ..config.flags.clone() };
        let asking = Config { flags, ..config.clone() };
        Ok(Self { toolbox: Arc::new(toolbox_over(&asking, Embedded::for_one_call, Client::reading_whole)?) })
    }

    /// The origin of the API and the owner of the token in use.
    pub(super) async fn account(&self) -> (Option<String>, Option<String>) {
        let services = &self.toolbox.services;
        (services.base().await, services.tokens.current().as_ref().map(Token::principal))
    }

    /// All contracts with their milestones.
    pub(super) async fn contracts(&self) -> Result<Vec<Contract>, Shown> {
        let mut contracts = Vec::new();
        let mut arguments = Object::from_iter([("limit".to_owned(), json!(100))]);
        for _ in 0..MOST_PAGES {
            let answer = self.ask("list_contracts", arguments.clone()).await.map_err(|failure| failure.text())?;
            let listed = answer.object.get("contracts").and_then(Value::as_array);
            contracts.extend(listed.into_iter().flatten().map(from_value::<Contract>));
            match answer.page.and_then(|page| page.next_cursor) {
                Some(cursor) => drop(arguments.insert("cursor".into(), cursor.into())),
                None => return Ok(contracts),
            }
        }
        Err(shown!("the list of contracts has more than {} pages", MOST_PAGES))
    }

    /// One approval.
    pub(super) async fn approval(&self, id: &str) -> Looked {
        match self.ask("get_approval", Object::from_iter([("approvalId".to_owned(), id.into())])).await {
            Ok(answer) => match answer.object.get("approval") {
                Some(approval) => Looked::Found(Box::new(from_value(approval))),
                None => Looked::Unread("the answer has no approval".into()),
            },
            Err(failure) if failure.status == Some(404) => Looked::Missing,
            Err(failure) => Looked::Unread(failure.message.clone()),
        }
    }

    /// All approvals that are open on record, and the context in which they were looked up.
    pub(super) async fn approvals(&self) -> Option<(RecordedApprovals, Context)> {
        self.toolbox.recorded_approvals(usize::MAX, &Call::within(ALL_APPROVALS)).await
    }

    async fn ask(&self, tool: &str, arguments: Object) -> Result<Answer, Box<Failure>> {
        let client = Some(concat!("opentrain-mcp-cli ", env!("CARGO_PKG_VERSION")).to_owned());
        let call = Call { client, ..Call::within(PATIENCE) };
        let unknown = || {
            let mut failure = Failure::default();
            failure.message = format!("there is no tool {tool}");
            Box::new(failure)
        };
        let served = self.toolbox.served_as(tool).ok_or_else(unknown)?;
        self.toolbox.call(served, arguments, &call).await.map_err(Box::new)
    }
}
