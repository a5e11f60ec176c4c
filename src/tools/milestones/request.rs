//! The tools that request funding and release of a milestone. A person decides on both.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::{Answer, Cause, Denial, Hole, Sentence, Shown, ToolError, id, shown};
use crate::api::approvals::OneApproval;
use crate::api::contracts::{Contract, GetContract, ListContracts};
use crate::api::error::Error;
use crate::api::milestones::{ACTIVE_FUNDED, NOT_FUNDED, RequestMilestoneApproval, RequestMilestoneFunding};
use crate::api::reply::{Reply, documented};
use crate::api::types::{ContractId, MilestoneId};
use crate::api::{Operation, scan, wire};
use crate::engine::{Context, Money, Tool};
use crate::guard::ledger::Commitment;
use crate::tools::nouns::approval::{ApprovalRequest, Asked, describe_request};
use crate::tools::nouns::dry_run::{self, Costs, Plan};
use crate::tools::nouns::subject::{Subject, cautious, milestone_in};

/// The hint for milestone ids.
const MILESTONE_IDS: Sentence =
    Sentence::naming("milestoneId comes from {}; a contract id does not work here.", &["list_contracts"]);
/// The statuses of a milestone whose money was released. The reference lists only the app's label "Paid".
const PAID: &str = "PAID";
const RELEASED: &str = "RELEASED";
/// The time limit of a read after a refusal.
const LOOK_LIMIT: Duration = Duration::from_secs(8);

/// An operation that asks a person about a milestone's money.
pub(super) trait AboutMoney: Operation<Output = OneApproval> {
    const TITLE: &'static str;
    /// The status that the milestone needs.
    const WANTED: &'static str;

    fn milestone_id(&self) -> &MilestoneId;
}

impl AboutMoney for RequestMilestoneFunding {
    const TITLE: &'static str = "Ask to fund a milestone";
    const WANTED: &'static str = NOT_FUNDED;

    fn milestone_id(&self) -> &MilestoneId {
        &self.milestone_id
    }
}

impl AboutMoney for RequestMilestoneApproval {
    /// The API's word "approve" is misleading: the request is about the payment.
    const TITLE: &'static str = "Ask to release payment";
    const WANTED: &'static str = ACTIVE_FUNDED;

