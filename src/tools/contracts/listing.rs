//! Reads the list of contracts from OpenTrain, in one reply or in several if OpenTrain pages the list. One call follows
//! a limited number of pages.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::api::contracts::ListContracts;
use crate::api::cuts::Cut;
use crate::api::error::Error;
use crate::api::reply::{Read, Reply};
use crate::api::scan;

use crate::answer::paging;
use crate::answer::{Shown, ToolError, quoted_to};
use crate::engine::Context;

/// The most pages of the API, and the most bytes of them, that one call reads.
const FOLLOWED: usize = 10;
const FOLLOWED_BYTES: usize = 20 << 20;

/// The list as JSON text, in one or more replies. Of 5,000 contracts only those on the page are parsed completely.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) bodies: Vec<Body>,
    /// The other fields of the last reply.
    pub(super) rest: Map<String, Value>,
    /// The parts of those fields that were left out.
    pub(super) cuts: Vec<Cut>,
    /// The API's cursor for the rest of the list.
    pub(super) next: Option<String>,
    /// The reason why the rest could not be read, if so.
    pub(super) broken: Option<Shown>,
}

/// One reply of the list, with the position of its first contract.
pub(super) struct Body {
    pub(super) reply: Reply,
    contracts: Range<usize>,
    /// The number of contracts in the replies before this one.
    pub(super) first: usize,
    /// The number of contracts in this reply.
    pub(super) count: usize,
}

impl Body {
    pub(super) fn contracts(&self) -> impl Iterator<Item = &str> + Clone {
        scan::items(self.reply.text().get(self.contracts.clone()).unwrap_or_default())
    }
}

impl Listing {
    /// Reads the list from the API's cursor `after`. A failing page, or one without new contracts, ends the list.
    pub(super) async fn read(
        filters: &ListContracts,
        after: Option<String>,
        context: &Context,
    ) -> Result<Self, ToolError> {
        let (mut listing, mut cursor, mut asked) = (Self::default(), after, HashSet::new());
        loop {
            if !asked.insert(cursor.clone()) {
                return Ok(listing.end("its cursor does not lead on"));
            }
            let operation = ListContracts { cursor: cursor.clone(), ..filters.clone() };
            let added = match context.get(&operation).await {
                Ok(reply) => {
                    let held = std::mem::take(&mut listing);
                    let (held, added) = held.with(reply).await?;
                    listing = held;
                    added
                }
                Err(fault) => Err(fault),
            };
            match added {
                Err(fault) if listing.bodies.is_empty() => return Err(fault.into()),
                Err(fault) => return Ok(listing.end(quoted_to(&fault.to_string(), 300))),
                Ok(false) => return Ok(listing.end("its cursor does not lead on")),
                Ok(true) => {}
            }
            if listing.next.is_none() {
                return Ok(listing);
            }
            if listing.bodies.len() >= FOLLOWED || listing.bytes() >= FOLLOWED_BYTES {
                let leads_on = listing.contracts().next().is_some();
                return Ok(if leads_on { listing } else { listing.end("its pages are empty") });
            }
            cursor.clone_from(&listing.next);
        }
    }

    /// Ends the list early, with the reason.
    fn end(self, why: impl Into<Shown>) -> Self {
        Self { next: None, broken: Some(why.into()), ..self }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bodies.iter().map(|body| body.reply.text().len()).sum()
    }

    /// All contracts as JSON text.
    pub(super) fn contracts(&self) -> impl Iterator<Item = &str> + Clone {
        self.bodies.iter().flat_map(Body::contracts)
    }

    /// Adds a reply, and reports whether it has new contracts.
    async fn with(mut self, reply: Reply) -> Result<(Self, Result<bool, Error>), Error> {
        reply
            .apart(|reply| {
                let added = self.add(reply);
                Ok((self, added))
            })
            .await
    }

    /// Adds a reply. Returns `false` if it repeats earlier contracts.
    fn add(&mut self, reply: Reply) -> Result<bool, Error> {
        let list = scan::member(reply.text(), "contracts").filter(|list| list.starts_with('['));
        let contracts = scan::place(reply.text(), list.unwrap_or_default());
        // A reply without the list is parsed whole, so that the error names the problem.
        let beside = if list.is_some() { reply.clone().with(contracts.clone(), "[]")? } else { reply.clone() };
        let Read { mut object, cuts, .. } = beside.read::<ListContracts>()?;
        let first = self.bodies.last().map_or(0, |body| body.first + body.count);
        let mut body = Body { reply, contracts, first, count: 0 };
        body.count = body.contracts().count();
        if first > 0 && body.count > 0 && body.contracts().eq(self.contracts().take(body.count)) {
            return Ok(false);
        }
        object.shift_remove("contracts");
        self.next = paging::cursor_of(&object);
        (self.rest, self.cuts) = (object, cuts);
        self.bodies.push(body);
        Ok(true)
    }
}
