//! Hiring: a person is asked, with the terms of a first milestone; when they confirm, there is a contract.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::api::jobs::JobStatus;
use crate::api::milestones::ACTIVE_FUNDED;
use crate::api::proposals::HireProposal;
use crate::api::types::decimal;
use crate::sandbox::http::answer::{Answered, Refused};
use crate::sandbox::routes::approvals;
use crate::sandbox::routes::updates::What;
use crate::sandbox::rules::decide::{Asked, Request, supersede};
use crate::sandbox::world::contract::{Contract, Invoice, Milestone, PaymentType, Usage};
use crate::sandbox::world::job::Job;
use crate::sandbox::world::keys::Caller;
use crate::sandbox::world::proposal::{HIRED, NOT_A_FIT, Proposal};
use crate::sandbox::world::state::World;
use crate::sandbox::world::trainer::Trainer;
use crate::sandbox::world::values::{Exact, Moment};

/// What OpenTrain adds to a milestone, in percent, and once to a contract, in USD (reference:
/// concepts/credits-and-billing).
const FEE_PERCENT: i64 = 10;
const CONTRACT_FEE: Exact = Exact(Decimal::from_parts(995, 0, 0, false, 2));

/// The first milestone as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) amount: Exact,
    pub(crate) due_date: Option<Moment>,
}

/// What a hire costs.
pub(crate) struct Costs {
    pub(crate) milestone: Exact,
    pub(crate) marketplace_fee: Exact,
    pub(crate) contract_fee: Exact,
    pub(crate) total: Exact,
}

impl Terms {
    /// Milestone, 10 % and $9.95.
    pub(crate) fn costs(&self) -> Costs {
        let fee = self.amount.0 * Decimal::new(FEE_PERCENT, 2);
        let fee = fee.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        Costs {
            milestone: self.amount,
            marketplace_fee: Exact(fee),
            contract_fee: CONTRACT_FEE,
            total: Exact(self.amount.0 + fee + CONTRACT_FEE.0),
        }
    }
}

/// Asks a person to hire (reference: api-reference/proposals/hire). Other terms supersede an approval that waits.
pub(crate) fn hire(world: &mut World, caller: &Caller, wanted: &HireProposal) -> Answered {
    let (job, proposal) = world.proposal(caller.owner, &wanted.proposal_id.0)?;
    let (job_id, proposal_id) = (job.id.clone(), proposal.id.clone());
    match proposal.status {
        HIRED => return Err(Refused::conflict("proposal_already_hired", "This candidate is hired already.")),
        NOT_A_FIT => {
            let message =
                "This proposal was marked as not a fit. Hiring needs a confirmation that is given in the app.";
            return Err(Refused::conflict("proposal_not_a_fit", message));
        }
        _ => {}
    }
    world.must_have_card(caller.owner)?;
    let unusable = || Refused::field("milestone.amount", "milestone.amount has more digits than an amount can have.");
    let milestone = &wanted.milestone;
    let terms = Terms {
        name: milestone.name.clone(),
        description: milestone.description.clone(),
        amount: milestone.amount.exact().map(Exact).ok_or_else(unusable)?,
        due_date: milestone.due_date.as_deref().and_then(Moment::parse),
    };
    // Beyond this, fees could not be reckoned.
    if terms.amount.0 > Decimal::from(1_000_000_000) {
        return Err(unusable());
    }
    let request = Request {
        asked: Asked::Hire,
        contract_id: None,
        job_id,
        milestone_id: None,
        proposal_id: Some(proposal_id),
        terms: Some(terms),
    };
    supersede(world, &request);
    Ok(approvals::ask(world, caller, request))
}

/// What stands in the way of a hire now.
pub(crate) fn obstacle(world: &World, request: &Request) -> Option<&'static str> {
    let proposal = world.proposals.iter().find(|proposal| Some(&proposal.id) == request.proposal_id.as_ref());
    proposal.is_none_or(|proposal| proposal.status == HIRED).then_some("The candidate has been hired meanwhile.")
}

