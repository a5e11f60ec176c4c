//! `opentrain-mcp approvals`

use std::process::ExitCode;

use serde_json::json;

use crate::answer::shown;
use crate::answer::text::count;
use crate::api::approvals::PENDING;
use crate::config::Config;
use crate::guard::ledger::Account;
use crate::reconcile::Looked;

use super::ask::Asker;
use super::terminal::{HEADING, styled};
use super::{Fault, print, print_whole};

/// Prints the requests on record that still wait for a person. Exit status 1 when one could not be looked up.
pub(super) async fn run(config: &Config, as_json: bool) -> Result<ExitCode, Fault> {
    let asker = Asker::new(config)?;
    let (base, principal) = asker.account().await;
    let account = Account { base: base.ok_or("the base of the API is not known")?, principal };
    let requests = super::ledger::of(config)?.open_approvals(account).await?;
    let (mut open, mut unread) = (Vec::new(), Vec::new());
    for line in requests {
        let Some(id) = line.approval_id else { continue };
        match asker.approval(&id).await {
            (Looked::Found(approval), text) if approval.status.text() == Some(PENDING) => open.push((approval, text)),
            // Decided meanwhile, or of another account: nobody is waited for.
            (Looked::Found(_) | Looked::Missing, _) => {}
            (Looked::Unread(why), _) => unread.push((id, why)),
        }
    }
    if as_json {
        let listed = open.iter().map(|(approval, text)| {
            json!({
                "approvalId": approval.id.text(), "type": approval.kind.text(), "approvalUrl": approval.approval_url.text(),
                "expiresAt": approval.expires_at.text(), "contractId": approval.contract_id.text(),
                "milestoneId": approval.milestone_id.text(), "proposalId": approval.proposal_id.text(), "text": text
            })
        });
        let unread: Vec<_> = unread.iter().map(|(id, why)| json!({ "approvalId": id, "why": why })).collect();
        print_whole(&serde_json::to_string_pretty(&json!({ "open": listed.collect::<Vec<_>>(), "unread": unread }))?)?;
    } else {
        let wait = if open.len() == 1 { "request waits" } else { "requests wait" };
        let heading = if open.is_empty() {
            "Nothing on record waits for a person.".to_owned()
        } else {
            format!("{} {wait} for a person:", open.len())
        };
        print(&styled(HEADING, &heading))?;
        open.iter().try_for_each(|(_, text)| print(&shown!("\n{}", text)))?;
        if !unread.is_empty() {
            print(&shown!("\n{} could not be looked up:", count(unread.len(), "request")))?;
        }
        unread.iter().try_for_each(|(id, why)| print(&shown!("- {}: {}", shown::id(id), why)))?;
    }
    Ok(if unread.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
