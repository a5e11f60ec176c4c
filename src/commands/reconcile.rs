//! `opentrain-mcp reconcile`

use std::io::ErrorKind;
use std::process::ExitCode;

use futures::StreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::answer::shown;
use crate::cli::Reconcile;
use crate::config::Config;
use crate::guard::ledger::Record;
use crate::reconcile::{Ours, Report, Scope, Theirs, approvals_to_look_up, csv, html, reconcile, text};

use super::ask::Asker;
use super::audit::older;
use super::terminal::path_of;
use super::{Fault, ledger, print, print_whole};

/// The most approvals that are looked up, the newest first, and how many at once.
const MOST_APPROVALS: usize = 500;
const AT_ONCE: usize = 4;

/// Compares the record with OpenTrain. Exit status 1 when something does not fit.
pub(super) async fn run(config: &Config, options: &Reconcile) -> Result<ExitCode, Fault> {
    let since = options.since.as_deref().map(moment).transpose()?;
    let ours = ours(config).await?;
    let asker = Asker::new(config)?;
    let contracts = asker.contracts().await.map_err(|why| format!("the contracts could not be read. {why}"))?;
    let (base, principal) = asker.account().await;
    let scope = Scope { base: base.ok_or("the base of the API is not known")?, principal, since };
    let mut ids = approvals_to_look_up(&ours, &scope);
    let left_out = ids.len().saturating_sub(MOST_APPROVALS);
    ids.truncate(MOST_APPROVALS);
    let asker = &asker;
    let looking = futures::stream::iter(ids).map(|id| async move {
        let looked = asker.approval(&id).await;
        (id, looked)
    });
    let approvals = looking.buffer_unordered(AT_ONCE).collect().await;
    let mut report = reconcile(&ours, &Theirs { contracts, approvals }, &scope);
    if left_out > 0 {
        report.notes.push(shown!("{} older approvals were not looked up.", left_out));
    }
    if config.flags.sandbox {
        let note = "The sandbox has a clock of its own, so what others did there cannot be told from what is earlier.";
        report.notes.push(note.into());
    }
    show(&report, options)?;
    Ok(if report.fits { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(report: &Report, options: &Reconcile) -> Result<(), Fault> {
    if options.json {
        return print_whole(&serde_json::to_string_pretty(report)?);
    }
    if options.csv {
        return print_whole(csv(report).trim_end());
    }
    if let Some(path) = &options.html {
        std::fs::write(path, html(report)).map_err(|fault| format!("{}: {fault}", path.display()))?;
        print(text(report).each_line().next())?;
        return print(shown!("Written: {}", path_of(path)));
    }
    print(text(report))
}

/// The whole record, older files first.
async fn ours(config: &Config) -> Result<Ours, Fault> {
    let Some(path) = config.record.path() else {
        if config.ledger.is_none() {
            return Err("no writes are recorded here, so there is nothing to compare".into());
        }
        let Record { writes, decisions, unreadable, .. } = ledger::of(config)?.record(None).await?;
        return Ok(Ours { writes, decisions, unreadable });
    };
    let mut record = Record::default();
    for file in older(path) {
        record.add(&file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    }
    match record.add(path) {
        Err(fault) if fault.kind() == ErrorKind::NotFound => {}
        added => added.map_err(|fault| format!("{}: {fault}", path.display()))?,
    }
    let Record { writes, decisions, unreadable, .. } = record;
    Ok(Ours { writes, decisions, unreadable })
}

/// A day (its beginning, UTC) or a moment.
fn moment(text: &str) -> Result<Timestamp, String> {
    let of_day = || {
        let day: Date = text.parse().ok()?;
        Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let wrong =
        || format!("--since must be a day or a moment, such as 2026-06-01 or 2026-06-01T12:00:00Z, not \"{text}\"");
    text.parse().ok().or_else(of_day).ok_or_else(wrong)
}
