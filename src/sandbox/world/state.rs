//! The state of the sandbox: one account and what it has, a clock and ids that are the same in every run.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use serde_json::json;
use url::Url;

use crate::api::types::{ContractId, JobId};
use crate::sandbox::http::answer::{Answered, Refused, respond};
use crate::sandbox::http::delivery::Post;
use crate::sandbox::http::faults::{Faults, Plan};
use crate::sandbox::routes::messages::Conversation;
use crate::sandbox::routes::updates::Event;
use crate::sandbox::routes::webhooks::Webhook;
use crate::sandbox::rules::decide::{Approval, Asked, Request};
use crate::sandbox::rules::life::Agenda;
use crate::sandbox::story;
use crate::sandbox::world::account::{Account, Owner};
use crate::sandbox::world::contract::{Contract, Invoice, Milestone};
use crate::sandbox::world::job::Job;
use crate::sandbox::world::keys::Keys;
use crate::sandbox::world::ledger;
use crate::sandbox::world::ledger::{Entry, TopUp};
use crate::sandbox::world::proposal::Proposal;
use crate::sandbox::world::values::Moment;

/// The sandbox's present when it starts.
const START: Moment = Moment::in_2026(6, 12, 10, 0);
/// The number of the first invoice that is not in the story (reference: api-reference/payments/pending).
pub(crate) const NEXT_INVOICE: u32 = 1042;

/// Everything that is so.
#[derive(Debug)]
pub(crate) struct World {
    /// Where the sandbox's pages are.
    pub(crate) origin: Url,
    /// The seeded account, another customer's, and those that agents register.
    pub(crate) accounts: Vec<Account>,
    /// API tokens.
    pub(crate) keys: Keys,
    /// Jobs, ours and others'.
    pub(crate) jobs: Vec<Job>,
    /// Contracts, ours and others'.
    pub(crate) contracts: Vec<Contract>,
    /// Who applied for jobs.
    pub(crate) proposals: Vec<Proposal>,
    /// Who writes with whom.
    pub(crate) conversations: Vec<Conversation>,
    /// Credits, oldest entry first.
    pub(crate) ledger: Vec<Entry>,
    /// Purchases of credits.
    pub(crate) top_ups: Vec<TopUp>,
    /// What happened, oldest first.
    pub(crate) events: Vec<Event>,
    /// Where events are sent.
    pub(crate) webhooks: Vec<Webhook>,
    /// What carries them there.
    pub(crate) post: Post,
    /// What is going to happen.
    pub(crate) agenda: Agenda,
    /// What people were asked, oldest first.
    pub(crate) approvals: Vec<Approval>,
    /// Invoices by their numbers.
    pub(crate) invoices: Vec<Invoice>,
    /// What is to go wrong.
    pub(crate) plan: Plan,
    /// New ids.
    pub(crate) ids: Ids,
    /// How many API requests were answered.
    requests: u64,
    /// How many seconds a person has let pass besides.
    waited: u64,
}

impl World {
    /// The world at its start.
    pub(crate) fn new(origin: Url, faults: Faults) -> Self {
        let (contracts, jobs) = (story::contracts(), story::jobs());
        let mut world = Self {
            origin,
            accounts: Account::seeded(),
            keys: Keys::seeded(),
            proposals: story::proposals(&jobs, &contracts),
            jobs,
            conversations: story::conversations(),
            ledger: ledger::seeded(),
            top_ups: ledger::seeded_top_ups(),
            events: Vec::new(),
            webhooks: Vec::new(),
            post: Post::closed(),
            agenda: Agenda::default(),
            invoices: invoices(&contracts),
            contracts,
            approvals: Vec::new(),
            plan: Plan::new(faults),
            ids: Ids::default(),
            requests: 0,
            waited: 0,
        };
        world.tell_of_the_past();
        world
    }

    /// The present: each API request takes one second.
    pub(crate) fn now(&self) -> Moment {
        START.plus_seconds(self.requests.saturating_add(self.waited))
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, seconds: u64) {
        self.waited = self.waited.saturating_add(seconds);
        self.catch_up();
    }

    /// The address of a page.
    pub(crate) fn page(&self, path: &str) -> String {
        let mut page = self.origin.clone();
        page.set_path(path);
        page.into()
    }

    /// The contracts of an account, newest first.
    pub(crate) fn contracts_of(&self, owner: Owner) -> Vec<&Contract> {
        let mut contracts: Vec<_> = self.contracts.iter().filter(|contract| contract.owner == owner).collect();
        contracts.sort_by_key(|contract| Reverse(contract.created_at));
        contracts
    }

    /// A contract of the account. That another account has one is not told.
    pub(crate) fn contract(&mut self, owner: Owner, id: &ContractId) -> Result<&mut Contract, Refused> {
        let ours = |contract: &&mut Contract| contract.owner == owner && contract.id == id.0;
        self.contracts.iter_mut().find(ours).ok_or_else(|| Refused::not_found("Contract not found."))
    }

    /// A milestone of the account, those that are not shown too, and the contract that it is in.
    pub(crate) fn milestone(&self, owner: Owner, id: &str) -> Result<(&Contract, &Milestone), Refused> {
        let ours = self.contracts.iter().filter(|contract| contract.owner == owner);
        let mut all = ours.flat_map(|contract| contract.milestones.iter().map(move |milestone| (contract, milestone)));
        all.find(|(_, milestone)| milestone.id == id).ok_or_else(|| Refused::not_found("Milestone not found."))
    }

