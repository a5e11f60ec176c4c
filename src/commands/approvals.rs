//! `opentrain-mcp approvals`

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;

use crate::answer::text::{count, moment_of};
use crate::answer::{id, quoted, shown};
use crate::api::amount;
use crate::api::approvals::Looked;
use crate::config::Config;
use crate::tools::nouns::approval::OpenApproval;

use super::ask::Asker;
use super::terminal::{HEADING, styled};
use super::{Fault, print, print_whole};

/// Prints the requests on record that still wait for a person. Exit status 1 when one could not be looked up.
pub(super) async fn run(config: &Config, as_json: bool) -> Result<ExitCode, Fault> {
    let (recorded, context) = Asker::new(config)?.approvals().await.ok_or("no tool reads approvals")?;
    if let Some(why) = recorded.unknown {
        return Err(format!("it is not known which approvals are open: {why}").into());
    }
    let (mut open, mut unread) = (Vec::new(), Vec::new());
    // The oldest expires first.
    for one in recorded.looked_up.iter().rev().filter(|one| one.is_open()) {
        match &one.state {
            Looked::Found(approval) => {
                open.push((approval, one, OpenApproval::of(approval, &one.line, one.now, &context).await));
            }
            Looked::Unread(why) => unread.push((one.id(), why)),
            Looked::Missing => {}
        }
    }
    if as_json {
        let listed = open.iter().map(|(approval, one, about)| {
            json!({
                "approvalId": approval.id.text(), "type": approval.kind.text(), "approvalUrl": approval.approval_url.text(),
                "expiresAt": approval.expires_at.text(), "contractId": approval.contract_id.text(),
                "milestoneId": approval.milestone_id.text(), "proposalId": approval.proposal_id.text(),
                "amountUsd": amount::json(about.amount), "trainer": about.trainer, "askedAt": one.line.at,
                "askedBy": one.line.client, "what": about.what
            })
        });
        let unread: Vec<_> = unread.iter().map(|(id, why)| json!({ "approvalId": id, "why": why })).collect();
        print_whole(&serde_json::to_string_pretty(&json!({ "open": listed.collect::<Vec<_>>(), "unread": unread }))?)?;
    } else {
        let wait = if open.len() == 1 { "request waits" } else { "requests wait" };
        let heading = if open.is_empty() {
            "Nothing on record waits for a person.".into()
        } else {
            shown!("{} {} for a person:", open.len(), wait)
        };
        print(styled(HEADING, heading))?;
        for (_, one, about) in &open {
            let at = one.line.at.parse::<Timestamp>().map_or_else(|_| id(&one.line.at), moment_of);
            let by = one.line.client.as_deref().map(|client| shown!(" by {}", id(client)));
            let page = about.link.as_ref().map_or_else(
                || "OpenTrain gave no link; it is in the app, under approvals.".into(),
                |link| shown!("{}", link.page),
            );
            print(shown!("\n{}: {}", id(one.id()), about.what))?;
            print(shown!("Asked {}{}. {}", at, by, about.expires).without_end(' '))?;
            print(&page)?;
        }
        if !unread.is_empty() {
            print(shown!("\n{} could not be looked up:", count(unread.len(), "request")))?;
        }
        unread.iter().try_for_each(|(name, why)| print(shown!("- {}: {}", id(name), quoted(why))))?;
    }
    Ok(if unread.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
