//! The list of contracts: OpenTrain sends it whole, and it is given page by page. If OpenTrain begins to page it, its pages
//! are followed, so many at a time.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value, json};

use super::lines::{ENDED, contract_lines, next_calls};
use super::tally::Tally;
use crate::answer::lines::Stretch;
use crate::answer::paging::{self, Cursor, Key, PAGE_BYTES, Start};
use crate::answer::text::count;
use crate::answer::{Answer, Page, Sentence, ToolError};
use crate::api::contracts::{Contract, Contracts, ListContracts};
use crate::api::error::Error;
use crate::api::reply::Reply;
use crate::api::types::{Field, List};
use crate::engine::{Context, Tool};

/// How many of the API's own pages one call follows.
const FOLLOWED: usize = 10;

#[derive(Deserialize, JsonSchema)]
pub(super) struct ListContractsPage {
    #[serde(flatten)]
    filters: ListContracts,
    /// Contracts per page; default 20.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    /// nextCursor of the page before.
    cursor: Option<String>,
}

impl Tool for ListContractsPage {
    type On = ListContracts;
    type Output = Contracts;
    const TITLE: &'static str = "List contracts";
    const ID_HINT: Sentence = Sentence::plain("jobId is the jobId of a contract; a contract id does not work here.");

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let filters = json!(self.filters);
        let cursor = self.cursor.as_deref().map(|text| Cursor::open(text, &filters)).transpose()?.unwrap_or_default();
        let listing = Listing::read(&self.filters, cursor.after.clone(), context).await?;
        Ok(listing.page(&cursor, self.limit.unwrap_or(20), filters, context))
    }
}

/// The list as it came, in one body or several: of 5,000 contracts only a page is built.
#[derive(Default)]
struct Listing {
    replies: Vec<Reply>,
    contracts: Vec<Place>,
    /// What stands beside the contracts in the last body.
    rest: Map<String, Value>,
    /// The API's cursor to what follows these.
    next: Option<String>,
    /// Why what follows could not be had.
    broken: Option<String>,
}

/// A contract in a body.
struct Place {
    reply: usize,
    bytes: Range<usize>,
}

/// One body of the list.
struct Body<'a> {
    contracts: Vec<&'a RawValue>,
    rest: Map<String, Value>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Body<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadingBody(PhantomData))
    }
}

struct ReadingBody<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ReadingBody<'a> {
    type Value = Body<'a>;

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
        Ok(Body { contracts, rest })
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
struct Identity {
    id: Field<Value>,
    created_at: Field<String>,
}

impl Listing {
    /// Reads the list from the API's cursor `after` on. Pages that do not lead on, or that fail, end it.
    async fn read(filters: &ListContracts, after: Option<String>, context: &Context) -> Result<Self, ToolError> {
        let (mut listing, mut cursor, mut asked) = (Self::default(), after, HashSet::new());
        loop {
            if !asked.insert(cursor.clone()) {
                return Ok(listing.end("its cursor does not lead on"));
            }
            let operation = ListContracts { cursor: cursor.clone(), ..filters.clone() };
            let added = match context.get(&operation).await {
                Ok(reply) => listing.add(reply),
                Err(fault) => Err(fault),
            };
            match added {
                Err(fault) if listing.replies.is_empty() => return Err(fault.into()),
                Err(fault) => return Ok(listing.end(&fault.to_string())),
                Ok(false) => return Ok(listing.end("its cursor does not lead on")),
                Ok(true) => {}
            }
            if listing.next.is_none() {
                return Ok(listing);
            }
            if listing.replies.len() >= FOLLOWED {
                let leads_on = !listing.contracts.is_empty();
                return Ok(if leads_on { listing } else { listing.end("its pages are empty") });
            }
            cursor.clone_from(&listing.next);
        }
    }

    /// Nothing more can be had, and why.
    fn end(self, why: &str) -> Self {
        Self { next: None, broken: Some(why.to_owned()), ..self }
    }

    /// Adds one body; `false` if it gives only what there was before.
    fn add(&mut self, reply: Reply) -> Result<bool, Error> {
        let body: Body<'_> =
            serde_json::from_str(reply.text()).map_err(|fault| reply.not_of::<ListContracts>(&fault))?;
        let is_known = |raw: &&RawValue| {
            (0..self.contracts.len()).take(body.contracts.len()).any(|place| self.raw(place) == raw.get())
        };
        if !self.contracts.is_empty() && !body.contracts.is_empty() && body.contracts.iter().all(is_known) {
            return Ok(false);
        }
        let start = reply.text().as_ptr().addr();
        let places: Vec<Place> = body
            .contracts
            .iter()
            .map(|raw| raw.get().as_ptr().addr() - start..raw.get().as_ptr().addr() - start + raw.get().len())
            .map(|bytes| Place { reply: self.replies.len(), bytes })
            .collect();
        self.next = paging::cursor_of(&body.rest);
        self.rest = body.rest;
        self.contracts.extend(places);
        self.replies.push(reply);
        Ok(true)
    }

