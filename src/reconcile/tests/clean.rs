//! Random histories in which both sides agree: nothing may be alarmed.

use rust_decimal::Decimal;
use serde_json::json;

use super::story::{BASE, Story};
use crate::answer::Outcome;
use crate::guard::ledger::Line;

/// A small generator of numbers (xorshift), so that a failing history can be played again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

/// What was there before the record began, whatever its state.
fn earlier(story: &mut Story, dice: &mut Dice) -> Vec<String> {
    let mut contracts = Vec::new();
    for place in 0..=dice.below(3) {
        let contract = story.contract(&format!("prp_old{place}"));
        for many in 0..dice.below(4) {
            let status = dice.of(&["NOT_FUNDED", "ACTIVE_FUNDED", "PAID", "DISPUTED"]);
            story.milestone(&contract, &format!("Old {place}.{many}"), 50, status);
        }
        story.pass(3_600);
        if dice.one_in(4) {
            let now = story.now.to_string();
            let ended = story.contract_mut(&contract);
            ended["status"] = json!("ended");
            ended["endDate"] = json!(now);
        } else {
            contracts.push(contract);
        }
    }
    story.pass(24 * 3_600);
    contracts
}

fn fund_or_release(story: &mut Story, dice: &mut Dice, milestone: &str, tool: &str, done: &str) {
    let arguments = json!({ "milestoneId": milestone });
    let amount = u32::try_from(story.milestone_mut(milestone)["amountUsd"].as_u64().unwrap()).unwrap();
    for _ in 0..=dice.below(2) {
        if dice.one_in(6) {
            // The reply was lost, and the request repeated.
            let line = story.line(tool, &arguments);
            let outcome = dice.of(&[Some(Outcome::Unknown), None]);
            story.write(line, outcome, |_| {});
        }
        let approval = story.id("apr");
        for _ in 0..=dice.below(2) {
            story.asks(tool, &arguments, Some(amount), &approval);
        }
        let known = dice.one_in(2);
        match dice.below(4) {
            0 => return,
            1 => story.decides(&approval, "declined", known),
            2 => story.decides(&approval, "expired", known),
            _ => {
                story.decides(&approval, "confirmed", known);
                let milestone = story.milestone_mut(milestone);
                milestone["status"] = json!(done);
                milestone["invoiceId"] = json!("inv_1");
                return;
            }
        }
    }
}

fn create(story: &mut Story, dice: &mut Dice, contract: &str, place: u64) -> Option<String> {
    let (name, amount) = (format!("Batch {place}"), u32::try_from(50 + dice.below(9) * 10).unwrap());
    match dice.below(6) {
        0 => Some(story.creates(contract, &name, amount, Outcome::Recovered)),
        1 => {
            // Killed: the milestone landed all the same.
            let before = story.create_line(&Story::terms(contract, &name, amount));
            let outcome = dice.of(&[Some(Outcome::Unknown), None]);
            story.write(before, outcome, |_| {});
            Some(story.milestone(contract, &name, amount, "NOT_FUNDED"))
        }
        2 => {
            // Killed: nothing landed, and the repeat made it.
            let before = story.create_line(&Story::terms(contract, &name, amount));
            story.write(before, None, |_| {});
            Some(story.creates(contract, &name, amount, Outcome::Created))
        }
        3 => {
            let before = story.create_line(&Story::terms(contract, &name, amount));
            story.write(before, Some(Outcome::NotDone), |after| after.code = Some("FORBIDDEN".into()));
            None
        }
        4 => {
            // A second one with the same terms that was asked for.
            story.creates(contract, &name, amount, Outcome::Created);
            let mut terms = Story::terms(contract, &name, amount);
            terms["allowDuplicate"] = json!(true);
            let before = story.create_line(&terms);
            let id = story.milestone(contract, &name, amount, "NOT_FUNDED");
            let made = id.clone();
            story.write(before, Some(Outcome::Created), |after| after.milestone_id = Some(made));
            Some(id)
        }
        _ => Some(story.creates(contract, &name, amount, Outcome::Created)),
    }
}

fn hire(story: &mut Story, dice: &mut Dice, place: u64) -> Option<String> {
    let (proposal, approval) = (format!("prp_{place}"), story.id("apr"));
    let arguments = json!({ "proposalId": proposal, "milestone": { "name": "First", "amount": 100 } });
    story.asks("hire_proposal", &arguments, Some(100), &approval);
    if dice.one_in(3) {
        let status = dice.of(&["declined", "expired"]);
        story.decides(&approval, status, dice.one_in(2));
        return None;
    }
    story.decides(&approval, "confirmed", dice.one_in(2));
    let contract = story.contract(&proposal);
    // The person may have changed the amount.
    let amount = u32::try_from(100 + dice.below(3) * 20).unwrap();
    story.milestone(&contract, "First", amount, "ACTIVE_FUNDED");
    if dice.one_in(2) {
        story.approvals.get_mut(&approval).unwrap()["result"] = json!({ "hired": true, "contractId": contract });
    }
    Some(contract)
}

