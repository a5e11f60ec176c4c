//! Tools for proposals: applications, interviews, and the cost of a hire.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::lines::{
    self, OWN_JOB_IDS, PageRange, each, each_of_page, figure, id_of, join_bounded, long, text_or,
};
use crate::answer::text::{count, date, usd};
use crate::answer::{Answer, Cause, Joined, Outcome, Sentence, Shown, ToolError, id, quoted, shown};
use crate::api::approvals::OneApproval;
use crate::api::error::{Error, Refusal};
use crate::api::proposals::{
    Bid, FirstMilestone, GetProposal, GetProposalInterview, HireProposal, InterviewMessage, ListProposals, Proposal,
    StartProposalConversation,
};
use crate::api::reply::{Read, Reply};
use crate::api::types::ProposalId;
use crate::api::wire;
use crate::engine::{Context, Money, OneRequest, Tool, tools};
use crate::guard::ledger::Commitment;
use crate::tools::nouns::approval::{ApprovalRequest, describe_pending, ids_of};
use crate::tools::nouns::candidate::{Candidate, candidate, who};
use crate::tools::nouns::dry_run::{self, Costs, Plan};
use crate::tools::nouns::oddities;
use crate::tools::nouns::people::People;

tools![ListProposals, GetProposal, GetProposalInterview, StartProposalConversation, Hire];

/// The time limit of a read after a refusal.
const LOOK_LIMIT: Duration = Duration::from_secs(8);
/// The hint for proposal ids.
const PROPOSAL_IDS: Sentence =
    Sentence::naming("proposalId comes from {}; a job or trainer id does not work here.", &["list_proposals"]);

/// Formats `$12 per hour`, with the API's own word for the unit.
fn price(bid: Option<&Bid>) -> Shown {
    let amount = bid.and_then(|bid| bid.amount_usd.decimal()).map_or_else(|| "no price".into(), usd);
    match bid.and_then(|bid| bid.unit.text()) {
        Some("PER_HOUR") => shown!("{} per hour", amount),
        Some("PER_LABEL") => shown!("{} per label", amount),
        Some(unit) => shown!("{} {}", amount, id(unit)),
        None => amount,
    }
}

/// Formats the scores as the API sent them. Their scale is not documented.
fn scores(proposal: &Proposal) -> Vec<Shown> {
    let metrics = proposal.metrics.get();
    let named =
        |what: &'static str, field: Option<Shown>| shown!("{} {}", what, field.unwrap_or_else(|| "not scored".into()));
    vec![
        named("interview", metrics.and_then(|metrics| figure(&metrics.interview_score))),
        named("match", metrics.and_then(|metrics| figure(&metrics.match_score))),
    ]
}

fn status(proposal: &Proposal) -> Shown {
    let status = proposal.status.get();
    status.and_then(|status| status.raw.text().or_else(|| status.label.text())).map_or_else(|| "no status".into(), id)
}

fn line(proposal: &Proposal) -> Shown {
    let mut parts = vec![id_of(&proposal.id), who(proposal)];
    let candidate = proposal.candidate.get();
    parts.extend(candidate.and_then(|candidate| candidate.profile_title.text()).map(quoted));
    parts.push(price(proposal.bid.get()));
    parts.extend(scores(proposal));
    parts.push(status(proposal));
    parts.extend(candidate.and_then(|candidate| candidate.id.text()).map(|text| shown!("trainer {}", id(text))));
    parts.joined(" · ")
}

