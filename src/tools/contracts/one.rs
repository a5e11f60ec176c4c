//! One contract. Its milestones are paged where they are too many for one answer.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::paging::{Cursor, Key, PAGE_BYTES, Start};
use crate::answer::text::{count, quoted_to, word};
use crate::answer::{Answer, Page, Sentence, ToolError, bound};
use crate::api::contracts::{Contract, GetContract, OneContract};
use crate::api::milestones::{ACTIVE_FUNDED, NOT_FUNDED};
use crate::api::reply::{Read, Reply};
use crate::engine::{Context, Tool};
use crate::tools::nouns::contract::CONTRACT_IDS;

use super::budget::budget_line;
use super::lines::{ENDED, SHOWN_MILESTONES, contract_lines};

/// How much of a long milestone counts towards a page: its long texts are cut.
const LONG_MILESTONE: usize = 4_000;

#[derive(Deserialize, JsonSchema)]
pub(super) struct GetContractPage {
    #[serde(flatten)]
    contract: GetContract,
    /// nextCursor of the answer before: further milestones.
    cursor: Option<String>,
}

impl Tool for GetContractPage {
    type On = GetContract;
    type Output = OneContract;
    const TITLE: &'static str = "Get a contract";
    const ID_HINT: Sentence = CONTRACT_IDS;

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let about = json!(self.contract);
        let cursor = self.cursor.as_deref().map(|text| Cursor::open(text, &about)).transpose()?;
        let (reply, mut read) = context.read(&self.contract).await?;
        let page = page_of_milestones(&mut read.object, cursor.as_ref(), about);
        if page.is_some() {
            // What is written out is what is on the page.
            let text = Value::Object(read.object.clone()).to_string();
            read.output = serde_json::from_str(&text).unwrap_or(read.output);
        }
        let mut answer = describe(read, &reply, context);
        if let Some((first, given, total, next_cursor)) = page {
            let id = word(&self.contract.contract_id.0);
            let shown = format!("{} of {} shown, from number {}.", given, count(total, "milestone"), first + 1);
            let further = next_cursor
                .as_ref()
                .map(|cursor| context.next(&[("get_contract", &format!("contractId \"{id}\", cursor \"{cursor}\""))]));
            answer
                .warnings
                .push(format!("{shown} {}", further.unwrap_or_else(|| "No more follow.".into())).trim_end().into());
            answer.page = Some(Page { total: Some(total), next_cursor });
        }
        Ok(answer)
    }
}

/// Keeps one page of the milestones in `object`: the first, how many, how many there are, and the cursor to the next.
/// `None` where the contract fits whole.
fn page_of_milestones(
    object: &mut Map<String, Value>,
    cursor: Option<&Cursor>,
    about: Value,
) -> Option<(usize, usize, usize, Option<String>)> {
    let sizes = |items: &[Value]| items.iter().map(|item| bound::size(item).min(LONG_MILESTONE)).collect::<Vec<_>>();
    let all = object.get("contract")?.get("milestones")?.as_array()?;
    let sizes = sizes(all);
    if cursor.is_none() && sizes.iter().sum::<usize>() <= PAGE_BYTES {
        return None;
    }
    let keys: Vec<Key> = all.iter().map(key).collect();
    let Start { given: first, .. } = cursor.map_or(Start { given: 0, may_repeat: false }, |cursor| cursor.start(&keys));
    let mut room = PAGE_BYTES / 2;
    let fitting = sizes.iter().skip(first).take_while(|size| {
        let fits = **size <= room;
        room = room.saturating_sub(**size);
        fits
    });
    let given = fitting.take(SHOWN_MILESTONES).count();
    let (total, end) = (all.len(), first + given);
    let next_cursor = (end < total).then(|| Cursor::after(&keys, end, about, None).seal());
    let milestones = object.get_mut("contract")?.get_mut("milestones")?.as_array_mut()?;
    milestones.truncate(end);
    milestones.drain(..first.min(milestones.len()));
    Some((first, given, total, next_cursor))
}

fn key(milestone: &Value) -> Key {
    let id = milestone.get("id").unwrap_or(&Value::Null);
    Key::new(id, milestone.get("createdAt").and_then(Value::as_str), &milestone.to_string())
}

fn describe(read: Read<GetContract>, reply: &Reply, context: &Context) -> Answer {
    let contract = &read.output.contract;
    let mut lines = contract_lines("", contract, reply);
    let head = lines.remove(0);
    lines.extend(budget_line(contract));
    if let Some(conversation) = contract.job_dm_conversation_id.text() {
        lines.push(format!("Conversation with the trainer: {}.", word(conversation)));
    }
    for milestone in contract.milestones.items().iter().take(SHOWN_MILESTONES) {
        if let (Some(id), Some(description)) = (milestone.id.text(), milestone.description.text()) {
            lines.push(format!("{}: {}", word(id), quoted_to(description, 300)));
        }
    }
    let mut answer = Answer::new(head, read.object);
    answer.lines = lines;
    answer.next = context.next(&fitting_calls(contract));
    answer
}

/// What can be done with a contract and its milestones as they are now.
fn fitting_calls(contract: &Contract) -> Vec<(&'static str, &'static str)> {
    if contract.status.text() == Some(ENDED) {
        return Vec::new();
    }
    let has = |wanted| contract.milestones.items().iter().any(|milestone| milestone.status.text() == Some(wanted));
    let calls = [
        (has(NOT_FUNDED), ("request_milestone_funding", "milestoneId")),
        (has(ACTIVE_FUNDED), ("request_milestone_approval", "milestoneId")),
        // Without a rate OpenTrain refuses every new milestone.
        (contract.rate_usd.decimal().is_some(), ("create_milestone", "contractId, …")),
    ];
    calls.into_iter().filter(|(fits, _)| *fits).map(|(_, call)| call).collect()
}
