//! What is read of contracts.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value, json};

use crate::api::contracts::{Contract, Contracts, EndContract, Ending, GetContract, ListContracts};
use crate::api::error::Error;
use crate::api::milestones::{ACTIVE_FUNDED, Milestone, NOT_FUNDED};
use crate::api::reply::{Read, Reply};
use crate::api::types::{Field, List};
use crate::api::{Effect, Gate, Operation};

use super::answer::{Answer, Outcome, Page};
use super::approvals::{Asked, asked};
use super::audit::Settled;
use super::failure::Trouble;
use super::paging::{Cursor, PAGE_BYTES};
use super::text::{count, date, number, quoted, quoted_to, usd, visible, word};
use super::{Context, Entry, Told, Tool};

mod budget;
mod tally;

pub(super) use budget::flags;
pub use budget::used_of_budget;
use budget::{budget_line, unit};
use tally::Tally;

/// The tools of this family.
pub const TOOLS: &[Entry] = &[Entry::of::<ListContractsPage>(), Entry::of::<GetContract>(), Entry::of::<EndContract>()];

/// Where contract ids come from.
pub const CONTRACT_IDS: &str = "contractId comes from list_contracts; a job or milestone id does not work here.";
/// The status of a contract that is over.
const ENDED: &str = "ended";
/// The most milestones of one contract that are written out.
const SHOWN_MILESTONES: usize = 50;

#[derive(Deserialize, JsonSchema)]
struct ListContractsPage {
    #[serde(flatten)]
    filters: ListContracts,
    /// Contracts per page; default 20.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// nextCursor of the page before.
    cursor: Option<String>,
}

impl Tool for ListContractsPage {
    type Output = Contracts;
    const NAME: &'static str = <ListContracts as Operation>::NAME;
    const TITLE: &'static str = "List contracts";
    const EFFECT: Effect = <ListContracts as Operation>::EFFECT;
    const GATE: Gate = <ListContracts as Operation>::GATE;
    const IDS: &'static str = "jobId is the jobId of a contract; a contract id does not work here.";

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let filters = json!(self.filters);
        let cursor = self.cursor.as_deref().map(|text| Cursor::open(text, &filters)).transpose()?;
        let reply = context.send(&self.filters).await?;
        let list = Listing::of(&reply)?;
        Ok(list.page(cursor.as_ref(), self.limit.unwrap_or(20), filters, &reply, context))
    }
}

/// The whole list, as slices of the body that it came in: of 5,000 contracts only a page is built.
struct Listing<'a> {
    contracts: Vec<&'a RawValue>,
    rest: Map<String, Value>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Listing<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadingListing(PhantomData))
    }
}

struct ReadingListing<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ReadingListing<'a> {
    type Value = Listing<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with contracts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut contracts, mut rest) = (None, Map::new());
        while let Some(name) = fields.next_key::<String>()? {
            if name == "contracts" {
                contracts = Some(fields.next_value()?);
            } else {
                rest.insert(name, fields.next_value()?);
            }
        }
        let contracts = contracts.ok_or_else(|| A::Error::missing_field("contracts"))?;
        Ok(Listing { contracts, rest })
    }
}

/// What is read of a contract that is not on the page: what is counted.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Outline {
    status: Field<String>,
    milestones: List<MilestoneOutline>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MilestoneOutline {
    status: Field<String>,
    amount_usd: Field<Number>,
    pending_approval: Field<bool>,
    needs_review: Field<bool>,
}

/// What a cursor goes by.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Key {
    id: Field<String>,
    created_at: Field<String>,
}

impl<'a> Listing<'a> {
    fn of(reply: &'a Reply) -> Result<Self, Error> {
        serde_json::from_str(reply.text()).map_err(|fault| reply.not_of::<ListContracts>(&fault))
    }

