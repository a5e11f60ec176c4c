//! The list of contracts as OpenTrain sends it: in one body, or in several if OpenTrain begins to page it. Those are
//! followed, so many at a time.

use std::collections::HashSet;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::api::contracts::ListContracts;
use crate::api::cuts::Cut;
use crate::api::error::Error;
use crate::api::reply::{Read, Reply};
use crate::api::scan;

use crate::answer::ToolError;
use crate::answer::paging;
use crate::engine::Context;

/// How many of the API's own pages one call follows, and how many bytes of them.
const FOLLOWED: usize = 10;
const FOLLOWED_BYTES: usize = 20 << 20;

/// The list as it came, in one body or several. It is walked through as text: of 5,000 contracts only a page is built.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) bodies: Vec<Body>,
    /// What stands beside the contracts in the last body.
    pub(super) rest: Map<String, Value>,
    /// What was left out of that.
    pub(super) cuts: Vec<Cut>,
    /// The API's cursor to what follows these.
    pub(super) next: Option<String>,
    /// Why what follows could not be had.
    pub(super) broken: Option<String>,
}

/// One body of the list, and where its contracts stand in it.
pub(super) struct Body {
    pub(super) reply: Reply,
    contracts: Range<usize>,
    /// How many contracts the bodies before it have.
    pub(super) first: usize,
    /// How many it has.
    pub(super) count: usize,
}

impl Body {
    pub(super) fn contracts(&self) -> impl Iterator<Item = &str> + Clone {
        scan::items(self.reply.text().get(self.contracts.clone()).unwrap_or_default())
    }
}

impl Listing {
    /// Reads the list from the API's cursor `after` on. Pages that do not lead on, or that fail, end it.
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
                Err(fault) => return Ok(listing.end(&fault.to_string())),
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

    /// Nothing more can be had, and why.
    fn end(self, why: &str) -> Self {
        Self { next: None, broken: Some(why.to_owned()), ..self }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bodies.iter().map(|body| body.reply.text().len()).sum()
    }

    /// Every contract, as it came.
    pub(super) fn contracts(&self) -> impl Iterator<Item = &str> + Clone {
        self.bodies.iter().flat_map(Body::contracts)
    }

    /// The same with one more body, and whether that leads on.
    async fn with(mut self, reply: Reply) -> Result<(Self, Result<bool, Error>), Error> {
        reply
            .apart(|reply| {
                let added = self.add(reply);
                Ok((self, added))
            })
            .await
    }

    /// Adds one body; `false` if it gives only what there was before.
    fn add(&mut self, reply: Reply) -> Result<bool, Error> {
        let list = scan::member(reply.text(), "contracts").filter(|list| list.starts_with('['));
        let contracts = scan::place(reply.text(), list.unwrap_or_default());
        // A body without the list is read whole: that names what is wrong with it.
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
