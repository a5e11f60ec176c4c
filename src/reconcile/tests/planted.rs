//! One history in which all fits, and one change to it for each kind of difference.

use serde_json::json;

use super::story::Story;
use crate::answer::Outcome;
use crate::guard::ledger::{Line, Phase, Recorded};
use crate::reconcile::{Kind, csv, html, text};

/// The ids of what a test changes.
struct Ids {
    old: String,
    paid: String,
    held: String,
    declined: String,
    plain: String,
    hired: String,
    funding_of_held: String,
    funding_of_declined: String,
}

fn story() -> (Story, Ids) {
    let mut story = Story::new();
    let old = story.contract("prp_old");
    story.milestone(&old, "Old", 40, "PAID");
    story.pass(24 * 3_600);
    let funded = |story: &mut Story, name: &str, status: &str| {
        let milestone = story.creates(&old, name, 100, Outcome::Created);
        let approval = story.id("apr");
        story.asks("request_milestone_funding", &json!({ "milestoneId": milestone }), Some(100), &approval);
        story.decides(&approval, status, true);
        if status == "confirmed" {
            story.milestone_mut(&milestone)["status"] = json!("ACTIVE_FUNDED");
        }
        (milestone, approval)
    };
    let (paid, _) = funded(&mut story, "Paid", "confirmed");
    let (held, funding_of_held) = funded(&mut story, "Held", "confirmed");
    let (declined, funding_of_declined) = funded(&mut story, "Declined", "declined");
    let release = story.id("apr");
    story.asks("request_milestone_approval", &json!({ "milestoneId": paid }), Some(100), &release);
    story.decides(&release, "confirmed", false);
    story.milestone_mut(&paid)["status"] = json!("PAID");
    let plain = story.creates(&old, "Plain", 70, Outcome::Created);
    let hire = story.id("apr");
    story.asks("hire_proposal", &json!({ "proposalId": "prp_1", "milestone": { "amount": 100 } }), Some(100), &hire);
    story.decides(&hire, "confirmed", true);
    let hired = story.contract("prp_1");
    story.milestone(&hired, "First", 100, "ACTIVE_FUNDED");
    (story, Ids { old, paid, held, declined, plain, hired, funding_of_held, funding_of_declined })
}

#[test]
fn nothing_is_left_over_where_all_fits() {
    let (story, ids) = story();
    let report = story.report();
    assert!(report.fits, "{:#?}", report.differences);
    let text = text(&report);
    assert!(text.starts_with("Everything fits. 6 milestones: "), "{text}");
    assert!(text.contains("Earlier milestones, not judged"), "{text}");
    let paid = text.lines().find(|line| line.contains(&ids.paid)).unwrap();
    for part in ["$100", "paid (PAID)", "by «suite 1»", "funding confirmed", "release confirmed"] {
        assert!(paid.contains(part), "{part}: {paid}");
    }
}

/// Moves a milestone to another contract.
fn moved(story: &mut Story, id: &str, to: &str) {
    let milestone = story.milestone_mut(id).clone();
    for contract in &mut story.contracts {
        contract["milestones"].as_array_mut().unwrap().retain(|listed| listed["id"] != id);
    }
    story.contract_mut(to)["milestones"].as_array_mut().unwrap().push(milestone);
}

