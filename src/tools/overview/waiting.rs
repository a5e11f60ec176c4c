//! What waits: for the user (decisions, payments, the claim) and for the agent (messages, proposals, drafts).

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::json;

use crate::answer::lines::{count_or_zero, id_of};
use crate::answer::text::{count, moment, moment_of, total, usd};
use crate::answer::{Address, Joined, LinkKind, Shown, id, quoted, quoted_to, shown};
use crate::api::amount;
use crate::api::approvals::{Approval, Looked};
use crate::api::credits::{LedgerEntry, Payment};
use crate::api::jobs::OwnJob;
use crate::api::messages::ListedConversation;
use crate::engine::Context;
use crate::engine::open_steps::OpenStep;
use crate::engine::recorded_approvals::RecordedApproval;
use crate::guard::ledger::Line;
use crate::tools::nouns::approval::link;
use crate::tools::nouns::contract::trainer;
use crate::tools::nouns::decision::{ENDING, words_of};
use crate::tools::nouns::people::People;
use crate::tools::nouns::standing::{Stop, open_steps};
use crate::tools::nouns::subject::funded;

use super::reads::Reads;
use super::section::{Item, Section};

/// The most characters of a title.
const TITLE: usize = 50;
/// The most characters of a milestone's name in a request, so that all requests have room.
const SUBJECT: usize = 30;
/// The invoices that a person funds. The others wait for OpenTrain's payout.
const PENDING_FUNDING: &str = "PENDING_FUNDING";

/// What only the user can do.
pub(super) async fn for_the_user(reads: &Reads, stops: &[Stop], people: &People, context: &Context) -> Section {
    let mut section = Section::new("waitingForUser", "WAITING FOR THE USER", 2_000);
    let named: Vec<&'static str> = stops.iter().filter(|stop| stop.is_for_the_user()).map(|stop| stop.reason).collect();
    if !named.is_empty() {
        section.count(
            shown!("{} named above ({})", count(named.len(), "step"), named.iter().joined(", ")),
            "steps",
            named.clone(),
        );
        section.steps = named.len();
    }
    let now = reads.now.unwrap_or_else(Timestamp::now);
    let (mut items, mut sums) = (Vec::new(), Vec::new());
    let open: Vec<&RecordedApproval> = reads.approvals.looked_up.iter().filter(|one| one.is_open()).collect();
    for recorded in &open {
        let sum = amount_of(recorded, reads);
        sums.push(sum);
        items.push(approval(recorded, sum, (reads, people), now, context).await);
    }
    let many = open.len() + reads.approvals.others;
    if many > 0 {
        let known: Vec<Decimal> = sums.iter().flatten().copied().collect();
        let missing = if known.len() < many { " and what is not known" } else { "" };
        let words = shown!("{} to decide, {}{}", count(many, "request"), total(amount::sum(known)), missing);
        section.count(words, "approvals", many);
    }
    section.group(items, ("get_approval", "approvalId"));
    if let Some(group) = section.groups.last_mut() {
        group.total += reads.approvals.others;
        group.comes_first = true;
    }
    if let Some(why) = &reads.approvals.unknown {
        section.unread.push(shown!("Which approvals are open is not known ({})", why));
    }
    let checkouts: Vec<Item> = open_steps(context).iter().filter_map(|step| checkout(step, reads)).collect();
    if !checkouts.is_empty() {
        section.count(count(checkouts.len(), "unpaid checkout"), "checkouts", checkouts.len());
    }
    section.group(checkouts, ("get_credit_top_up", "topUpId"));
    match &reads.payments {
        Ok(payments) => {
            let waiting: Vec<&Payment> =
                payments.iter().filter(|payment| payment.status.text() == Some(PENDING_FUNDING)).collect();
            if !waiting.is_empty() {
                let sum = amount::sum(waiting.iter().filter_map(|payment| payment.amount_usd.decimal()));
                let words = shown!("{} to pay, {}", count(waiting.len(), "invoice"), total(sum));
                section.count(words, "invoices", waiting.len());
            }
            section.group(waiting.into_iter().map(invoice).collect(), ("list_pending_payments", ""));
        }
        Err(why) => section.cannot_read("Pending payments", why),
    }
    section
}

/// A checkout that this server has started, unless the credits show that it was paid.
fn checkout(step: &OpenStep, reads: &Reads) -> Option<Item> {
    let is_paid = |entry: &LedgerEntry| step.top_up.is_some() && entry.top_up_id.text() == step.top_up.as_deref();
    let entries = reads.credits.as_ref().ok().map(|balance| balance.recent_entries.items()).unwrap_or_default();
    let open = step.link.kind == LinkKind::Checkout && !entries.iter().any(is_paid);
    open.then(|| Item {
        text: step.link.describe("a checkout for credits, not known to be paid"),
        data: json!({ "checkoutUrl": step.link.page, "topUpId": step.top_up }),
        link: Some(step.link.clone()),
    })
}

