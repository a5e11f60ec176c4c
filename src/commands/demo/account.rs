//! The last scene: what the contract holds, and the record compared with OpenTrain.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::answer::shown;
use crate::api::approvals::Looked;
use crate::api::types::from_value;
use crate::guard::ledger::Record;
use crate::reconcile::{Ours, Scope, Theirs, approvals_to_look_up, reconcile, text};
use crate::sandbox::default_token;

use super::super::Fault;
use super::stage::{FinalContract, Stage};
use super::{CONTRACT, House};

/// Counts what was made in the contract, and compares the record with OpenTrain.
pub(super) async fn compare(stage: &mut Stage, house: &House) -> Result<(), Fault> {
    stage.scene("WHAT IS SO NOW");
    let listed = stage.agent.call("list_contracts", [("limit".to_owned(), json!(100))].into_iter().collect()).await?;
    let contracts = listed.structured.get("contracts").and_then(Value::as_array).cloned().unwrap_or_default();
    let contract = contracts.iter().find(|contract| contract.get("id").is_some_and(|id| id == CONTRACT));
    let is_sound = contract.is_some_and(|contract| counted(stage, contract));
    let Record { writes, decisions, unreadable, .. } = house.ledger()?.record(None).await?;
    let ours = Ours { writes, decisions, unreadable };
    let base = house.sandbox.origin().origin().ascii_serialization();
    let scope = Scope { base, principal: Some(default_token().principal()), since: None };
    let mut approvals = BTreeMap::new();
    for id in approvals_to_look_up(&ours, &scope) {
        let arguments = [("approvalId".to_owned(), json!(id))].into_iter().collect();
        let looked = stage.agent.call("get_approval", arguments).await?;
        let approval = looked.structured.get("approval").map(|approval| Looked::Found(Box::new(from_value(approval))));
        approvals.insert(id, approval.unwrap_or(Looked::Missing));
    }
    let report = reconcile(&ours, &Theirs { contracts: contracts.iter().map(from_value).collect(), approvals }, &scope);
    let verdict = text(&report).each_line().next();
    stage.operator(is_sound && report.fits, &shown!("opentrain-mcp reconcile: {}", verdict));
    Ok(())
}

/// Counts the milestones that the demo made. True if each is there once.
fn counted(stage: &mut Stage, contract: &Value) -> bool {
    let listed: Vec<&Value> = contract.get("milestones").and_then(Value::as_array).into_iter().flatten().collect();
    let has = |milestone: &Value, field: &str, value: &str| milestone.get(field).is_some_and(|found| found == value);
    let named = |wanted: &str| listed.iter().filter(|listed| has(listed, "name", wanted)).copied().collect::<Vec<_>>();
    let made = [named("Second labeling batch"), named("Third labeling batch")];
    let funded = made.iter().flatten().filter(|made| !has(made, "status", "NOT_FUNDED"));
    stage.made(FinalContract {
        created: made.iter().map(Vec::len).sum(),
        doubled: made.iter().map(|same| same.len().saturating_sub(1)).sum(),
        funded: funded.filter_map(|made| Decimal::from_str_exact(&made.get("amountUsd")?.to_string()).ok()).sum(),
    });
    made.iter().all(|same| same.len() == 1) && named("Everything at once").is_empty()
}