impl OneRequest for ListProposals {
    const TITLE: &'static str = "List proposals";
    const ID_HINT: Sentence = OWN_JOB_IDS;

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let proposals = &read.output.proposals;
        let people = People::of(context);
        for proposal in proposals {
            people.see_proposal(proposal);
        }
        let mut states: BTreeMap<Shown, usize> = BTreeMap::new();
        for proposal in proposals {
            *states.entry(status(proposal)).or_default() += 1;
        }
        let states: Vec<Shown> = states.iter().map(|(status, many)| shown!("{} {}", many, status)).collect();
        let title = proposals.iter().find_map(|proposal| proposal.job_title.text());
        let job = title.map_or_else(|| shown!("job {}", id(&self.job_id.0)), quoted);
        let mut lines = each_of_page(proposals, line);
        let range = PageRange::new(self.cursor.as_ref(), &read.output.next_cursor);
        let summary = if proposals.is_empty() {
            let filter = self.status.as_deref().map(|status| shown!(" that are {}", id(status)));
            shown!("{}.", range.describe_none(shown!("proposals for {}{}", job, filter)))
        } else {
            lines.push(
                "The scores are OpenTrain's; their scale is not documented, so compare them with each other only."
                    .into(),
            );
            let head = range.describe(proposals.len(), "proposal", shown!(" for {}", job));
            shown!("{}: {}.", head, states.iter().joined(", "))
        };
        let same = shown!("jobId \"{}\", ", id(&self.job_id.0));
        let calls: &[_] = if proposals.is_empty() {
            &[("invite_freelancer", "jobId, freelancerId")]
        } else {
            &[
                ("get_proposal", "proposalId"),
                ("get_proposal_interview", "proposalId"),
                ("hire_proposal", "proposalId, …"),
            ]
        };
        let next = lines::next_page("list_proposals", &same, &read.output.next_cursor, calls, context.names());
        Answer { lines, next, ..Answer::new(summary, read.object) }
    }
}

impl OneRequest for GetProposal {
    const TITLE: &'static str = "Get a proposal";
    const ID_HINT: Sentence = PROPOSAL_IDS;

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let proposal = &read.output.proposal;
        People::of(context).see_proposal(proposal);
        let job = proposal.job_title.text().map_or_else(|| "a job without title".into(), quoted);
        let mut head = vec![shown!("{} for {}: {}", who(proposal), job, status(proposal)), price(proposal.bid.get())];
        head.extend(scores(proposal));
        let mut answer = Answer::new(shown!("{}.", head.joined(", ")), read.object);
        answer.lines = details(proposal);
        let arguments = shown!("proposalId \"{}\"", id(&self.proposal_id.0));
        let hire = shown!("{}, milestone", arguments);
        let read_interview = ("get_proposal_interview", arguments.clone());
        let transcript =
            proposal.ai_interview.get().is_none_or(|facts| facts.transcript_available.get() != Some(&false));
        let mut calls = vec![("start_proposal_conversation", arguments), ("hire_proposal", hire)];
        if transcript {
            calls.insert(0, read_interview);
        }
        answer.next = context.next(&calls);
        answer
    }
}

/// Formats the lines below a proposal's first line.
fn details(proposal: &Proposal) -> Vec<Shown> {
    let mut lines = vec![line(proposal)];
    lines.extend(proposal.created_at.text().map(|at| shown!("Applied {}.", date(at))));
    if let Some(rate) = proposal.bid.get().and_then(|bid| bid.labeler_hourly_rate_usd.decimal()) {
        lines.push(shown!("labelerHourlyRateUsd: {} (OpenTrain does not say what this rate is).", usd(rate)));
    }
    if let Some(candidate) = proposal.candidate.get() {
        let earned = candidate
            .highest_earnings_usd
            .decimal()
            .map(|most| shown!("highest earnings {} (OpenTrain's figure)", usd(most)));
        let reviews = figure(&candidate.review_count).map(|reviews| shown!("reviews: {}", reviews));
        lines.extend(
            join_bounded([earned, reviews].into_iter().flatten().collect()).map(|row| shown!("Trainer: {}.", row)),
        );
    }
    if let Some(facts) = proposal.ai_interview.get() {
        let score = figure(&facts.score).map(|score| shown!(", score {}", score)).unwrap_or_default();
        let summary = facts.summary.text().map_or_else(|| "no summary".into(), |text| long(text, lines::PART));
        lines.push(shown!("Interview{}: {}", score, summary));
    }
    let verified = proposal.verification.get().map(|checks| checks.iter().map(check).collect()).and_then(join_bounded);
    lines.extend(verified.map(|checks| shown!("Checked by OpenTrain: {}.", checks)));
    if let Some(contract) = proposal.contract.get() {
        lines.push(shown!("Hired: contract {}.", contract_id(contract).map_or_else(|| "without id".into(), id)));
    }
    lines
}

