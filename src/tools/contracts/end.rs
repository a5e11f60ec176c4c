//! The tool that ends a contract: at once, or after a person's decision if money is held.

use crate::answer::text::word;
use crate::answer::{Answer, Outcome, Sentence};
use crate::api::contracts::EndContract;
use crate::api::reply::{Read, Reply};
use crate::engine::{Context, Money, OneRequest};
use crate::tools::nouns::approval::{ApprovalRequest, Asked, describe_request};
use crate::tools::nouns::contract::CONTRACT_IDS;

impl OneRequest for EndContract {
    const TITLE: &'static str = "End a contract";
    const ID_HINT: Sentence = CONTRACT_IDS;
    /// The API does not say what becomes of the money that a contract holds; a person decides.
    const MONEY: Money = Money::Outside;

    async fn render(&self, read: Read<Self>, reply: &Reply, context: &Context) -> Answer {
        if let Some(approval) = read.output.approval.get() {
            let asked = Asked { contract: Some(&self.contract_id.0), ..Asked::default() };
            return describe_request(ApprovalRequest { approval, object: read.object, reply }, asked, context).await;
        }
        let id = word(&self.contract_id.0);
        let summary = format!("Ended: contract {id} had no funded milestone, so it ended at once. No money has moved.");
        Answer { outcome: Some(Outcome::Done), ..Answer::new(summary, read.object) }
    }
}