/// Makes the contract with its first milestone, and tells what came of it.
pub(crate) fn carry_out(world: &mut World, request: &Request) -> Option<(Value, String, String)> {
    let now = world.now();
    let terms = request.terms.as_ref()?;
    let proposal_id = request.proposal_id.as_ref()?;
    let who = world.proposals.iter().find(|proposal| proposal.id == *proposal_id).and_then(Proposal::trainer)?;
    let owner = world.jobs.iter().find(|job| job.id == request.job_id)?.owner;
    let conversation_id = world.converse(owner, &request.job_id, None, who.id);
    let invoice_id = world.new_invoice();
    let (contract_id, milestone_id) = (world.ids.next("ctr"), world.ids.next("ms"));
    let job = world.jobs.iter().find(|job| job.id == request.job_id)?;
    let contract = contract([&contract_id, proposal_id, &conversation_id], job, who, terms, now);
    let milestone = first_milestone(&milestone_id, &invoice_id, &contract, terms, now);
    world.contracts.push(Contract { milestones: vec![milestone], ..contract });
    if let Some(proposal) = world.proposals.iter_mut().find(|proposal| proposal.id == *proposal_id) {
        proposal.status = HIRED;
        proposal.updated_at = now;
        proposal.contract_id = Some(contract_id.clone());
    }
    let hires = world.contracts.iter().filter(|contract| contract.job_id == request.job_id).count();
    if let Some(job) = world.jobs.iter_mut().find(|job| job.id == request.job_id)
        && job.is_open()
        && hires >= headcount(job)
    {
        job.withdraw(JobStatus::Ongoing, now);
    }
    tell(world, request, proposal_id, &contract_id, &milestone_id);
    world.expect_answer(&conversation_id, now);
    let result = json!({
        "hired": true, "contractId": contract_id, "jobId": request.job_id, "freelancerUserId": who.id,
    });
    Some((result, contract_id, milestone_id))
}

fn headcount(job: &Job) -> usize {
    let wanted = job.fields.get("headcount").and_then(Value::as_u64).unwrap_or(1);
    usize::try_from(wanted).unwrap_or(usize::MAX)
}

fn tell(world: &mut World, request: &Request, proposal: &str, contract: &str, milestone: &str) {
    let (now, job) = (world.now(), Some(request.job_id.as_str()));
    let Some(owner) = world.contracts.last().map(|contract| contract.owner) else { return };
    let data = json!({ "proposalId": proposal, "status": HIRED });
    world.tell(owner, What::ProposalStatus, now, proposal, job, data);
    let data = json!({ "contractId": contract, "jobId": request.job_id, "proposalId": proposal });
    world.tell(owner, What::ContractCreated, now, contract, job, data);
    let data = json!({ "milestoneId": milestone, "contractId": contract, "status": ACTIVE_FUNDED });
    world.tell(owner, What::MilestoneStatus, now, milestone, job, data);
}

/// The contract, without milestones. The ids are its own, its proposal's and its conversation's.
fn contract(
    [id, proposal_id, conversation_id]: [&str; 3],
    job: &Job,
    who: &Trainer,
    terms: &Terms,
    now: Moment,
) -> Contract {
    let (payment_type, key) = match job.text("paymentType") {
        Some("PAY_PER_HOUR") => (PaymentType::PayPerHour, "pricePerHour"),
        Some("PAY_PER_LABEL") => (PaymentType::PayPerLabel, "pricePerLabel"),
        _ => (PaymentType::FixedPrice, "fixedPrice"),
    };
    let rate_usd = match job.fields.get(key) {
        Some(Value::Number(number)) => decimal(number).map(Exact),
        _ => None,
    };
    Contract {
        owner: job.owner,
        id: id.into(),
        title: job.title().into(),
        job_id: job.id.clone(),
        proposal_id: proposal_id.into(),
        payment_type,
        rate_usd,
        estimated_total_usd: if payment_type == PaymentType::FixedPrice { rate_usd } else { Some(terms.amount) },
        estimated_volume: None,
        start_date: now,
        end_date: None,
        created_at: now,
        updated_at: now,
        freelancer: who.hired(),
        milestones: Vec::new(),
        conversation_id: conversation_id.into(),
        usage: Usage::default(),
    }
}

fn first_milestone(id: &str, invoice_id: &str, contract: &Contract, terms: &Terms, now: Moment) -> Milestone {
    let rate = contract.rate_usd.filter(|_| contract.payment_type != PaymentType::FixedPrice);
    let volume = rate.and_then(|rate| terms.amount.0.checked_div(rate.0));
    Milestone {
        id: id.into(),
        name: terms.name.clone(),
        description: terms.description.clone().or_else(|| terms.name.clone()).unwrap_or_default(),
        status: ACTIVE_FUNDED.into(),
        amount_usd: terms.amount,
        volume: volume.map(|volume| Exact(volume.round_dp(2).normalize())),
        number: 1,
        due_date: terms.due_date,
        pending_approval: false,
        needs_review: false,
        invoice_id: Some(invoice_id.into()),
        created_at: now,
        withdrawn: false,
    }
}

impl World {
    /// A new invoice.
    pub(crate) fn new_invoice(&mut self) -> String {
        let (id, created_at) = (self.ids.next("inv"), self.now());
        let number =
            self.invoices.last().map_or(crate::sandbox::world::state::NEXT_INVOICE, |invoice| invoice.number + 1);
        self.invoices.push(Invoice { id: id.clone(), number, created_at });
        id
    }
}