    fn raw(&self, place: usize) -> &str {
        let place = self.contracts.get(place);
        let text = place.and_then(|place| self.replies.get(place.reply)?.text().get(place.bytes.clone()));
        text.unwrap_or("null")
    }

    fn get<T: DeserializeOwned + Default>(&self, place: usize) -> T {
        serde_json::from_str(self.raw(place)).unwrap_or_default()
    }

    fn keys(&self) -> Vec<Key> {
        let key = |place| {
            let identity: Identity = self.get(place);
            let id = identity.id.get().unwrap_or(&Value::Null);
            Key::new(id, identity.created_at.text(), self.raw(place))
        };
        (0..self.contracts.len()).map(key).collect()
    }

    fn page(mut self, cursor: &Cursor, limit: usize, filters: Value, context: &Context) -> Answer {
        let keys = self.keys();
        let Start { given: first, may_repeat } = cursor.start(&keys);
        let end = first + self.fit(first, limit);
        let total = self.contracts.len();
        let next_cursor = if end < total {
            Some(Cursor::after(&keys, end, filters, cursor.after.clone()).seal())
        } else {
            self.next.take().map(|next| Cursor::after(&[], 0, filters, Some(next)).seal())
        };
        let leads_beyond = self.next.is_some() || (end == total && next_cursor.is_some());
        let is_part = leads_beyond || self.broken.is_some() || paging::sign_of_more(&self.rest).is_some();
        let stretch = Stretch { begun: cursor.after.is_some(), more: is_part };

        let (tally, lines) = self.read_page(first..end);
        let mut answer = Answer::new(tally.told(stretch), Map::new());
        answer.lines = lines;
        if may_repeat {
            answer
                .warnings
                .push("The list has changed since the last page: contracts given before may be given again.".into());
        }
        if let Some(broken) = &self.broken {
            let broken = crate::answer::text::cut(broken, 300);
            answer.warnings.push(format!(
                "WARNING: OpenTrain pages this list now, and what follows could not be read ({broken})."
            ));
        }
        let calls = next_calls(tally.contracts.keys().all(|status| status == ENDED), context);
        answer.next = what_next(first..end, (!is_part).then_some(total), next_cursor.as_deref(), &calls);
        answer.page = Some(Page { total: (!is_part).then_some(total), next_cursor });
        answer.whole = "To get it: get_contract(contractId) gives one contract, its milestones page by page.".into();
        answer.object.insert("contracts".into(), (first..end).map(|place| self.get::<Value>(place)).collect());
        answer.object.extend(self.rest);
        answer
    }

    /// Counts all, and writes out those on the page.
    fn read_page(&self, page: Range<usize>) -> (Tally, Vec<String>) {
        let (mut tally, mut lines) = (Tally::default(), Vec::new());
        for place in 0..self.contracts.len() {
            let outline: Outline = self.get(place);
            tally.contract(&outline.status);
            for milestone in outline.milestones.items() {
                let flags = [&milestone.pending_approval, &milestone.needs_review];
                tally.milestone(&milestone.status, &milestone.amount_usd, flags);
            }
            let reply = self.contracts.get(place).and_then(|place| self.replies.get(place.reply));
            if let (true, Some(reply)) = (page.contains(&place), reply) {
                let contract: Contract = self.get(place);
                lines.extend(contract_lines(&format!("{}. ", place + 1), &contract, reply));
            }
        }
        (tally, lines)
    }

    /// How many contracts from `first` on make a page: at least one, if there is one.
    fn fit(&self, first: usize, limit: usize) -> usize {
        let mut bytes = 0;
        let sizes = (first..self.contracts.len()).take(limit).map(|place| self.raw(place).len());
        let fitting = sizes.take_while(|size| {
            bytes += size;
            bytes <= PAGE_BYTES
        });
        let fitting = fitting.count();
        fitting.max(usize::from(first < self.contracts.len()))
    }
}

/// What a caller does after this page. `total` is known where the list is whole.
fn what_next(page: Range<usize>, total: Option<usize>, next_cursor: Option<&str>, calls: &str) -> String {
    let (given, last) = (page.len(), page.end);
    let shown = if given == 1 { format!("Number {last}") } else { format!("{} to {last}", page.start + 1) };
    match (next_cursor, total) {
        (Some(cursor), total) => {
            let of = total.map_or_else(String::new, |total| format!(" of {total}"));
            format!("{shown}{of} shown. For the next: list_contracts with cursor \"{cursor}\" and the same filters.")
        }
        (None, Some(0)) => "A contract begins with a hire.".into(),
        (None, Some(total)) if given == total => format!("All are shown. {calls}"),
        (None, Some(total)) => format!("The last {} of {total} shown. {calls}", count(given, "contract")),
        (None, None) => calls.to_owned(),
    }
}
