//! Finds things in the world, and refuses those that the account may not see.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::json;

use super::account::{Account, Attempt, Owner};
use super::approval::{Approval, Request};
use super::contract::{Contract, Milestone};
use super::conversation::Conversation;
use super::job::Job;
use super::ledger::{Entry, EntryKind};
use super::proposal::{Proposal, ProposalStatus};
use super::refused::Refused;
use super::state::World;
use super::trainer::Trainer;
use crate::api::types::JobId;

impl World {
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The seeded account's page is `path` alone.
    pub(crate) fn account_page(&self, path: &str, owner: Owner) -> String {
        let page = self.page(path);
        match self.account(owner) {
            Some(account) if owner != Owner::SEEDED => format!("{page}?account={}", account.organization_id),
            _ => page,
        }
    }

    pub(crate) fn draft_page(&self, job: &str) -> String {
        format!("{}?jobId={job}", self.page("/job-post"))
    }

    pub(crate) fn job_page(&self, job: &str) -> String {
        self.page(&format!("/jobs/{job}"))
    }

    pub(crate) fn account(&self, owner: Owner) -> Option<&Account> {
        self.accounts.get(owner.0)
    }

    pub(crate) fn account_mut(&mut self, owner: Owner) -> Option<&mut Account> {
        self.accounts.get_mut(owner.0)
    }

    pub(crate) fn is_claimed(&self, owner: Owner) -> bool {
        self.account(owner).is_some_and(|account| account.claimed)
    }

    /// The seeded account and the accounts that agents registered.
    pub(crate) fn our_accounts(&self) -> impl Iterator<Item = (Owner, &Account)> {
        let all = self.accounts.iter().enumerate().map(|(place, account)| (Owner(place), account));
        all.filter(|(owner, _)| *owner != Owner::ANOTHER)
    }

    /// The account of an organization, or the seeded account if none is named.
    pub(crate) fn owner_of(&self, organization_id: Option<&str>) -> Option<Owner> {
        let Some(wanted) = organization_id else { return Some(Owner::SEEDED) };
        self.our_accounts().find(|(_, account)| account.organization_id == wanted).map(|(owner, _)| owner)
    }

    /// The account and the attempt that a link with `token` leads to.
    pub(crate) fn by_attempt(&self, token: &str) -> Option<(Owner, &Account, &Attempt)> {
        self.our_accounts().find_map(|(owner, account)| {
            let attempt = account.ceremony.as_ref()?.attempt.as_ref()?;
            (attempt.token == token).then_some((owner, account, attempt))
        })
    }

    pub(crate) fn must_have_card(&self, owner: Owner) -> Result<(), Refused> {
        if self.account(owner).is_some_and(|account| account.has_card) {
            return Ok(());
        }
        let reason = "payment_method_required";
        let details = json!({ "reason": reason, "billingUrl": self.account_page("/billing", owner) });
        Err(Refused::conflict(reason, "A payment method must be on file for funding.").with_details(details))
    }

    /// The entries of an account's ledger, newest first.
    pub(crate) fn entries_of(&self, owner: Owner) -> Vec<&Entry> {
        self.ledger.iter().rev().filter(|entry| entry.owner == owner).collect()
    }

