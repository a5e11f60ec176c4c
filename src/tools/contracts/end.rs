//! The tool that ends a contract: at once, or after a person's decision if money is held.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::{Answer, Outcome, Sentence, Shown, ToolError, id, shown};
use crate::api::contracts::{Contract, EndContract, Ending, GetContract};
use crate::api::reply::{Read, Reply};
use crate::api::wire;
use crate::engine::{Context, Money, Tool};
use crate::tools::nouns::approval::{ApprovalRequest, Asked, describe_request};
use crate::tools::nouns::contract::{CONTRACT_IDS, contract_name};
use crate::tools::nouns::dry_run::{self, Costs, Plan};
use crate::tools::nouns::subject::Subject;

use super::lines::ENDED;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct End {
    #[serde(flatten)]
    end: EndContract,
    /// Checks and sends nothing.
    dry_run: Option<bool>,
}

impl Tool for End {
    type On = EndContract;
    type Output = Ending;
    const TITLE: &'static str = "End a contract";
    const ID_HINT: Sentence = CONTRACT_IDS;
    /// The API does not say what becomes of the money that a contract holds; a person decides.
    const MONEY: Money = Money::Outside;

    async fn question(&self, context: &Context) -> Result<Shown, ToolError> {
        let contract = read(&self.end, context).await?;
        Ok(shown!(
            "End the contract of {}? It cannot be opened again. If it holds money, OpenTrain's own page asks before it ends.",
            contract_name(&contract)
        ))
    }

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        if self.dry_run == Some(true) {
            return rehearse(&self.end, context).await;
        }
        let (reply, read) = context.write(&self.end, None).await?;
        Ok(ended(&self.end, read, &reply, context).await)
    }
}

async fn ended(end: &EndContract, read: Read<EndContract>, reply: &Reply, context: &Context) -> Answer {
    if let Some(approval) = read.output.approval.get() {
        let asked = Asked { contract: Some(&end.contract_id.0), ..Asked::default() };
        return describe_request(ApprovalRequest { approval, object: read.object, reply }, asked, context).await;
    }
    let summary = shown!(
        "Ended: contract {} had no funded milestone, so it ended at once. No money has moved.",
        id(&end.contract_id.0)
    );
    Answer { outcome: Some(Outcome::Done), ..Answer::new(summary, read.object) }
}

async fn read(end: &EndContract, context: &Context) -> Result<Contract, ToolError> {
    let look = GetContract { contract_id: end.contract_id.clone() };
    Ok(context.look(&look).await.map_err(ToolError::unsent)?.contract)
}

/// Says what ending would do, without doing it.
async fn rehearse(end: &EndContract, context: &Context) -> Result<Answer, ToolError> {
    wire::encode(end)?;
    let contract = read(end, context).await?;
    let has_ended = contract.status.text() == Some(ENDED);
    let subject = Subject { contract, milestone: None };
    let plan = Plan {
        would: shown!(
            "end the contract of {}; an ended contract cannot be opened again",
            contract_name(&subject.contract)
        ),
        commitment: None,
        costs: Some(Costs::nothing("no fee is documented for ending")),
        refusals: has_ended.then(|| "The contract has ended already.".into()).into_iter().collect(),
        facts: if has_ended { Vec::new() } else { subject.on_ending() },
        notes: Vec::new(),
    };
    dry_run::answer(end, plan, context).await
}