#[test]
fn each_planted_difference_is_found() {
    type Plant = fn(&mut Story, &Ids);
    let plants: &[(Kind, Plant)] = &[
        (Kind::NotAtOpentrain, |story, ids| {
            let listed = story.contract_mut(&ids.old)["milestones"].as_array_mut().unwrap();
            listed.retain(|milestone| milestone["id"] != ids.plain.as_str());
        }),
        (Kind::ContractGone, |story, ids| story.contracts.retain(|contract| contract["id"] != ids.old.as_str())),
        (Kind::NotOurs, |story, ids| drop(story.milestone(&ids.old, "Foreign", 500, "NOT_FUNDED"))),
        (Kind::HiredElsewhere, |story, _| drop(story.contract("prp_foreign"))),
        (Kind::EndedElsewhere, |story, ids| {
            let now = story.now.to_string();
            let contract = story.contract_mut(&ids.hired);
            contract["status"] = json!("ended");
            contract["endDate"] = json!(now);
        }),
        (Kind::FundedElsewhere, |story, ids| story.milestone_mut(&ids.plain)["status"] = json!("ACTIVE_FUNDED")),
        (Kind::ReleasedElsewhere, |story, ids| story.milestone_mut(&ids.held)["status"] = json!("PAID")),
        (Kind::AmountDiffers, |story, ids| story.milestone_mut(&ids.plain)["amountUsd"] = json!("70.01")),
        (Kind::AmountDiffers, |story, ids| story.milestone_mut(&ids.declined)["amountUsd"] = json!(1_000)),
        (Kind::VolumeDiffers, |story, ids| {
            let asked = story.ours.writes.iter_mut();
            let mut asked = asked.filter(|write| {
                write.after.as_ref().is_some_and(|after| after.milestone_id.as_deref() == Some(ids.plain.as_str()))
            });
            asked.next().unwrap().before.arguments.insert("volume".into(), json!(5));
            story.milestone_mut(&ids.plain)["volume"] = json!(50);
        }),
        (Kind::OtherContract, |story, ids| moved(story, &ids.plain, &ids.hired)),
        (Kind::AskedTwice, |story, ids| drop(story.creates(&ids.old, "Plain", 70, Outcome::Created))),
        (Kind::RecordedTwice, |story, ids| {
            let before = story.create_line(&Story::terms(&ids.old, "Plain", 70));
            let id = ids.plain.clone();
            story.write(before, Some(Outcome::Created), |after| after.milestone_id = Some(id));
        }),
        (Kind::ConfirmedNotDone, |story, ids| story.milestone_mut(&ids.held)["status"] = json!("NOT_FUNDED")),
        (Kind::ConfirmedNotDone, |story, ids| story.milestone_mut(&ids.paid)["status"] = json!("ACTIVE_FUNDED")),
        (Kind::ConfirmedNotDone, |story, ids| story.contracts.retain(|contract| contract["id"] != ids.hired.as_str())),
        (Kind::ConfirmedTwice, |story, ids| {
            let held = json!({ "milestoneId": ids.held });
            story.asks("request_milestone_funding", &held, Some(100), "apr_second");
            story.decides("apr_second", "confirmed", true);
        }),
        (Kind::DoneWithoutConsent, |story, ids| story.milestone_mut(&ids.declined)["status"] = json!("ACTIVE_FUNDED")),
        (Kind::DecisionDiffers, |story, ids| {
            story.ours.decisions.retain(|line| line.approval_id.as_deref() != Some(ids.funding_of_declined.as_str()));
            story.records_decision(&ids.funding_of_declined, "confirmed");
        }),
        (Kind::TwoDecisions, |story, ids| story.records_decision(&ids.funding_of_declined, "confirmed")),
        (Kind::ApprovalMissing, |story, ids| story.missing.push(ids.funding_of_held.clone())),
        (Kind::UnknownOutcome, |story, ids| {
            let line = story.line("request_milestone_funding", &json!({ "milestoneId": ids.plain }));
            story.write(line, Some(Outcome::Unknown), |_| {});
        }),
        (Kind::UnknownOutcome, |story, _| {
            let line = story.line("send_message", &json!({ "conversationId": "cnv_1" }));
            story.write(line, None, |_| {});
        }),
        (Kind::HalfRecorded, |story, ids| {
            let line = story.create_line(&Story::terms(&ids.old, "Half", 10));
            let after = Line { phase: Phase::After, outcome: Some(Outcome::NotDone), ..line };
            story.ours.writes.push(Recorded { before: after.clone(), after: Some(after) });
        }),
        (Kind::UnreadableLine, |story, _| story.ours.unreadable.push(17)),
    ];
    let mut found = std::collections::BTreeSet::new();
    for (kind, plant) in plants {
        let (mut story, ids) = story();
        plant(&mut story, &ids);
        let report = story.report();
        let kinds: Vec<Kind> = report.differences.iter().map(|difference| difference.kind).collect();
        assert!(!report.fits && kinds.contains(kind), "{kind:?} was not found: {:#?}", report.differences);
        let text = text(&report);
        assert!(text.contains(kind.title()) && text.contains(kind.to_do()), "{text}");
        assert!(csv(&report).contains(kind.title()) && html(&report).contains(kind.title()), "{kind:?}");
        found.insert(*kind);
    }
    assert_eq!(found.len(), 21, "every kind is planted: {found:?}");
}

#[test]
fn a_write_whose_end_shows_is_no_difference() {
    let (mut story, ids) = story();
    let before = story.create_line(&Story::terms(&ids.old, "Killed", 30));
    story.write(before, None, |_| {});
    let landed = story.milestone(&ids.old, "Killed", 30, "NOT_FUNDED");
    let report = story.report();
    assert!(report.fits, "{:#?}", report.differences);
    assert!(report.resolved.iter().any(|how| how.contains(&landed)), "{:?}", report.resolved);
}

#[test]
fn a_page_for_paper_is_whole_and_hides_nothing() {
    let (mut story, ids) = story();
    story.milestone_mut(&ids.plain)["name"] = json!("<script>alert(1)</script>\u{202e}");
    let page = html(&story.report());
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("@media print"), "{page}");
    for other in ["<script", "http:", "src=", "\u{202e}"] {
        assert!(!page.contains(other), "{other}: {page}");
    }
    for width in ["class=\"held\"", "class=\"paid\"", "class=\"unfunded\""] {
        assert!(page.contains(width), "{width}");
    }
}

#[test]
fn without_a_record_everything_is_earlier() {
    let (mut story, _) = story();
    story.ours = crate::reconcile::Ours::default();
    let report = story.report();
    assert!(report.fits && report.trails.iter().all(|trail| trail.is_earlier), "{:#?}", report.differences);
}