    fn sum(&self, owner: Owner, kind: EntryKind) -> i64 {
        self.entries_of(owner).iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount_cents).sum()
    }

    /// In cents.
    pub(crate) fn available(&self, owner: Owner) -> i64 {
        self.sum(owner, EntryKind::TopUp) + self.sum(owner, EntryKind::Hold)
    }

    /// In cents.
    pub(crate) fn reserved(&self, owner: Owner) -> i64 {
        self.sum(owner, EntryKind::Capture) - self.sum(owner, EntryKind::Hold)
    }

    /// The contracts of an account, newest first.
    pub(crate) fn contracts_of(&self, owner: Owner) -> Vec<&Contract> {
        let mut contracts: Vec<_> = self.contracts.iter().filter(|contract| contract.owner == owner).collect();
        contracts.sort_by_key(|contract| Reverse(contract.created_at));
        contracts
    }

    /// As at OpenTrain, another account's contract is not found.
    pub(crate) fn contract(&mut self, owner: Owner, id: &str) -> Result<&mut Contract, Refused> {
        let ours = |contract: &&mut Contract| contract.owner == owner && contract.id == id;
        self.contracts.iter_mut().find(ours).ok_or_else(|| Refused::not_found("Contract not found."))
    }

    /// A milestone of the account, including a withdrawn one, and its contract.
    pub(crate) fn milestone(&self, owner: Owner, id: &str) -> Result<(&Contract, &Milestone), Refused> {
        let mut ours = self.contracts.iter().filter(|contract| contract.owner == owner);
        let found = ours.find_map(|contract| Some((contract, contract.milestone(id)?)));
        found.ok_or_else(|| Refused::not_found("Milestone not found."))
    }

    /// The proposal that `request`, a hire, is about.
    pub(crate) fn candidate(&self, request: &Request) -> Option<&Proposal> {
        self.proposals.iter().find(|proposal| Some(&proposal.id) == request.proposal_id.as_ref())
    }

    /// The contract that `request` is about, and the milestone if it is about one.
    pub(crate) fn subject(&self, request: &Request) -> Option<(&Contract, Option<&Milestone>)> {
        let contract = self.contracts.iter().find(|contract| Some(&contract.id) == request.contract_id.as_ref())?;
        Some((contract, request.milestone_id.as_deref().and_then(|id| contract.milestone(id))))
    }

    pub(crate) fn approval(&self, id: &str) -> Option<&Approval> {
        self.approvals.iter().find(|approval| approval.id == id)
    }

    pub(crate) fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// 404 if there is no such job, 403 if it is another account's.
    pub(crate) fn may_see_job(&self, owner: Owner, id: &JobId) -> Result<&Job, Refused> {
        match self.job(&id.0) {
            Some(job) if job.owner == owner => Ok(job),
            Some(_) => Err(Refused::forbidden("This job belongs to another account.")),
            None => Err(Refused::not_found("Job not found.")),
        }
    }

    pub(crate) fn job_mut(&mut self, owner: Owner, id: &JobId) -> Result<&mut Job, Refused> {
        self.may_see_job(owner, id)?;
        self.jobs.iter_mut().find(|job| job.id == id.0).ok_or_else(|| Refused::not_found("Job not found."))
    }

    /// A proposal and its job: 404 if there is none, 403 if the job is another account's.
    pub(crate) fn proposal(&self, owner: Owner, id: &str) -> Result<(&Job, &Proposal), Refused> {
        let missing = || Refused::not_found("Proposal not found.").with_details(json!({ "proposalId": id }));
        let proposal = self.proposals.iter().find(|proposal| proposal.id == id).ok_or_else(missing)?;
        match self.job(&proposal.job_id) {
            Some(job) if job.owner == owner => Ok((job, proposal)),
            Some(_) => Err(Refused::forbidden("This proposal is for another account's job.")),
            None => Err(missing()),
        }
    }

    /// How many proposals a job has, and how many of them are unreviewed.
    pub(crate) fn proposal_counts(&self, job: &str) -> (usize, usize) {
        let all = || self.proposals.iter().filter(|proposal| proposal.job_id == job);
        (all().count(), all().filter(|proposal| proposal.status == ProposalStatus::Unreviewed).count())
    }

    pub(crate) fn trainer(&self, id_or_slug: &str) -> Option<&Arc<Trainer>> {
        self.trainers.iter().find(|trainer| trainer.id == id_or_slug || trainer.slug == id_or_slug)
    }

    pub(crate) fn user_id(&self, owner: Owner) -> String {
        self.account(owner).map(|account| account.user_id.clone()).unwrap_or_default()
    }

    /// 404 if there is no such conversation, 403 if it is another account's.
    pub(crate) fn conversation(&self, owner: Owner, id: &str) -> Result<&Conversation, Refused> {
        match self.conversations.iter().find(|known| known.id == id) {
            Some(known) if known.owner == owner => Ok(known),
            Some(_) => Err(Refused::forbidden("This conversation is another account's.")),
            None => Err(Refused::not_found("Conversation not found.")),
        }
    }
}
