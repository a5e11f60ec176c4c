//! `opentrain-mcp audit [FILE]`

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::answer::Outcome;
use crate::answer::text::{count, usd};
use crate::answer::visible::visible;
use crate::config::Config;
use crate::guard::ledger::{Record, Recorded};

use super::{Fault, ledger, print};

/// Prints a record for a human reader, beginning with writes that have no known outcome. The default file is the record
/// of servers with these settings.
pub(super) async fn run(config: &Config, file: Option<&Path>) -> Result<ExitCode, Fault> {
    let place = &config.record;
    let Some(path) = file.or(place.path()) else {
        if config.ledger.is_some() {
            let record = ledger::of(config)?.record().await?;
            return show(&record, &[]);
        }
        return Err("no writes are recorded here; `opentrain-mcp audit FILE` prints a file".into());
    };
    let text = match std::fs::read(path) {
        Err(fault) if fault.kind() == ErrorKind::NotFound && file.is_none() => {
            print(&format!("No write is on record yet: there is no {}", path.display()))?;
            return Ok(ExitCode::SUCCESS);
        }
        text => text.map_err(|fault| format!("{}: {fault}", path.display()))?,
    };
    show(&Record::of(&text), &older(path))
}

/// Prints a record, and where the earlier writes are.
fn show(record: &Record, older: &[PathBuf]) -> Result<ExitCode, Fault> {
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
    for older in older {
        print(&format!("note: earlier writes are in {}", older.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The earlier files of the record, oldest first.
fn older(path: &Path) -> Vec<PathBuf> {
    let names = |path: &Path| Some(format!("{}.2", path.file_name()?.to_str()?));
    let (Some(begins), Some(folder)) = (names(path), path.parent()) else { return Vec::new() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut older: Vec<PathBuf> = entries
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&begins)))
        .collect();
    older.sort();
    older
}

fn line(write: &Recorded) -> String {
    let before = &write.before;
    let after = write.after.as_ref();
    let mut parts = vec![before.at.clone(), before.tool.clone()];
    parts.push(after.and_then(|after| after.outcome).map_or_else(|| "NO OUTCOME".into(), Outcome::name));
    parts.extend(before.amount_usd.map(|amount| usd(amount).to_string()));
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