    fn page(self, cursor: Option<&Cursor>, limit: usize, filters: Value, reply: &Reply, context: &Context) -> Answer {
        let first = cursor.map_or(0, |cursor| {
            cursor.given(self.contracts.iter().map(|raw| read::<Key>(raw).into())).min(self.contracts.len())
        });
        let given = self.fit(first, limit);
        let total = self.contracts.len();
        let next_cursor = (first + given < total).then(|| {
            let last = self.contracts.get((first + given).saturating_sub(1)).map(|raw| read::<Key>(raw).into());
            let (id, created_at) = last.unwrap_or_default();
            Cursor { id, created_at, filters }.seal()
        });
        let (before, rest) = self.contracts.split_at(first);
        let (page, after) = rest.split_at(given);
        let mut tally = Tally::default();
        for raw in before.iter().chain(after) {
            let contract: Outline = read(raw);
            tally.contract(&contract.status);
            for milestone in contract.milestones.items() {
                let flags = [&milestone.pending_approval, &milestone.needs_review];
                tally.milestone(&milestone.status, &milestone.amount_usd, flags);
            }
        }
        let mut lines = Vec::new();
        for (place, raw) in (first + 1..).zip(page) {
            let contract: Contract = read(raw);
            tally.contract(&contract.status);
            for milestone in contract.milestones.items() {
                let flags = [&milestone.pending_approval, &milestone.needs_review];
                tally.milestone(&milestone.status, &milestone.amount_usd, flags);
            }
            lines.extend(contract_lines(&format!("{place}. "), &contract, reply));
        }
        let mut answer = Answer::new(tally.told(), Map::new());
        answer.lines = lines;
        let calls = next_calls(tally.contracts.keys().all(|status| status == ENDED), context);
        answer.next = what_next(first, given, total, next_cursor.as_deref(), &calls);
        answer.page = Some(Page { total, next_cursor });
        answer.object.insert("contracts".into(), page.iter().map(|raw| read::<Value>(raw)).collect());
        answer.object.extend(self.rest);
        answer
    }

    /// How many contracts from `first` on make a page: at least one, if there is one.
    fn fit(&self, first: usize, limit: usize) -> usize {
        let mut bytes = 0;
        let sizes = self.contracts.iter().skip(first).take(limit).map(|raw| raw.get().len());
        let fitting = sizes.take_while(|size| {
            bytes += size;
            bytes <= PAGE_BYTES
        });
        let fitting = fitting.count();
        fitting.max(usize::from(first < self.contracts.len()))
    }
}