/// The amount of a request: the milestone's now, what is funded in a contract that would end, or what was asked for.
fn amount_of(recorded: &RecordedApproval, reads: &Reads) -> Option<Decimal> {
    let milestone = || {
        let approval = recorded.state.found()?;
        let contract = reads.contract(approval.contract_id.text()?)?;
        if approval.kind.text() == Some(ENDING) {
            return funded(contract);
        }
        let id = approval.milestone_id.text()?;
        contract.milestones.items().iter().find(|milestone| milestone.id.text() == Some(id))?.amount_usd.decimal()
    };
    milestone().or(recorded.line.amount_usd)
}

async fn approval(
    recorded: &RecordedApproval,
    sum: Option<Decimal>,
    (reads, people): (&Reads, &People),
    now: Timestamp,
    context: &Context,
) -> Item {
    let (approval_id, asked) = (recorded.id(), &recorded.line);
    let shown_sum = sum.map_or_else(|| "an amount that is not known".into(), usd);
    match &recorded.state {
        Looked::Found(approval) => {
            let page = link(approval, context).await;
            let what = subject(approval, asked, reads, people);
            let expires = approval.expires_at.timestamp();
            let until = expires.map(|at| shown!("; expires {}", moment(at, now)));
            let address = page.as_ref().map_or_else(|| ": no link".into(), |page| page.describe(""));
            let held = if approval.kind.text() == Some(ENDING) { " funded in it" } else { "" };
            let text = shown!(
                "{}: {} {}, {}{}{}{}",
                id(approval_id),
                words_of(approval).to_decide,
                what,
                shown_sum,
                held,
                until,
                address
            );
            let link = page.as_ref().and_then(Address::link);
            let data = json!({
                "approvalId": approval_id, "type": approval.kind.text(), "contractId": approval.contract_id.text(),
                "milestoneId": approval.milestone_id.text(), "proposalId": approval.proposal_id.text(),
                "what": what, "amountUsd": amount::json(sum), "expiresAt": approval.expires_at.text(),
                "approvalUrl": link.map(|link| &link.page),
            });
            Item { text, data, link: link.cloned() }
        }
        Looked::Missing | Looked::Unread(_) => {
            let why = match &recorded.state {
                Looked::Unread(why) => quoted(why),
                _ => "OpenTrain does not know it".into(),
            };
            let at = asked.at.parse::<Timestamp>().map_or_else(|_| id(&asked.at), moment_of);
            Item {
                text: shown!(
                    "{}: asked {} with {}; it could not be looked up ({})",
                    id(approval_id),
                    at,
                    id(&asked.tool),
                    why
                ),
                data: json!({ "approvalId": approval_id, "amountUsd": amount::json(sum), "unread": why }),
                link: None,
            }
        }
    }
}

/// Names what a request is about: the milestone and its trainer, or the candidate.
pub(super) fn subject(approval: &Approval, line: &Line, reads: &Reads, people: &People) -> Shown {
    if let Some(contract) = approval.contract_id.text().and_then(|id| reads.contract(id)) {
        let wanted = approval.milestone_id.text();
        let milestone =
            contract.milestones.items().iter().find(|listed| wanted.is_some() && listed.id.text() == wanted);
        let name = milestone.and_then(|milestone| milestone.name.text().or_else(|| milestone.description.text()));
        let what = name.map(|name| shown!("{} for ", quoted_to(name, SUBJECT))).unwrap_or_default();
        let contract_id = contract.id.text().map(id).unwrap_or_default();
        return shown!("{}{}, {}", what, trainer(contract), contract_id);
    }
    let proposal = approval.proposal_id.text().or_else(|| line.arguments.get("proposalId")?.as_str());
    let on_record = || Some(shown!("{}, {}", quoted(line.trainer.as_deref()?), id(proposal?)));
    let named = proposal.and_then(|id| people.of_proposal(id)).or_else(on_record);
    let named = named.or_else(|| Some(shown!("proposal {}", id(proposal?))));
    let first = line.arguments.get("milestone").and_then(|milestone| milestone.get("name")?.as_str());
    let first = first.map(|name| shown!(" with {}", quoted_to(name, SUBJECT))).unwrap_or_default();
    let contract = || approval.contract_id.text().map(|text| shown!("contract {}", id(text)));
    shown!("{}{}", named.or_else(contract).unwrap_or_else(|| "what it names".into()), first)
}

fn invoice(payment: &Payment) -> Item {
    let sum = payment.amount_usd.decimal();
    let (job, milestone) = (payment.job.get(), payment.milestone.get());
    let title = milestone.and_then(|about| about.name.text()).or_else(|| job.and_then(|about| about.title.text()));
    let its_id = id_of(&payment.id);
    let title = title.map(|title| shown!(" for {}", quoted_to(title, TITLE)));
    Item {
        text: shown!("{}: unpaid invoice{}, {}", its_id, title, sum.map_or_else(|| "no amount".into(), usd)),
        data: json!({ "invoiceId": payment.id.text(), "milestoneId": milestone.and_then(|about| about.id.text()), "amountUsd": amount::json(sum) }),
        link: None,
    }
}