fn end(story: &mut Story, dice: &mut Dice, contract: &str) {
    let is_funded = story.contract_mut(contract)["milestones"]
        .as_array()
        .unwrap()
        .iter()
        .any(|milestone| milestone["status"] == "ACTIVE_FUNDED");
    let arguments = json!({ "contractId": contract });
    if is_funded {
        let approval = story.id("apr");
        story.asks("end_contract", &arguments, None, &approval);
        if dice.one_in(2) {
            story.decides(&approval, "declined", true);
            return;
        }
        story.decides(&approval, "confirmed", dice.one_in(2));
    } else {
        let before = story.line("end_contract", &arguments);
        let outcome = dice.of(&[Outcome::Done, Outcome::Unknown]);
        story.write(before, Some(outcome), |_| {});
    }
    let now = story.now.to_string();
    let ended = story.contract_mut(contract);
    ended["status"] = json!("ended");
    ended["endDate"] = json!(now);
}

/// Lines that are none of this account's business.
fn noise(story: &mut Story, dice: &mut Dice) {
    let terms = Story::terms("ctr_foreign", "Foreign", 70);
    let line = story.create_line(&terms);
    let line = match dice.below(3) {
        0 => Line { base: Some("http://127.0.0.1:27610".into()), sandbox: true, ..line },
        1 => Line { principal: Some("99999999".into()), ..line },
        _ => Line { amount_usd: None, tool: "send_message".into(), ..line },
    };
    assert!(line.base.as_deref() != Some(BASE) || line.principal.is_some());
    let outcome = if line.tool == "send_message" { Outcome::Done } else { Outcome::Created };
    story.write(line, Some(outcome), |after| after.milestone_id = Some("ms_foreign".into()));
}

fn history(seed: u64) -> Story {
    let (mut story, mut dice) = (Story::new(), Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1));
    let mut contracts = earlier(&mut story, &mut dice);
    let mut milestones: Vec<String> = Vec::new();
    for place in 0..4 + dice.below(20) {
        let passed = i64::try_from(1 + dice.below(40_000)).unwrap();
        story.pass(passed);
        match dice.below(8) {
            0 => contracts.extend(hire(&mut story, &mut dice, place)),
            1 => noise(&mut story, &mut dice),
            2 if contracts.len() > 1 => {
                let contract = contracts.remove(0);
                let left: Vec<String> = story.contract_mut(&contract)["milestones"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|milestone| milestone["id"].as_str().unwrap().to_owned())
                    .collect();
                milestones.retain(|milestone| !left.contains(milestone));
                end(&mut story, &mut dice, &contract);
            }
            3 | 4 if !milestones.is_empty() => {
                let milestone = dice.of(&milestones);
                match story.milestone_mut(&milestone)["status"].as_str().unwrap() {
                    "NOT_FUNDED" => {
                        let tool = "request_milestone_funding";
                        fund_or_release(&mut story, &mut dice, &milestone, tool, "ACTIVE_FUNDED");
                    }
                    "ACTIVE_FUNDED" => {
                        let tool = "request_milestone_approval";
                        fund_or_release(&mut story, &mut dice, &milestone, tool, "PAID");
                    }
                    _ => {}
                }
            }
            _ if contracts.is_empty() => {}
            _ => {
                let contract = dice.of(&contracts);
                milestones.extend(create(&mut story, &mut dice, &contract, place));
            }
        }
    }
    story
}

#[test]
fn no_clean_history_is_alarmed() {
    let mut amounts = Decimal::ZERO;
    for seed in 0..200 {
        let story = history(seed);
        let report = story.report();
        assert!(report.fits, "seed {seed}: {:#?}", report.differences);
        amounts += report.sums.total.unwrap();
    }
    assert!(amounts > Decimal::from(10_000), "the histories are empty: {amounts}");
}

#[test]
fn no_clean_history_is_alarmed_from_its_middle_on() {
    for seed in 0..200 {
        let mut story = history(seed);
        let middle = story.ours.writes.get(story.ours.writes.len() / 2).map(|write| write.before.at.clone());
        story.since = middle.and_then(|at| at.parse().ok());
        let report = story.report();
        assert!(report.fits, "seed {seed}: {:#?}", report.differences);
    }
}