fn read<T: DeserializeOwned + Default>(raw: &RawValue) -> T {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

impl From<Key> for (String, String) {
    fn from(key: Key) -> Self {
        let text = |field: Field<String>| field.text().unwrap_or_default().to_owned();
        (text(key.id), text(key.created_at))
    }
}

/// What a caller does after this page.
fn what_next(first: usize, given: usize, total: usize, next_cursor: Option<&str>, calls: &str) -> String {
    let last = first + given;
    let shown = if given == 1 { format!("Number {last}") } else { format!("{} to {last}", first + 1) };
    match next_cursor {
        Some(cursor) => format!(
            "{shown} of {total} shown. For the next: list_contracts with cursor \"{cursor}\" and the same filters."
        ),
        None if total == 0 => "A contract begins with a hire.".into(),
        None if given == total => format!("All shown. {calls}"),
        None => format!("The last {} of {total} shown. {calls}", count(given, "contract")),
    }
}

/// What can be done with contracts: with ended ones nothing but looking.
fn next_calls(all_ended: bool, context: &Context) -> String {
    let calls = [
        ("create_milestone", "contractId, …"),
        ("request_milestone_funding", "milestoneId"),
        ("get_contract", "contractId"),
    ];
    context.next(if all_ended { calls.get(2..).unwrap_or_default() } else { &calls })
}

impl Told for GetContract {
    const TITLE: &'static str = "Get a contract";
    const IDS: &'static str = CONTRACT_IDS;

    fn tell(&self, read: Read<Self>, reply: &Reply, context: &Context) -> Answer {
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

impl Tool for EndContract {
    type Output = Ending;
    const NAME: &'static str = <Self as Operation>::NAME;
    const TITLE: &'static str = "End a contract";
    const EFFECT: Effect = <Self as Operation>::EFFECT;
    const GATE: Gate = <Self as Operation>::GATE;
    const IDS: &'static str = CONTRACT_IDS;

    async fn run(self, context: &Context) -> Result<Answer, Trouble> {
        let written = context.write(&self, None).await?;
        let (read, reply, writing) = (written.read, written.reply, written.writing);
        if let Some(approval) = read.output.approval.get().cloned() {
            return asked(Asked { approval, object: read.object, reply, writing, subject: None }, context).await;
        }
        let warning = writing.end(Settled::with(Outcome::Done)).await;
        let id = word(&self.contract_id.0);
        let summary = format!("Ended: contract {id} had no funded milestone, so it ended at once. No money has moved.");
        let mut answer = Answer::new(summary, read.object);
        answer.outcome = Some(Outcome::Done);
        answer.warnings.extend(warning);
        Ok(answer)
    }
}

/// A contract by trainer, id and title.
#[must_use]
pub fn contract_name(contract: &Contract) -> String {
    let id = contract.id.text().map(word).unwrap_or_default();
    let title = contract.title.text().map(quoted).unwrap_or_default();
    format!("{}, {id} {title}", trainer(contract)).trim_end().to_owned()
}

/// A contract in a line, and each milestone in one.
#[must_use]
pub fn contract_lines(lead: &str, contract: &Contract, reply: &Reply) -> Vec<String> {
    let mut lines = vec![format!("{lead}{}", contract_line(contract))];
    let milestones = contract.milestones.items();
    if let Some(head) = lines.first_mut()
        && milestones.is_empty()
    {
        head.push_str(" · no milestones listed");
    }
    lines.extend(
        milestones
            .iter()
            .take(SHOWN_MILESTONES)
            .map(|milestone| format!("   {}", milestone_line_in(milestone, unit(contract), reply))),
    );
    if milestones.len() > SHOWN_MILESTONES {
        lines.push(format!(
            "   … and {} more in structuredContent",
            count(milestones.len() - SHOWN_MILESTONES, "milestone")
        ));
    }
    lines
}

fn contract_line(contract: &Contract) -> String {
    let text = |field: &Field<String>, otherwise: &str| field.text().map_or_else(|| otherwise.to_owned(), word);
    let mut status = text(&contract.status, "no status");
    if let Some(end) = contract.end_date.text() {
        status.push_str(&format!(" {}", date(end)));
    }
    let title = contract.title.text().map_or_else(|| "no title".into(), quoted);
    let rate = contract.rate_usd.decimal().map_or_else(|| "no rate".into(), usd);
    let payment = format!("{} {rate}", text(&contract.payment_type, "no payment type"));
    [text(&contract.id, "no id"), status, title, trainer(contract), payment].join(" · ")
}

/// The trainer, by the masked name and country.
#[must_use]
pub fn trainer(contract: &Contract) -> String {
    let Some(freelancer) = contract.freelancer.get() else { return "no trainer".into() };
    let name = freelancer.display_name.text().map_or_else(|| "unnamed trainer".into(), super::parts::name);
    match freelancer.country.text() {
        Some(country) => format!("{name} ({})", word(country)),
        None => name,
    }
}

/// A milestone in a line.
#[must_use]
pub fn milestone_line(milestone: &Milestone, reply: &Reply) -> String {
    milestone_line_in(milestone, None, reply)
}

/// A milestone in a line, with the unit in which its contract counts.
fn milestone_line_in(milestone: &Milestone, unit: Option<&str>, reply: &Reply) -> String {
    let mut parts = Vec::new();
    let place = milestone.milestone_number.get().map_or_else(String::new, |place| format!("#{place} "));
    parts.push(format!("{place}{}", milestone.id.text().map_or_else(|| "no id".into(), word)));
    parts.push(milestone.status.text().map_or_else(|| "no status".into(), word));
    parts.push(milestone.amount_usd.decimal().map_or_else(|| "no amount".into(), usd));
    parts.extend(milestone.volume.decimal().map(|volume| match unit {
        Some(unit) => format!("{} {unit}", number(volume)),
        None => format!("volume {}", number(volume)),
    }));
    parts.push(due(milestone, reply));
    let name = milestone.name.text().or_else(|| milestone.description.text());
    parts.extend(name.map(quoted));
    let flags = flags(milestone);
    if !flags.is_empty() {
        parts.push(format!("OpenTrain's flags: {}", flags.join(", ")));
    }
    parts.join(" · ")
}

fn due(milestone: &Milestone, reply: &Reply) -> String {
    match (milestone.due_date.text(), milestone.due_date.timestamp()) {
        (None, _) => "no due date".into(),
        (Some(text), Some(at)) if at < reply.now() => format!("was due {}", date(text)),
        (Some(text), _) => format!("due {}", date(&visible(text))),
    }
}
