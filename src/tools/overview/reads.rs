//! Reads everything that the overview needs, at once. Eight requests, and one for each approval that the record knows.

use jiff::Timestamp;
use serde_json::Value;

use crate::answer::{Joined, Object, Shown, ToolError, id, quoted, shown};
use crate::api::Operation;
use crate::api::account::{AuthStatus, GetAuthStatus, GetCapabilities};
use crate::api::contracts::{Contract, ListContracts};
use crate::api::credits::{Balance, GetCredits, ListPendingPayments, Payment};
use crate::api::error::Error;
use crate::api::jobs::{ListJobs, OwnJobs};
use crate::api::messages::{Conversations, ListConversations};
use crate::api::reply::Reply;
use crate::api::updates::{PollUpdates, Updates};
use crate::api::{Gate, scan};
use crate::engine::Context;
use crate::engine::recorded_approvals::{RecordedApprovals, look_up};

/// The largest pages of OpenTrain's lists.
const PAGE: u32 = 100;
/// The most events that are read.
const EVENTS: u32 = 200;
/// The most approvals that are looked up: as many as are shown beside other items of their section.
const APPROVALS: usize = 8;

/// The reason why a part could not be read.
type Part<T> = Result<T, Shown>;

/// Everything that was read.
pub(super) struct Reads {
    /// OpenTrain's time.
    pub(super) now: Option<Timestamp>,
    pub(super) status: Part<AuthStatus>,
    pub(super) features: Part<Object>,
    pub(super) contracts: Part<Vec<Contract>>,
    pub(super) conversations: Part<Conversations>,
    pub(super) jobs: Part<OwnJobs>,
    pub(super) payments: Part<Vec<Payment>>,
    pub(super) credits: Part<Balance>,
    pub(super) updates: Part<Updates>,
    pub(super) approvals: RecordedApprovals,
}

impl Reads {
    /// Reads all parts at the same time. A part that fails is noted.
    ///
    /// # Errors
    /// If OpenTrain accepts no token, or answers nothing at all.
    pub(super) async fn all(since: Option<&str>, context: &Context) -> Result<Self, ToolError> {
        let contracts = ListContracts::default();
        let jobs = ListJobs { limit: Some(PAGE), ..ListJobs::default() };
        let conversations = ListConversations { limit: Some(PAGE), ..ListConversations::default() };
        let updates = PollUpdates { cursor: since.map(str::to_owned), limit: Some(EVENTS) };
        let (status, features, contracts, conversations, jobs, payments, credits, updates, approvals) = tokio::join!(
            get(&GetAuthStatus {}, context),
            get(&GetCapabilities {}, context),
            get(&contracts, context),
            get(&conversations, context),
            get(&jobs, context),
            get(&ListPendingPayments {}, context),
            get(&GetCredits {}, context),
            get(&updates, context),
            look_up(APPROVALS, context),
        );
        let now = [&status, &contracts, &jobs, &updates].into_iter().flatten().map(Reply::now).max();
        match status {
            // The token may have been replaced; the engine then tries again.
            Err(fault) if fault.status() == Some(401) => Err(fault.into()),
            Err(fault) if contracts.is_err() && conversations.is_err() && jobs.is_err() => Err(fault.into()),
            status => Ok(Self {
                now,
                status: output::<GetAuthStatus>(status).await,
                features: output::<GetCapabilities>(features).await.map(|features| features.capabilities),
                contracts: all_contracts(contracts).await,
                conversations: output::<ListConversations>(conversations).await,
                jobs: output::<ListJobs>(jobs).await,
                payments: output::<ListPendingPayments>(payments).await.map(|pending| pending.payments),
                credits: output::<GetCredits>(credits).await.map(|balance| balance.credits),
                updates: output::<PollUpdates>(updates).await,
                approvals,
            }),
        }
    }

    /// The contract with this id.
    pub(super) fn contract(&self, id: &str) -> Option<&Contract> {
        self.contracts.as_ref().ok()?.iter().find(|contract| contract.id.text() == Some(id))
    }

    /// The cursor for the next overview.
    pub(super) fn next_since(&self) -> Option<&str> {
        self.updates.as_ref().ok()?.next_cursor.text()
    }
}

async fn get<O: Operation>(operation: &O, context: &Context) -> Result<Reply, Error> {
    context.get(operation).await
}

async fn output<O: Operation>(reply: Result<Reply, Error>) -> Part<O::Output> {
    let read = async { reply?.apart(|reply| reply.output::<O>()).await };
    read.await.map_err(|fault| why(&fault, &O::GATE))
}

/// Reads the contracts one at a time, so that a long list needs no second copy.
async fn all_contracts(reply: Result<Reply, Error>) -> Part<Vec<Contract>> {
    let read = async {
        reply?
            .apart(|reply| {
                let Some(list) = scan::member(reply.text(), "contracts").filter(|list| list.starts_with('[')) else {
                    return reply.output::<ListContracts>().map(|all| all.contracts);
                };
                Ok(scan::items(list).map(|raw| serde_json::from_str(raw).unwrap_or_default()).collect())
            })
            .await
    };
    read.await.map_err(|fault| why(&fault, &ListContracts::GATE))
}

/// Says why a part could not be read: the missing scope or feature, or the fault.
fn why(fault: &Error, gate: &Gate) -> Shown {
    let Error::Refused(refusal) = fault else { return quoted(&fault.to_string()) };
    let is_named = |key: &str| refusal.detail(key).is_some_and(|value| !matches!(value, Value::Null));
    if refusal.status == 403 && is_named("requiredScopes") {
        return shown!("this token lacks {}", gate.scopes.iter().joined(" or "));
    }
    if let Some(feature) = refusal.detail_text("featureKey") {
        return shown!("{} is switched off for this account", id(feature));
    }
    shown!("HTTP {}: {}", refusal.status, quoted(&refusal.message))
}
