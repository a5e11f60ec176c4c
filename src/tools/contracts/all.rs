//! The tool that lists contracts page by page.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::api::contracts::{Contracts, ListContracts};
use crate::api::error::Error;
use crate::api::threads;

use super::listing::Listing;
use super::page::ContractPage;
use crate::answer::paging::Cursor;
use crate::answer::{Answer, Sentence, ToolError};
use crate::engine::{Context, Tool};
use crate::tools::nouns::people::People;

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
        let (limit, bytes, people) = (self.limit.unwrap_or(20), listing.bytes(), People::of(context));
        let page = threads::apart(bytes, move || ContractPage::of(&listing, &cursor, limit, &filters, &people)).await;
        let broken = || Error::Unreachable { what: "the list could not be read".into(), sent: true };
        Ok(page.ok_or_else(broken)?.answer(context))
    }
}
