//! The tool that reads one contract. Its milestones are paged if they do not fit in one answer.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::contracts::{Contract, GetContract, OneContract};
use crate::api::error::Error;
use crate::api::milestones::{ACTIVE_FUNDED, NOT_FUNDED};
use crate::api::reply::{Read, Reply};
use crate::api::scan;

use super::budget::budget_line;
use super::lines::{ENDED, SHOWN_MILESTONES, contract_lines};
use crate::answer::paging::{Cursor, Key, PAGE_BYTES};
use crate::answer::text::count;
use crate::answer::{Answer, ListPosition, Sentence, Shown, ToolError, id, quoted_to, shown};
use crate::engine::{Context, Tool};
use crate::tools::nouns::contract::CONTRACT_IDS;
use crate::tools::nouns::people::People;

/// The most bytes of a milestone that count towards the page size, because long texts are cut.
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
        let reply = context.get(&self.contract).await?;
        let (reply, page) = reply.apart(move |reply| with_page(reply, cursor.as_ref(), about)).await?;
        let read = context.read_reply::<GetContract>(&reply)?;
        let mut answer = describe(read, &reply, context);
        if let Some(MilestonePage { first, given, total, next_cursor }) = page {
            let id = id(&self.contract.contract_id.0);
            let shown = shown!("{} of {} shown, from number {}.", given, count(total, "milestone"), first + 1);
            let further = next_cursor.as_ref().map(|cursor| {
                context.next(&[("get_contract", shown!("contractId \"{}\", cursor \"{}\"", id, cursor))])
            });
            answer
                .warnings
                .push(shown!("{} {}", shown, further.unwrap_or_else(|| "No more follow.".into())).without_end(' '));
            answer.page = Some(ListPosition { total: Some(total), next_cursor: next_cursor.map(String::from) });
        }
        Ok(answer)
    }
}

/// A page of the milestones of a contract that does not fit whole.
struct MilestonePage {
    first: usize,
    given: usize,
    total: usize,
    next_cursor: Option<Shown>,
}

/// Replaces the milestones in the reply with one page of them. A contract that fits stays unchanged.
fn with_page(reply: Reply, cursor: Option<&Cursor>, about: Value) -> Result<(Reply, Option<MilestonePage>), Error> {
    let contract = scan::member(reply.text(), "contract").unwrap_or_default();
    let list = scan::member(contract, "milestones").filter(|list| list.starts_with('['));
    let Some((page, text)) = list.and_then(|list| page_of(list, cursor, about)) else { return Ok((reply, None)) };
    let place = scan::place(reply.text(), list.unwrap_or_default());
    Ok((reply.with(place, &text)?, Some(page)))
}

/// Selects a page of `list` and formats it as JSON. The list is scanned as text; none of its milestones is parsed
/// completely.
fn page_of(list: &str, cursor: Option<&Cursor>, about: Value) -> Option<(MilestonePage, String)> {
    let milestones = scan::items(list);
    let sizes = milestones.clone().map(|raw| raw.len().min(LONG_MILESTONE));
    if cursor.is_none() && sizes.clone().sum::<usize>() <= PAGE_BYTES {
        return None;
    }
    let keys = milestones.clone().map(Key::of);
    let first = cursor.map_or(0, |cursor| cursor.start(keys.clone()).given);
    let mut room = PAGE_BYTES / 2;
    let fitting = sizes.skip(first).take_while(|size| {
        let fits = *size <= room;
        room = room.saturating_sub(*size);
        fits
    });
    let given = fitting.take(SHOWN_MILESTONES).count();
    let (total, end) = (milestones.clone().count(), first + given);
    let next_cursor = (end < total).then(|| Cursor::after(keys, end, about, None).shown());
    let page: Vec<&str> = milestones.skip(first).take(given).collect();
    Some((MilestonePage { first, given, total, next_cursor }, format!("[{}]", page.join(","))))
}

fn describe(read: Read<GetContract>, reply: &Reply, context: &Context) -> Answer {
    let contract = &read.output.contract;
    People::of(context).see_contract(contract);
    let mut lines = contract_lines("", contract, reply);
    let head = lines.remove(0);
    lines.extend(budget_line(contract));
    if let Some(conversation) = contract.job_dm_conversation_id.text() {
        lines.push(shown!("Conversation with the trainer: {}.", id(conversation)));
    }
    for milestone in contract.milestones.items().iter().take(SHOWN_MILESTONES) {
        if let (Some(its_id), Some(description)) = (milestone.id.text(), milestone.description.text()) {
            lines.push(shown!("{}: {}", id(its_id), quoted_to(description, 300)));
        }
    }
    let mut answer = Answer::new(head, read.object);
    answer.lines = lines;
    answer.next = context.next(&fitting_calls(contract));
    answer
}

/// The calls that are possible in the contract's current state.
fn fitting_calls(contract: &Contract) -> Vec<(&'static str, &'static str)> {
    if contract.status.text() == Some(ENDED) {
        return Vec::new();
    }
    let has = |wanted| contract.milestones.items().iter().any(|milestone| milestone.status.text() == Some(wanted));
    let calls = [
        (has(NOT_FUNDED), ("request_milestone_funding", "milestoneId")),
        (has(ACTIVE_FUNDED), ("request_milestone_approval", "milestoneId")),
        // OpenTrain refuses a milestone in a contract without a rate.
        (contract.rate_usd.decimal().is_some(), ("create_milestone", "contractId, …")),
    ];
    calls.into_iter().filter(|(fits, _)| *fits).map(|(_, call)| call).collect()
}
