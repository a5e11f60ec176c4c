//! The tool that ends a contract: at once, or after a person's decision if money is held.

use crate::answer::{Answer, Outcome, Sentence, id, shown};
use crate::api::contracts::EndContract;
use crate::api::reply::{Read, Reply};
use crate::engine::{Context, OneRequest};
use crate::tools::nouns::approval::{ApprovalRequest, describe_request};
use crate::tools::nouns::contract::CONTRACT_IDS;

impl OneRequest for EndContract {
    const TITLE: &'static str = "End a contract";
    const ID_HINT: Sentence = CONTRACT_IDS;

    async fn render(&self, read: Read<Self>, reply: &Reply, context: &Context) -> Answer {
        if let Some(approval) = read.output.approval.get() {
            return describe_request(ApprovalRequest { approval, object: read.object, reply }, None, context).await;
        }
        let id = id(&self.contract_id.0);
        let summary =
            shown!("Ended: contract {} had no funded milestone, so it ended at once. No money has moved.", id);
        Answer { outcome: Some(Outcome::Done), ..Answer::new(summary, read.object) }
    }
}