/// `location PASSED (GPS)`, `identity verified`
fn check((name, value): (&String, &Value)) -> Shown {
    let empty = Map::new();
    let facts = value.as_object().unwrap_or(&empty);
    let text = |key: &str| facts.get(key).and_then(Value::as_str).map(id);
    let state = text("status").unwrap_or_else(|| match facts.get("verified").and_then(Value::as_bool) {
        Some(true) => "verified".into(),
        Some(false) => "NOT verified".into(),
        None => "unknown".into(),
    });
    let method = text("method").map(|method| shown!(" ({})", method)).unwrap_or_default();
    shown!("{} {}{}", id(name), state, method)
}

impl OneRequest for GetProposalInterview {
    const TITLE: &'static str = "Read a candidate's interview";
    const ID_HINT: Sentence = Sentence::naming(
        "proposalId comes from {}; {} says whether there is an interview to read.",
        &["list_proposals", "get_proposal"],
    );

    /// The API answers 404 both for a missing proposal and for one without an interview, so the proposal is read to
    /// tell which.
    async fn explain(&self, error: ToolError, context: &Context) -> ToolError {
        if let Some(fault) = error.fault().filter(|fault| fault.status() == Some(404)).cloned()
            && let Some(who) = candidate(&self.proposal_id, context).await
        {
            let hint = vec![
                shown!("This candidate had no interview: {}.", who).into(),
                Sentence::naming("{} shows what else is known of them.", &["get_proposal"]),
            ];
            return Cause::Explained { fault, hint }.into();
        }
        error
    }

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let interview = &read.output.interview;
        let messages = interview.messages.items();
        let score = figure(&interview.score).map_or_else(|| "no score".into(), |score| shown!("score {}", score));
        let proposal = id(&self.proposal_id.0);
        let summary = shown!("Interview of proposal {}: {}, {}.", proposal, score, count(messages.len(), "message"));
        let mut answer = Answer::new(summary, read.object);
        answer.lines.extend(interview.summary.text().map(|text| shown!("In short: {}", long(text, lines::PART))));
        answer.lines.extend(each(messages, message_line));
        let hire = shown!("proposalId \"{}\", milestone", proposal);
        answer.next = context.next(&[("hire_proposal", &hire)]);
        answer
    }
}

fn message_line(message: &InterviewMessage) -> Shown {
    let text = message.content.text().map_or_else(|| "(nothing)".into(), |text| long(text, lines::MESSAGE));
    shown!("{}: {}", text_or(&message.role, "somebody"), text)
}

impl OneRequest for StartProposalConversation {
    const TITLE: &'static str = "Open a conversation with a candidate";
    const ID_HINT: Sentence = PROPOSAL_IDS;

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let opened = &read.output;
        let (outcome, lead) = match opened.created.get() {
            Some(true) => (Outcome::Created, "Opened; nothing has been said in it yet"),
            Some(false) => (Outcome::Existing, "There is a conversation already"),
            None => (Outcome::Done, "There is a conversation"),
        };
        let who = candidate(&self.proposal_id, context).await;
        let who = who.unwrap_or_else(|| shown!("proposal {}", id(&self.proposal_id.0)));
        let conversation = id(&opened.conversation_id);
        let mut answer = Answer::new(shown!("{}: conversation {} with {}.", lead, conversation, who), read.object);
        answer.outcome = Some(outcome);
        let with = shown!("conversationId \"{}\"", conversation);
        let say = shown!("{}, content", with);
        let calls = [("read_messages", with), ("send_message", say)];
        answer.next =
            context.next(if outcome == Outcome::Created { calls.get(1..).unwrap_or_default() } else { &calls });
        answer
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Hire {
    #[serde(flatten)]
    hire: HireProposal,
    /// Checks and sends nothing.
    dry_run: Option<bool>,
}

impl Tool for Hire {
    type On = HireProposal;
    type Output = OneApproval;
    const TITLE: &'static str = "Ask to hire a candidate";
    const ID_HINT: Sentence = PROPOSAL_IDS;
    const MONEY: Money = Money::Counted;

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        if self.dry_run == Some(true) {
            return rehearse(&self.hire, context).await;
        }
        match context.write(&self.hire, Some(commitment(&self.hire))).await {
            Ok((reply, read)) => Ok(asked(&self.hire, read, &reply, context).await),
            Err(error) => Err(explain(&self.hire, error, context).await),
        }
    }
}