/// What the agent can do without the user.
pub(super) fn for_you(reads: &Reads, people: &People) -> Section {
    let mut section = Section::new("waitingForYou", "WAITING FOR YOU", 1_100);
    match &reads.conversations {
        Ok(all) => {
            let waits = |listed: &&ListedConversation| {
                count_or_zero(&listed.unread_count) > 0 || count_or_zero(&listed.needs_reply_count) > 0
            };
            let waiting: Vec<&ListedConversation> = all.conversations.iter().filter(waits).collect();
            let is_part = all.next_cursor.text().is_some_and(|cursor| !cursor.is_empty());
            let latest = if is_part { shown!(" of the latest {}", all.conversations.len()) } else { Shown::default() };
            if !waiting.is_empty() || is_part {
                let words = shown!("{}{} unread or to answer", count(waiting.len(), "conversation"), latest);
                section.count(words, "conversations", waiting.len());
            }
            let items = waiting.into_iter().map(|listed| conversation(listed, people)).collect();
            section.group(items, ("list_conversations", ""));
        }
        Err(why) => section.cannot_read("Conversations", why),
    }
    match &reads.jobs {
        Ok(all) => {
            let is_part = all.next_cursor.text().is_some_and(|cursor| !cursor.is_empty());
            let latest = if is_part { shown!(" in the latest {} jobs", all.jobs.len()) } else { Shown::default() };
            let new: Vec<(&OwnJob, usize)> =
                all.jobs.iter().map(|job| (job, unreviewed(job))).filter(|(_, unread)| *unread > 0).collect();
            let proposals: usize = new.iter().map(|(_, unread)| unread).sum();
            if proposals > 0 {
                let words =
                    shown!("{} not reviewed, for {}{}", count(proposals, "proposal"), count(new.len(), "job"), latest);
                section.count(words, "proposals", proposals);
            }
            section.group(new.into_iter().map(|(job, unread)| proposals_of(job, unread)).collect(), ("list_jobs", ""));
            let drafts: Vec<&OwnJob> = all.jobs.iter().filter(|job| job.status.text() == Some("DRAFT")).collect();
            if !drafts.is_empty() {
                section.count(
                    shown!(
                        "{} not published{} (what they lack is not in the list)",
                        count(drafts.len(), "draft"),
                        latest
                    ),
                    "drafts",
                    drafts.len(),
                );
            }
            section.group(drafts.into_iter().map(draft).collect(), ("list_jobs", "status \"DRAFT\""));
        }
        Err(why) => section.cannot_read("Jobs and proposals", why),
    }
    section
}

fn unreviewed(job: &OwnJob) -> usize {
    job.proposal_counts.get().map(|counts| count_or_zero(&counts.unreviewed)).unwrap_or_default()
}

fn conversation(listed: &ListedConversation, people: &People) -> Item {
    let its_id = id_of(&listed.id);
    let about = || Some(shown!("proposal {}", id(listed.proposal_id.text()?)));
    let job = || Some(shown!("job {}", id(listed.job_id.text()?)));
    let who = people.of_conversation(listed).or_else(about).or_else(job).unwrap_or_else(|| "somebody".into());
    let (unread, to_answer) = (count_or_zero(&listed.unread_count), count_or_zero(&listed.needs_reply_count));
    let last = listed.last_message.get().and_then(|last| last.created_at.timestamp());
    let last_text = last.map(|at| shown!(", last {}", moment_of(at)));
    Item {
        text: shown!("{}: {}, {} unread, {} to answer{}", its_id, who, unread, to_answer, last_text),
        data: json!({
            "conversationId": listed.id.text(), "who": who, "unread": unread, "toAnswer": to_answer,
            "proposalId": listed.proposal_id.text(), "jobId": listed.job_id.text(),
        }),
        link: None,
    }
}

fn title(job: &OwnJob) -> Shown {
    job.title.text().map_or_else(|| "without title".into(), |title| quoted_to(title, TITLE))
}

fn proposals_of(job: &OwnJob, unread: usize) -> Item {
    let its_id = id_of(&job.id);
    Item {
        text: shown!("job {}: {} not reviewed, for {}", its_id, count(unread, "proposal"), title(job)),
        data: json!({ "jobId": job.id.text(), "title": title(job), "unreviewed": unread }),
        link: None,
    }
}

fn draft(job: &OwnJob) -> Item {
    let its_id = id_of(&job.id);
    Item {
        text: shown!("job {}: draft {}", its_id, title(job)),
        data: json!({ "jobId": job.id.text(), "title": title(job), "status": "DRAFT" }),
        link: None,
    }
}
