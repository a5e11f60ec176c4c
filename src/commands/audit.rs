//! `opentrain-mcp audit FILE`

use std::path::Path;
use std::process::ExitCode;

use crate::tools::audit::{Record, Recorded};
use crate::tools::text::{count, usd, visible};

use super::{Fault, print};

/// Prints a record for a person: what has no known outcome first.
pub(super) fn run(file: &Path) -> Result<ExitCode, Fault> {
    let text = std::fs::read(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    let record = Record::of(&text);
    let (open, settled): (Vec<_>, Vec<_>) = record.writes.iter().partition(|write| write.is_open());
    if !open.is_empty() {
        print(&format!(
            "{} with no known outcome: look at the contract before anything is repeated",
            count(open.len(), "write")
        ))?;
        open.iter().try_for_each(|write| print(&line(write)))?;
        print("")?;
    }
    print(&format!("{} with a known outcome", count(settled.len(), "write")))?;
    settled.iter().try_for_each(|write| print(&line(write)))?;
    for number in &record.unreadable {
        print(&format!(
            "note: line {number} cannot be read (torn when the machine stopped, or not ours); it is left as it is"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(write: &Recorded) -> String {
    let before = &write.before;
    let after = write.after.as_ref();
    let mut parts = vec![before.at.clone(), before.tool.clone()];
    parts.push(after.and_then(|after| after.outcome.clone()).unwrap_or_else(|| "NO OUTCOME".into()));
    parts.extend(before.amount_usd.map(usd));
    let ids = [
        ("milestone", after.and_then(|after| after.milestone_id.clone()).or_else(|| before.milestone_id.clone())),
        ("approval", after.and_then(|after| after.approval_id.clone())),
        ("code", after.and_then(|after| after.code.clone())),
        ("request", after.and_then(|after| after.request_id.clone())),
        ("by", before.client.clone()),
    ];
    parts.extend(ids.into_iter().filter_map(|(what, id)| Some(format!("{what} {}", id?))));
    format!(
        "{}\n    {}",
        visible(&parts.join(" · ")),
        visible(&serde_json::Value::Object(before.arguments.clone()).to_string())
    )
}