    fn milestone_id(&self) -> &MilestoneId {
        &self.milestone_id
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", bound = "O: AboutMoney")]
pub(super) struct MoneyRequest<O> {
    #[serde(flatten)]
    operation: O,
    /// The contract that holds it, if known: saves a search.
    contract_id: Option<ContractId>,
    /// Checks and sends nothing.
    dry_run: Option<bool>,
}

impl<O: AboutMoney> Tool for MoneyRequest<O> {
    type On = O;
    type Output = OneApproval;
    const TITLE: &'static str = <O as AboutMoney>::TITLE;
    const ID_HINT: Sentence = MILESTONE_IDS;
    const MONEY: Money = Money::Counted;

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        if self.dry_run == Some(true) {
            return rehearse(&self.operation, self.contract_id, context).await;
        }
        request(&self.operation, self.contract_id, context).await
    }
}

/// Requests funding or release from a person. The milestone is read first if a limit needs its amount, or if the caller
/// names its contract.
async fn request<O: AboutMoney>(
    operation: &O,
    contract: Option<ContractId>,
    context: &Context,
) -> Result<Answer, ToolError> {
    let milestone = operation.milestone_id();
    let subject = match (contract.clone(), context.policy().has_caps()) {
        (Some(contract), _) => Some(in_contract(milestone, contract, context).await?),
        (None, true) => Some(somewhere(milestone, context).await?),
        (None, false) => None,
    };
    let amount = subject.as_ref().and_then(Subject::amount);
    let commitment = Commitment { amount, milestone_id: Some(milestone.0.clone()) };
    match context.write(operation, Some(commitment)).await {
        Ok((reply, read)) => {
            let approval = read.output.approval;
            let request = ApprovalRequest { approval: &approval, object: read.object, reply: &reply };
            let asked =
                Asked { milestone: Some(&milestone.0), contract: contract.as_ref().map(|id| &*id.0), before: subject };
            Ok(describe_request(request, asked, context).await)
        }
        Err(error) => match wanted_status(&error) {
            Some(wanted) => {
                let status_note = current_status(milestone, contract, wanted, context).await;
                Err(status_note.into_iter().fold(error, ToolError::note))
            }
            None => Err(error),
        },
    }
}

/// Checks a request for funding or release without making it. The contract is read by itself, because only then does
/// OpenTrain tell what was used of its budget.
async fn rehearse<O: AboutMoney>(
    operation: &O,
    contract: Option<ContractId>,
    context: &Context,
) -> Result<Answer, ToolError> {
    wire::encode(operation)?;
    let (milestone, wanted) = (operation.milestone_id(), O::WANTED);
    let contract = if let Some(contract) = contract {
        contract
    } else {
        let found = somewhere(milestone, context).await?;
        ContractId(found.contract.id.text().unwrap_or_default().to_owned())
    };
    let reply = context.get(&GetContract { contract_id: contract }).await.map_err(ToolError::unsent)?;
    let (now, seen) = (reply.now(), reply.output::<GetContract>().map_err(ToolError::unsent)?);
    let subject = held(seen.contract, milestone).ok_or_else(|| not_there(milestone, "this contract"))?;
    let status = subject.milestone.as_ref().and_then(|milestone| milestone.status.text());
    let ended = subject.contract.status.text() == Some("ended");
    let refusals = match status {
        Some(status) if status == wanted && !ended => Vec::new(),
        _ => vec![context.names().say_all(&describe_status(&subject, wanted))],
    };
    let amount = subject.amount();
    let commitment = Some(Commitment { amount, milestone_id: Some(milestone.0.clone()) });
    let (verb, costs, facts) = if wanted == ACTIVE_FUNDED {
        let costs = Costs::nothing("the release pays the trainer what is held; no fee is documented for it");
        ("release the payment of", Some(costs), subject.evidence(now, context).await)
    } else {
        let fact = "A payment method must be on file; no read tells whether there is one.".into();
        ("fund", amount.and_then(Costs::of_funding), vec![fact])
    };
    let plan = Plan {
        would: shown!("ask the user to {} {}", verb, subject.name()),
        commitment,
        costs,
        refusals,
        facts,
        notes: subject.notes(now),
    };
    dry_run::answer(operation, plan, context).await
}

/// The status that the milestone needs, if the refusal names another one.
fn wanted_status(error: &ToolError) -> Option<&'static str> {
    let Error::Refused(refusal) = error.fault()? else { return None };
    match refusal.reason()? {
        "milestone_not_fundable" => Some(NOT_FUNDED),
        "milestone_not_funded" => Some(ACTIVE_FUNDED),
        _ => None,
    }
}

/// Explains the milestone's current status to a caller whose request was refused.
async fn current_status(
    milestone: &MilestoneId,
    contract: Option<ContractId>,
    wanted: &'static str,
    context: &Context,
) -> Vec<Sentence> {
    let look = async {
        match contract {
            Some(contract) => in_contract(milestone, contract, context).await,
            None => somewhere(milestone, context).await,
        }
    };
    match tokio::time::timeout(LOOK_LIMIT, look).await {
        Ok(Ok(subject)) => describe_status(&subject, wanted),
        Ok(Err(ToolError { cause: Cause::Denied(_), .. })) => vec![
            "It is not listed in a contract of this account: it was refunded or cancelled, or is another account's."
                .into(),
        ],
        Ok(Err(_)) | Err(_) => vec![Sentence::naming("{} shows its status.", &["get_contract"])],
    }
}

fn describe_status(subject: &Subject, wanted: &str) -> Vec<Sentence> {
    let Some(milestone) = &subject.milestone else { return Vec::new() };
    let place = milestone.milestone_number.get().map_or_else(Shown::default, |place| shown!("#{} ", place));
    let name = shown!("{}{}", place, milestone.id.text().map_or_else(|| "without id".into(), id));
    let Some(status) = milestone.status.text() else {
        return vec![shown!("{} has no status.", name).into()];
    };
    let ended = subject.contract.status.text() == Some("ended");
    let it_is = shown!("{} is {}", name, id(status));
    let status_note = match (wanted, status) {
        _ if ended => shown!("{}, and its contract has ended.", it_is),
        (NOT_FUNDED, ACTIVE_FUNDED) => shown!("{}: there is nothing left to fund.", it_is),
        (NOT_FUNDED, PAID | RELEASED) => {
            shown!("{} already: it was funded and released, and must not be funded again.", it_is)
        }
        (ACTIVE_FUNDED, PAID | RELEASED) => shown!("{} already: there is nothing to release.", it_is),
        (ACTIVE_FUNDED, NOT_FUNDED) => shown!("{}: it has to be funded first.", it_is),
        _ if status == wanted => shown!("{} now; OpenTrain does not say what else is in the way.", it_is),
        (NOT_FUNDED, _) => shown!("{}, which cannot be funded. That status is OpenTrain's to change.", it_is),
        _ => shown!("{}, which cannot be released. That status is OpenTrain's to change.", it_is),
    };
    let ask = Sentence::naming("{} asks for that.", &["request_milestone_funding"]);
    let is_unfunded = !ended && (wanted, status) == (ACTIVE_FUNDED, NOT_FUNDED);
    std::iter::once(status_note.into()).chain(is_unfunded.then_some(ask)).collect()
}

