//! What waits: for the user (decisions, payments, the claim) and for the agent (messages, proposals, drafts).

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::json;

use crate::answer::LinkKind;
use crate::answer::lines::{count_or_zero, name};
use crate::answer::text::{count, moment, moment_of, quoted_to, total, usd, word};
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
    let named: Vec<&str> = stops.iter().filter(|stop| stop.is_for_the_user()).map(|stop| stop.reason).collect();
    if !named.is_empty() {
        section.count(
            format!("{} named above ({})", count(named.len(), "step"), named.join(", ")),
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
        let words = format!("{} to decide, {}{missing}", count(many, "request"), total(amount::sum(known)));
        section.count(words, "approvals", many);
    }
    section.group(items, ("get_approval", "approvalId"));
    if let Some(group) = section.groups.last_mut() {
        group.total += reads.approvals.others;
        group.comes_first = true;
    }
    if let Some(why) = &reads.approvals.unknown {
        section.unread.push(format!("Which approvals are open is not known ({why})"));
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
                let words = format!("{} to pay, {}", count(waiting.len(), "invoice"), total(sum));
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
        data: json!({ "checkoutUrl": step.link.url, "topUpId": step.top_up }),
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
    let (id, asked) = (recorded.id(), &recorded.line);
    let shown_sum = sum.map_or_else(|| "an amount that is not known".into(), usd);
    match &recorded.state {
        Looked::Found(approval) => {
            let page = link(approval, context).await;
            let what = subject(approval, asked, reads, people);
            let expires = approval.expires_at.timestamp();
            let until = expires.map_or_else(String::new, |at| format!("; expires {}", moment(at, now)));
            let shown = page.as_ref().map_or_else(|| ": no link".into(), |page| page.describe(""));
            let held = if approval.kind.text() == Some(ENDING) { " funded in it" } else { "" };
            let text =
                format!("{}: {} {what}, {shown_sum}{held}{until}{shown}", word(id), words_of(approval).to_decide);
            let data = json!({
                "approvalId": id, "type": approval.kind.text(), "contractId": approval.contract_id.text(),
                "milestoneId": approval.milestone_id.text(), "proposalId": approval.proposal_id.text(),
                "what": what, "amountUsd": amount::json(sum), "expiresAt": approval.expires_at.text(),
                "approvalUrl": approval.approval_url.text(),
            });
            Item { text, data, link: page }
        }
        Looked::Missing | Looked::Unread(_) => {
            let why = if let Looked::Unread(why) = &recorded.state { why } else { "OpenTrain does not know it" };
            let at = asked.at.parse::<Timestamp>().map_or_else(|_| word(&asked.at), moment_of);
            Item {
                text: format!("{}: asked {at} with {}; it could not be looked up ({why})", word(id), word(&asked.tool)),
                data: json!({ "approvalId": id, "amountUsd": amount::json(sum), "unread": why }),
                link: None,
            }
        }
    }
}

/// Names what a request is about: the milestone and its trainer, or the candidate.
pub(super) fn subject(approval: &Approval, line: &Line, reads: &Reads, people: &People) -> String {
    if let Some(contract) = approval.contract_id.text().and_then(|id| reads.contract(id)) {
        let wanted = approval.milestone_id.text();
        let milestone =
            contract.milestones.items().iter().find(|listed| wanted.is_some() && listed.id.text() == wanted);
        let name = milestone.and_then(|milestone| milestone.name.text().or_else(|| milestone.description.text()));
        let what = name.map(|name| format!("{} for ", quoted_to(name, SUBJECT))).unwrap_or_default();
        let id = contract.id.text().map(word).unwrap_or_default();
        return format!("{what}{}, {id}", trainer(contract));
    }
    let proposal = approval.proposal_id.text().or_else(|| line.arguments.get("proposalId")?.as_str());
    let on_record = || Some(format!("{}, {}", name(line.trainer.as_deref()?), word(proposal?)));
    let named = proposal.and_then(|id| people.of_proposal(id)).or_else(on_record);
    let named = named.or_else(|| Some(format!("proposal {}", word(proposal?))));
    let first = line.arguments.get("milestone").and_then(|milestone| milestone.get("name")?.as_str());
    let first = first.map(|name| format!(" with {}", quoted_to(name, SUBJECT))).unwrap_or_default();
    let contract = || approval.contract_id.text().map(|id| format!("contract {}", word(id)));
    format!("{}{first}", named.or_else(contract).unwrap_or_else(|| "what it names".into()))
}

fn invoice(payment: &Payment) -> Item {
    let sum = payment.amount_usd.decimal();
    let (job, milestone) = (payment.job.get(), payment.milestone.get());
    let title = milestone.and_then(|about| about.name.text()).or_else(|| job.and_then(|about| about.title.text()));
    let id = payment.id.text().map_or_else(|| "no id".into(), word);
    let title = title.map_or_else(String::new, |title| format!(" for {}", quoted_to(title, TITLE)));
    Item {
        text: format!("{id}: unpaid invoice{title}, {}", sum.map_or_else(|| "no amount".into(), usd)),
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
            let latest = if is_part { format!(" of the latest {}", all.conversations.len()) } else { String::new() };
            if !waiting.is_empty() || is_part {
                let words = format!("{}{latest} unread or to answer", count(waiting.len(), "conversation"));
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
            let latest = if is_part { format!(" in the latest {} jobs", all.jobs.len()) } else { String::new() };
            let new: Vec<(&OwnJob, usize)> =
                all.jobs.iter().map(|job| (job, unreviewed(job))).filter(|(_, unread)| *unread > 0).collect();
            let proposals: usize = new.iter().map(|(_, unread)| unread).sum();
            if proposals > 0 {
                let words =
                    format!("{} not reviewed, for {}{latest}", count(proposals, "proposal"), count(new.len(), "job"));
                section.count(words, "proposals", proposals);
            }
            section.group(new.into_iter().map(|(job, unread)| proposals_of(job, unread)).collect(), ("list_jobs", ""));
            let drafts: Vec<&OwnJob> = all.jobs.iter().filter(|job| job.status.text() == Some("DRAFT")).collect();
            if !drafts.is_empty() {
                section.count(
                    format!(
                        "{} not published{latest} (what they lack is not in the list)",
                        count(drafts.len(), "draft")
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
    let id = listed.id.text().map_or_else(|| "no id".into(), word);
    let about = || Some(format!("proposal {}", word(listed.proposal_id.text()?)));
    let job = || Some(format!("job {}", word(listed.job_id.text()?)));
    let who = people.of_conversation(listed).or_else(about).or_else(job).unwrap_or_else(|| "somebody".into());
    let (unread, to_answer) = (count_or_zero(&listed.unread_count), count_or_zero(&listed.needs_reply_count));
    let last = listed.last_message.get().and_then(|last| last.created_at.timestamp());
    let last_text = last.map_or_else(String::new, |at| format!(", last {}", moment_of(at)));
    Item {
        text: format!("{id}: {who}, {unread} unread, {to_answer} to answer{last_text}"),
        data: json!({
            "conversationId": listed.id.text(), "who": who, "unread": unread, "toAnswer": to_answer,
            "proposalId": listed.proposal_id.text(), "jobId": listed.job_id.text(),
        }),
        link: None,
    }
}

fn title(job: &OwnJob) -> String {
    job.title.text().map_or_else(|| "without title".into(), |title| quoted_to(title, TITLE))
}

fn proposals_of(job: &OwnJob, unread: usize) -> Item {
    let id = job.id.text().map_or_else(|| "no id".into(), word);
    Item {
        text: format!("job {id}: {} not reviewed, for {}", count(unread, "proposal"), title(job)),
        data: json!({ "jobId": job.id.text(), "title": title(job), "unreviewed": unread }),
        link: None,
    }
}

fn draft(job: &OwnJob) -> Item {
    let id = job.id.text().map_or_else(|| "no id".into(), word);
    Item {
        text: format!("job {id}: draft {}", title(job)),
        data: json!({ "jobId": job.id.text(), "title": title(job), "status": "DRAFT" }),
        link: None,
    }
}