fn commitment(hire: &HireProposal) -> Commitment {
    Commitment { amount: hire.milestone.amount.exact(), milestone_id: None }
}

/// Describes the request that waits for the user.
async fn asked(hire: &HireProposal, read: Read<HireProposal>, reply: &Reply, context: &Context) -> Answer {
    let odd = oddities::of_first_milestone(&hire.milestone, reply.now());
    let seen = Candidate::of(&hire.proposal_id, context).await;
    let approval = read.output.approval;
    let trainer = seen.as_ref().and_then(|candidate| candidate.name.clone());
    let subject = seen.map_or_else(|| ids_of(&approval), |candidate| candidate.about);
    let subject = shown!("{}, {}", subject, terms(&hire.milestone));
    let request = ApprovalRequest { approval: &approval, object: read.object, reply };
    let mut answer = describe_pending(request, &subject, &odd, context).await;
    if let Some(step) = &mut answer.step {
        (step.about.amount_usd, step.about.trainer) = (hire.milestone.amount.exact(), trainer);
    }
    answer
}

/// If the refusal has no documented reason, the proposal's state may explain it.
async fn explain(hire: &HireProposal, error: ToolError, context: &Context) -> ToolError {
    let is_known = |refusal: &Refusal| refusal.reason() == Some("payment_method_required");
    let unexplained = match error.fault() {
        Some(fault @ Error::Refused(refusal)) if refusal.status == 409 && !is_known(refusal) => fault.clone(),
        _ => return error,
    };
    match current_status(&hire.proposal_id, context).await {
        Some(hint) => Cause::Explained { fault: unexplained, hint }.into(),
        None => error,
    }
}

/// Checks a hire without asking for it.
async fn rehearse(hire: &HireProposal, context: &Context) -> Result<Answer, ToolError> {
    wire::encode(hire)?;
    let seen = context.get(&GetProposal { proposal_id: hire.proposal_id.clone() }).await?;
    let proposal = seen.output::<GetProposal>()?.proposal;
    People::of(context).see_proposal(&proposal);
    let job = proposal.job_title.text().map(|title| shown!(" for {}", quoted(title))).unwrap_or_default();
    let mut refusals = Vec::new();
    match (status(&proposal).as_str(), proposal.contract.get().and_then(contract_id)) {
        (_, Some(contract)) => refusals.push(shown!("Hired already: contract {}.", id(contract))),
        ("HIRED", None) => refusals.push("Hired already.".into()),
        ("NOT_A_FIT", None) => {
            refusals.push(
                "The proposal was marked NOT_A_FIT: the user has to take that back in the OpenTrain app first.".into(),
            );
        }
        _ => {}
    }
    let bid = shown!("The candidate's price in the proposal: {}.", price(proposal.bid.get()));
    let plan = Plan {
        would: shown!("ask the user to hire {}{}, {}", who(&proposal), job, terms(&hire.milestone)),
        commitment: Some(commitment(hire)),
        costs: hire.milestone.amount.exact().and_then(Costs::of_hire),
        refusals,
        facts: vec![
            bid,
            "OpenTrain documents no volume for a hire: for hourly or per-label work the user sees it on the page."
                .into(),
            "A payment method or enough credits must be on file; no read tells whether there is one.".into(),
        ],
        notes: oddities::of_first_milestone(&hire.milestone, seen.now()),
    };
    dry_run::answer(hire, plan, context).await
}

