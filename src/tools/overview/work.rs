//! The work: what is late, flagged or used up; and what happened since last time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use crate::answer::lines::id_of;
use crate::answer::text::{count, date};
use crate::answer::{Joined, Shown, id, quoted_to, shown};
use crate::api::contracts::Contract;
use crate::api::milestones::Milestone;
use crate::api::updates::Event;
use crate::tools::nouns::contract::trainer;
use crate::tools::nouns::decision::words_of;
use crate::tools::nouns::event::{kinds, line};
use crate::tools::nouns::milestone::{flags, is_settled};
use crate::tools::nouns::people::People;

use super::reads::Reads;
use super::section::{Item, Section};
use super::waiting::subject;

/// The event that tells how much of a contract's budget is used.
const BUDGET: &str = "contract.budget_state_changed";

pub(super) fn section(reads: &Reads) -> Section {
    let mut section = Section::new("work", "WORK", 1_000);
    let now = reads.now.unwrap_or_else(Timestamp::now);
    match &reads.contracts {
        Ok(contracts) => {
            let active = || contracts.iter().filter(|contract| contract.status.text() == Some("active"));
            let all =
                || active().flat_map(|contract| contract.milestones.items().iter().map(move |one| (contract, one)));
            let is_late = |milestone: &Milestone| {
                !is_settled(milestone) && milestone.due_date.timestamp().is_some_and(|due| due < now)
            };
            let late: Vec<_> = all().filter(|(_, milestone)| is_late(milestone)).collect();
            if !late.is_empty() {
                section.count(shown!("{} past due", count(late.len(), "milestone")), "pastDue", late.len());
            }
            let flagged: Vec<_> = all().filter(|(_, milestone)| !flags(milestone).is_empty()).collect();
            if !flagged.is_empty() {
                let words = shown!(
                    "{} with OpenTrain's flags (their meaning is not documented)",
                    count(flagged.len(), "milestone")
                );
                section.count(words, "flagged", flagged.len());
            }
            let of = |(contract, milestone): (&Contract, &Milestone)| look_at(contract, milestone, now);
            section.group(late.into_iter().map(of).collect(), ("list_contracts", "status \"active\""));
            section.group(flagged.into_iter().map(of).collect(), ("list_contracts", "status \"active\""));
        }
        Err(why) => section.cannot_read("Milestones", why),
    }
    match &reads.updates {
        Ok(updates) => {
            let used_up = used_up(updates.events.items(), reads);
            if !used_up.is_empty() {
                let words = shown!("{} LOW or DEPLETED in the events that were read", count(used_up.len(), "budget"));
                section.count(words, "budgets", used_up.len());
            }
            section.group(used_up, ("get_contract", "contractId"));
        }
        Err(why) => section.cannot_read("Budgets", why),
    }
    section
}

fn look_at(contract: &Contract, milestone: &Milestone, now: Timestamp) -> Item {
    let milestone_id = id_of(&milestone.id);
    let name = milestone.name.text().or_else(|| milestone.description.text()).map(|name| quoted_to(name, 40));
    let status = milestone.status.text().map_or_else(|| "no status".into(), id);
    let due = milestone.due_date.timestamp().filter(|due| *due < now).and(milestone.due_date.text());
    let due = due.map(|due| shown!(", was due {}", date(due)));
    let flags = flags(milestone);
    let flagged = if flags.is_empty() { Shown::default() } else { shown!(", flags {}", flags.iter().joined(", ")) };
    let who = shown!("{}, {}", trainer(contract), contract.id.text().map(id).unwrap_or_default());
    Item {
        text: shown!("{}: {}{}{}, {} {}", milestone_id, status, due, flagged, name.unwrap_or_default(), who),
        data: json!({
            "milestoneId": milestone.id.text(), "contractId": contract.id.text(), "who": who, "status": status,
            "dueDate": milestone.due_date.text(), "flags": flags,
        }),
        link: None,
    }
}

/// The contracts whose last event about the budget says LOW or DEPLETED. The list of contracts tells no budget.
fn used_up(events: &[Event], reads: &Reads) -> Vec<Item> {
    let mut last: BTreeMap<&str, &Event> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind.text() == Some(BUDGET)) {
        if let Some(contract_id) = event.data.get().and_then(|data| data.get("contractId")?.as_str()) {
            last.insert(contract_id, event);
        }
    }
    let item = |(contract_id, event): (&&str, &&Event)| {
        let data = event.data.get()?;
        let state = data.get("state")?.as_str().filter(|state| *state != "OK")?;
        let contract = reads.contract(contract_id).filter(|contract| contract.status.text() == Some("active"))?;
        let left = data.get("remainingVolume").map_or_else(|| "?".into(), ToString::to_string);
        let who = shown!("{}, {}", trainer(contract), id(contract_id));
        Some(Item {
            text: shown!("{}: budget {}, {} left, {}", id(contract_id), id(state), id(&left), who),
            data: json!({ "contractId": contract_id, "who": who, "state": state, "remainingVolume": data.get("remainingVolume") }),
            link: None,
        })
    };
    last.iter().filter_map(item).collect()
}

/// What happened since `since`, and the decisions that became known.
pub(super) fn since_last_time(reads: &Reads, since: Option<&str>, people: &People) -> Section {
    let title = if since.is_some() { "SINCE LAST TIME" } else { "HISTORY" };
    let mut section = Section::new("sinceLastTime", title, 800);
    let decided: Vec<Item> = reads
        .approvals
        .looked_up
        .iter()
        .filter(|one| !one.is_open())
        .filter_map(|one| {
            let approval = one.state.found()?;
            let status = approval.status.text().map_or_else(|| "no status".into(), id);
            let approval_id = approval.id.text().map(id).unwrap_or_default();
            let what = subject(approval, &one.line, reads, people);
            let done = words_of(approval).to_decide;
            Some(Item {
                text: shown!("{}: {}: {} {}", approval_id, status, done, what),
                data: json!({ "approvalId": approval.id.text(), "status": status, "what": what }),
                link: None,
            })
        })
        .collect();
    if !decided.is_empty() {
        section.count(shown!("{} of your requests decided", decided.len()), "decided", decided.len());
    }
    section.group(decided, ("get_approval", "approvalId"));
    match &reads.updates {
        Ok(updates) => {
            let events = updates.events.items();
            let has_more = updates.has_more.is_true();
            let more = if has_more { "; more follow, with that cursor" } else { "" };
            let what = kinds(events)
                .map_or_else(|| "no events".into(), |kinds| shown!("{}: {}", count(events.len(), "event"), kinds));
            section.count(shown!("{}{}", what, more), "events", events.len());
            section.facts.insert("moreEvents".into(), has_more.into());
            // The latest are the most telling.
            let items = events.iter().rev().map(|event| Item {
                text: line(event, people),
                data: json!({ "id": event.id.text(), "type": event.kind.text(), "at": event.created_at.text(), "data": small(event) }),
                link: None,
            });
            section.group(items.collect(), ("poll_updates", "cursor"));
        }
        Err(why) => section.cannot_read("Events", why),
    }
    section
}

/// An event's data, if it is small.
fn small(event: &Event) -> Option<serde_json::Value> {
    let data = serde_json::Value::Object(event.data.get()?.clone());
    (data.to_string().len() <= 300).then_some(data)
}