    /// The invoice that `request` is about: a new one for funding, the milestone's own for release.
    pub(crate) fn invoice_for(&mut self, owner: Owner, request: &Request) -> Option<String> {
        match request.asked {
            Asked::Fund => Some(self.new_invoice()),
            Asked::Release => self.milestone(owner, request.milestone_id.as_deref()?).ok()?.1.invoice_id.clone(),
            Asked::End | Asked::Hire => None,
        }
    }

    /// Refuses what needs a payment method where there is none.
    pub(crate) fn must_have_card(&self, owner: Owner) -> Result<(), Refused> {
        if self.account(owner).is_some_and(|account| account.has_card) {
            return Ok(());
        }
        let billing_url = self.account_page("/billing", owner);
        let details = json!({ "reason": "payment_method_required", "billingUrl": billing_url });
        let refused = Refused::conflict("payment_method_required", "A payment method must be on file for funding.");
        Err(refused.with_details(details))
    }

    /// Whether an account may look at a job: 404 where there is none, 403 where it is another account's.
    pub(crate) fn may_see_job(&self, owner: Owner, id: &JobId) -> Result<(), Refused> {
        match self.jobs.iter().find(|job| job.id == id.0).map(|job| job.owner == owner) {
            Some(true) => Ok(()),
            Some(false) => Err(Refused::forbidden("This job belongs to another account.", None)),
            None => Err(Refused::not_found("Job not found.")),
        }
    }

    fn request_id(&self) -> String {
        let mixed = self.requests.wrapping_mul(0x9e37_79b9).wrapping_add(0x9d1f_3a8e) & 0xffff_ffff;
        format!("{mixed:08x}-0000-4000-8000-{:012x}", self.requests)
    }
}

/// The invoices of `contracts`, numbered as they were made.
fn invoices(contracts: &[Contract]) -> Vec<Invoice> {
    let milestones = contracts.iter().flat_map(|contract| &contract.milestones);
    let mut made: Vec<_> =
        milestones.filter_map(|milestone| Some((milestone.created_at, milestone.invoice_id.clone()?))).collect();
    made.sort();
    let numbers = (1..NEXT_INVOICE).rev().zip(made.into_iter().rev());
    let mut invoices: Vec<_> = numbers.map(|(number, (created_at, id))| Invoice { id, number, created_at }).collect();
    invoices.reverse();
    invoices
}

/// The world, held by every connection.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl Shared {
    /// Shares `world`.
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    /// The world, to oneself. A handler that panicked is one lost answer, and must not end the whole sandbox.
    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out one API request: `work` decides in one piece, then a second has passed.
    pub(crate) fn exchange(&self, work: impl FnOnce(&mut World) -> Answered) -> Response {
        let mut world = self.lock();
        let (request_id, date) = (world.request_id(), world.now().http_date());
        world.catch_up();
        let answered = work(&mut world);
        world.requests += 1;
        drop(world);
        respond(answered, &request_id, &date)
    }
}

/// New ids: as opaque as real ones, the same in every run, counted for each kind by itself.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    made: BTreeMap<&'static str, u64>,
}

/// The digits of an id.
const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How many ids have four digits.
const ROOM: u64 = 62 * 62 * 62 * 62;
/// The first one, `7Rtd`.
const FIRST: u64 = ((7 * 62 + 27) * 62 + 55) * 62 + 39;
/// From one to the next: it shares no factor with `ROOM`, so that every id comes once before one comes again.
const STRIDE: u64 = 6_700_417;

impl Ids {
    /// The next id that starts with `kind`, such as `ms_7Rtd`.
    pub(crate) fn next(&mut self, kind: &'static str) -> String {
        let made = self.made.entry(kind).or_default();
        let mut rest = (FIRST + *made % ROOM * STRIDE) % ROOM;
        *made += 1;
        let mut digits = [b'0'; 4];
        for digit in digits.iter_mut().rev() {
            *digit = usize::try_from(rest % 62).ok().and_then(|place| DIGITS.get(place)).copied().unwrap_or(b'0');
            rest /= 62;
        }
        format!("{kind}_{}", String::from_utf8_lossy(&digits))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_repeat_in_every_run_and_never_within_one() {
        let world = World::new("http://127.0.0.1:1".parse().unwrap(), Faults::none());
        let contracts = world.contracts.iter().flat_map(|contract| {
            let own = [&contract.id, &contract.job_id, &contract.proposal_id, &contract.conversation_id];
            own.into_iter().chain(contract.milestones.iter().map(|milestone| &milestone.id))
        });
        let people = world.accounts.iter().map(|account| &account.user_id);
        let jobs = world.jobs.iter().map(|job| &job.id);
        let talk = world.conversations.iter().map(|talk| &talk.id);
        let ledger = world.ledger.iter().map(|entry| &entry.id);
        let seeded = contracts.chain(people).chain(jobs).chain(talk).chain(ledger).cloned();
        let mut seen: BTreeSet<_> = seeded.chain(story::TRAINERS.iter().map(|who| who.id.to_owned())).collect();
        let mut ids = Ids::default();
        assert_eq!([ids.next("ms"), ids.next("apr")], ["ms_7Rtd", "apr_7Rtd"]);
        for kind in ["ms", "ctr", "job", "prp", "cnv", "usr", "cre"] {
            assert!((0..20_000).all(|_| seen.insert(ids.next(kind))), "{kind}");
        }
    }

    #[test]
    fn request_ids_look_like_real_ones_and_differ() {
        let mut world = World::new("http://127.0.0.1:1".parse().unwrap(), Faults::none());
        assert_eq!(world.request_id(), "9d1f3a8e-0000-4000-8000-000000000000");
        world.requests = 1;
        assert_eq!(world.request_id(), "3b56b447-0000-4000-8000-000000000001");
    }
}