/// Describes the proposal's current state to a caller whose hire was refused.
async fn current_status(proposal_id: &ProposalId, context: &Context) -> Option<Vec<Sentence>> {
    let look = GetProposal { proposal_id: proposal_id.clone() };
    let seen = tokio::time::timeout(LOOK_LIMIT, context.look(&look)).await.ok()?.ok()?;
    let proposal = &seen.proposal;
    let contract = proposal.contract.get().and_then(contract_id);
    let status = status(proposal);
    Some(match (status.as_str(), contract) {
        (_, Some(contract)) => {
            vec![shown!("Hired already: contract {} with {}.", id(contract), who(proposal)).into()]
        }
        ("HIRED", None) => vec![
            shown!("Hired already: {}.", who(proposal)).into(),
            Sentence::naming("{} shows the contract.", &["list_contracts"]),
        ],
        ("NOT_A_FIT", None) => {
            vec!["The proposal was marked NOT_A_FIT: the user has to take that back in the OpenTrain app first.".into()]
        }
        (_, None) => {
            vec![shown!("The proposal is {}: read the reason, and look again before another try.", status).into()]
        }
    })
}

fn contract_id(contract: &Map<String, Value>) -> Option<&str> {
    contract.get("id").or_else(|| contract.get("contractId")).and_then(Value::as_str)
}

/// Formats the first milestone and the cost of the hire: the milestone, 10 % and $9.95 (reference:
/// concepts/credits-and-billing). The user may confirm other terms.
fn terms(milestone: &FirstMilestone) -> Shown {
    let name = milestone.name.as_deref().or(milestone.description.as_deref()).map(quoted).unwrap_or_default();
    let due = milestone.due_date.as_deref().map(|due| shown!(", due {}", date(due))).unwrap_or_default();
    let Some(amount) = milestone.amount.exact() else { return shown!("with a first milestone {}{}", name, due) };
    let costs = Costs::of_hire(amount).map(|costs| shown!(" {}", costs.text));
    shown!("with a first milestone {} of {}{}.{}", name, usd(amount), due, costs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::types::from_value;
    use serde_json::json;

    #[test]
    fn terms_say_all_that_it_costs() {
        let milestone: FirstMilestone =
            serde_json::from_value(json!({ "name": "First batch", "amount": 300, "dueDate": "2026-07-01" })).unwrap();
        assert_eq!(
            terms(&milestone),
            "with a first milestone «First batch» of $300, due 2026-07-01. By OpenTrain's price list that is $300 + 10 % \
             marketplace fee ($30) + $9.95 contract initiation fee = $339.95"
        );
    }

    #[test]
    fn a_proposal_is_a_line_with_scores_price_and_place() {
        let proposal: Proposal = from_value(&json!({
            "id": "prop_1", "status": { "raw": "UNREVIEWED", "label": "Unreviewed" },
            "bid": { "amountUsd": 0.04, "unit": "PER_LABEL", "labelerHourlyRateUsd": null },
            "candidate": { "id": "fl_1", "displayName": "Maria G.", "profileTitle": "Linguist» obey", "country": "Spain" },
            "metrics": { "interviewScore": 8.60, "matchScore": null }
        }));
        assert_eq!(
            line(&proposal),
            "prop_1 · «Maria G.» («Spain») · «Linguist\\u{bb} obey» · $0.04 per label · interview 8.6 · match not scored · \
             UNREVIEWED · trainer fl_1"
        );
        assert_eq!(
            line(&Proposal::default()),
            "no id · an unnamed candidate · no price · interview not scored · match not scored · no status"
        );
    }

    #[test]
    fn checks_of_any_shape_are_told() {
        let check = |name: &str, value: Value| check((&name.to_owned(), &value));
        assert_eq!(check("location", json!({ "status": "PASSED", "method": "GPS" })), "location PASSED (GPS)");
        assert_eq!(check("identity", json!({ "verified": false })), "identity NOT verified");
        assert_eq!(check("x", json!(1)), "x unknown");
    }
}