/// Finds the milestone in the contract that the caller named.
async fn in_contract(
    milestone: &MilestoneId,
    contract_id: ContractId,
    context: &Context,
) -> Result<Subject, ToolError> {
    let seen = context.look(&GetContract { contract_id }).await.map_err(ToolError::unsent)?;
    Ok(held(seen.contract, milestone).ok_or_else(|| not_there(milestone, "this contract"))?)
}

/// Finds the milestone in any contract.
async fn somewhere(milestone: &MilestoneId, context: &Context) -> Result<Subject, ToolError> {
    let reply = context.get(&ListContracts::default()).await.map_err(ToolError::unsent)?;
    let wanted = milestone.clone();
    let most = reply.apart(move |reply| among_all(&reply, &wanted)).await.map_err(ToolError::unsent)?;
    Ok(most.ok_or_else(|| not_there(milestone, "any contract of this account"))?)
}

/// Finds the milestone in a list of contracts, one contract at a time. If its id occurs twice, the larger amount
/// counts.
fn among_all(reply: &Reply, milestone: &MilestoneId) -> Result<Option<Subject>, Error> {
    let Some(list) = scan::member(reply.text(), "contracts").filter(|list| list.starts_with('[')) else {
        return reply.output::<ListContracts>().map(|_| None);
    };
    let mut most = None;
    for raw in scan::items(list) {
        reply.can_hold(raw)?;
        let contract = documented(raw).map_err(|fault| reply.not_of::<ListContracts>(&fault))?;
        let found = held(contract, milestone);
        most = most.into_iter().chain(found).max_by_key(|subject: &Subject| subject.milestone.as_ref().map(cautious));
    }
    Ok(most)
}

fn held(contract: Contract, milestone: &MilestoneId) -> Option<Subject> {
    let found = milestone_in(&contract, &milestone.0)?;
    Some(Subject { contract, milestone: Some(found) })
}

fn not_there(milestone: &MilestoneId, place: impl Hole) -> Denial {
    Denial::not_found(shown!("Milestone {} is not listed in {}", id(&milestone.0), place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Names;
    use crate::api::types::from_value;
    use serde_json::json;

    #[test]
    fn a_refusal_says_what_the_status_means() {
        for (wanted, status, contract, part, unsaid) in [
            (ACTIVE_FUNDED, "PAID", "active", "#2 ms_1 is PAID already: there is nothing to release", "request_"),
            (ACTIVE_FUNDED, "QUALITY_HOLD", "active", "which cannot be released", "request_"),
            (ACTIVE_FUNDED, "NOT_FUNDED", "active", "request_milestone_funding", "already"),
            (ACTIVE_FUNDED, "NOT_FUNDED", "ended", "its contract has ended", "request_"),
            (NOT_FUNDED, "ACTIVE_FUNDED", "active", "nothing left to fund", "request_"),
            (NOT_FUNDED, "PAID", "active", "must not be funded again", "request_"),
            (NOT_FUNDED, "DISPUTED", "active", "which cannot be funded", "request_"),
            (NOT_FUNDED, "NOT_FUNDED", "active", "does not say what else", "request_"),
        ] {
            let subject = Subject {
                contract: from_value(&json!({ "status": contract })),
                milestone: Some(from_value(&json!({ "id": "ms_1", "milestoneNumber": 2, "status": status }))),
            };
            let names = Names::new("", ["request_milestone_funding"]);
            let text = names.say_all(&describe_status(&subject, wanted));
            assert!(text.contains(part) && !text.contains(unsaid), "{wanted} {status}: {text}");
        }
    }
}
