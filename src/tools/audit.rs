//! The record of every write: one JSON line before it leaves and one after, in a file that several processes may share.
//!
//! Each line is whole, and on the disk before the request leaves. What was committed today is counted from this file, so
//! the count outlives a restart and holds across all processes that share it. The format is [`Line`], version 1; fields
//! may be added, and none changes its meaning.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::error::Error;
use crate::files;

use super::answer::Outcome;
use super::context::Context;
use super::failure::Denial;
use super::policy::Policy;
use super::schema::Object;

/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a process that stops may wait for the file: it has said that it ends at once.
const LAST_PATIENCE: Duration = Duration::from_millis(100);

/// One line of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Line {
    /// The version of the format: 1.
    pub v: u8,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Ties the two lines of a write.
    pub id: String,
    /// On which side of the request it was written.
    pub phase: Phase,
    /// The tool.
    pub tool: String,
    /// Its arguments, as the API gets them.
    pub arguments: Object,
    /// The origin of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whose token it was: its public id, or the first eight hex digits of its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Whether the API was a sandbox, where nothing is real.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
    /// Who the client says it is; not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// What it commits, in USD before fees, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_usd: Option<Decimal>,
    /// The milestone it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone_id: Option<String>,
    /// The approval that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    /// Only after: `created`, `recovered`, `existing`, `pending_approval`, `done`, `not_done` or `unknown`. A milestone that
    /// existed already has no line at all: it is found before anything begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The API's code, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The API's request id, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// On which side of the request a line was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Before it left.
    Before,
    /// When it had ended, in whatever way.
    After,
    /// A word that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Line {
    /// What its money is counted under: a milestone is paid once, and a candidate hired once, however often it is asked
    /// for; anything else counts for itself.
    fn counted_as(&self) -> String {
        let hired = || Some(format!("proposal {}", self.arguments.get("proposalId")?.as_str()?));
        self.milestone_id.clone().or_else(hired).unwrap_or_else(|| self.id.clone())
    }

    /// Whether it is, or may be, of the account that `base` and `principal` name: earlier versions named none.
    fn may_be_of(&self, base: &str, principal: Option<&str>) -> bool {
        self.base.as_deref().is_none_or(|own| own == base && self.principal.as_deref() == principal)
    }
}

/// The money that a write commits.
#[derive(Clone, Debug, Default)]
pub struct Figure {
    /// USD before fees, where it can be told.
    pub amount: Option<Decimal>,
    /// The milestone, where it exists already: it counts once.
    pub milestone_id: Option<String>,
}

/// How a write ended.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    outcome: String,
    milestone_id: Option<String>,
    approval_id: Option<String>,
    code: Option<String>,
    request_id: Option<String>,
}

impl Settled {
    /// It came to this.
    #[must_use]
    pub fn with(outcome: Outcome) -> Self {
        Self { outcome: outcome.name(), ..Self::default() }
    }

    /// With the milestone that it is about.
    #[must_use]
    pub fn milestone(self, id: Option<&str>) -> Self {
        Self { milestone_id: id.map(str::to_owned), ..self }
    }

    /// With the approval that was asked for.
    #[must_use]
    pub fn approval(self, id: Option<&str>) -> Self {
        Self { approval_id: id.map(str::to_owned), ..self }
    }

    /// It failed: surely not done, or unknown.
    #[must_use]
    pub fn failed(fault: &Error) -> Self {
        let outcome = if fault.may_have_happened() { "unknown" } else { "not_done" };
        let refusal = if let Error::Refused(refusal) = fault { Some(refusal) } else { None };
        Self {
            outcome: outcome.into(),
            code: refusal.and_then(|refusal| refusal.code.clone()),
            request_id: refusal.and_then(|refusal| refusal.request_id.clone()),
            ..Self::default()
        }
    }
}

/// The file, and what this process has begun in it.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    /// An "after" line could not be written: what is missing there must not grow.
    broken: AtomicBool,
    open: Mutex<BTreeMap<String, Line>>,
}

/// A write that has begun.
#[must_use = "a write that has begun has to be ended on the record"]
pub struct Writing(Option<(Arc<AuditLog>, Line)>);

impl AuditLog {
    /// The record at `path`, made with mode 0600 where there is none.
    ///
    /// # Errors
    /// When it cannot be written: better told at start than at the first write.
    pub fn open(path: PathBuf) -> io::Result<Self> {
        drop(open(&path)?);
        Ok(Self { path, broken: AtomicBool::new(false), open: Mutex::default() })
    }

    /// Puts the "before" line on the disk, if the day's limit lets it.
    pub(super) async fn begin(
        self: &Arc<Self>,
        context: &Context,
        figure: Option<Figure>,
        policy: &Policy,
    ) -> Result<Writing, Denial> {
        if self.broken.load(Ordering::Acquire) {
            return Err(Denial::unrecorded("an earlier line could not be written"));
        }
        let line = before(context, figure).await?;
        let (log, policy, its_line) = (Arc::clone(self), policy.clone(), line.clone());
        let begun = tokio::task::spawn_blocking(move || {
            let mut file = open(&log.path)?;
            files::lock(&file, PATIENCE)?;
            if policy.max_day.is_some()
                && let Err(denial) = within_the_day(&mut file, &its_line, &policy)?
            {
                return Ok(Err(denial));
            }
            append(&mut file, &json!(its_line).to_string()).map(Ok)
        });
        begun.await.map_err(Denial::unrecorded)?.map_err(Denial::unrecorded)??;
        if let Ok(mut open) = self.open.lock() {
            open.insert(line.id.clone(), line.clone());
        }
        Ok(Writing(Some((Arc::clone(self), line))))
    }

    /// The first lines of the writes of `tool` for this account whose end is not known: without a second line, or
    /// `unknown`. Any process that shares the file may have begun them, and one that still runs may end them yet.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn open_writes(
        &self,
        tool: &str,
        base: &str,
        principal: Option<&str>,
        matching: impl Fn(&Object) -> bool,
    ) -> io::Result<Vec<Line>> {
        let text = std::fs::read(&self.path)?;
        let writes = Record::of(&String::from_utf8_lossy(&text)).writes.into_iter().filter(Recorded::is_open);
        let lines = writes.map(|write| write.before);
        Ok(lines
            .filter(|line| line.tool == tool && line.may_be_of(base, principal) && matching(&line.arguments))
            .collect())
    }

    fn end(&self, line: &Line, patience: Duration) -> io::Result<()> {
        if let Ok(mut open) = self.open.lock() {
            open.remove(&line.id);
        }
        let written = open(&self.path).and_then(|mut file| {
            files::lock(&file, patience)?;
            append(&mut file, &json!(line).to_string())
        });
        if written.is_err() {
            self.broken.store(true, Ordering::Release);
        }
        written
    }

    /// Ends all that is still under way as `unknown`: this process stops.
    pub fn close(&self) {
        let open: Vec<Line> = self.open.lock().map(|open| open.values().cloned().collect()).unwrap_or_default();
        let until = Instant::now() + LAST_PATIENCE;
        for line in open {
            let patience = until.saturating_duration_since(Instant::now());
            let line = after(line, Settled { outcome: "unknown".into(), ..Settled::default() });
            if let Err(fault) = self.end(&line, patience) {
                tracing::error!(%fault, "the audit log could not be written");
            }
        }
    }
}

impl Writing {
    /// A write where no record is kept.
    pub(super) const fn unrecorded() -> Self {
        Self(None)
    }

    /// Puts the "after" line on the disk. What comes back is a warning for the caller, if that failed.
    pub async fn end(self, settled: Settled) -> Option<String> {
        let (log, line) = self.0?;
        let line = after(line, settled);
        let written = tokio::task::spawn_blocking(move || log.end(&line, PATIENCE)).await;
        let fault = match written {
            Ok(Ok(())) => return None,
            Ok(Err(fault)) => fault.to_string(),
            Err(fault) => fault.to_string(),
        };
        Some(format!(
            "WARNING: its record could not be written ({fault}); further writes are refused until the operator has looked."
        ))
    }
}

async fn before(context: &Context, figure: Option<Figure>) -> Result<Line, Denial> {
    let figure = figure.unwrap_or_default();
    Ok(Line {
        v: 1,
        at: Timestamp::now().to_string(),
        id: unique_id().map_err(Denial::unrecorded)?,
        phase: Phase::Before,
        tool: context.entry.name.into(),
        arguments: context.masked_arguments(),
        base: context.base().await,
        principal: context.principal(),
        sandbox: context.toolbox.sandbox,
        client: context.call.client.clone(),
        amount_usd: figure.amount,
        milestone_id: figure.milestone_id,
        ..Line::default()
    })
}

fn after(line: Line, settled: Settled) -> Line {
    Line {
        at: Timestamp::now().to_string(),
        phase: Phase::After,
        milestone_id: settled.milestone_id.or(line.milestone_id),
        approval_id: settled.approval_id,
        outcome: Some(settled.outcome),
        code: settled.code,
        request_id: settled.request_id,
        ..line
    }
}

/// A name that no other process gives.
fn unique_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:016x}", u64::from_be_bytes(bytes)))
}

fn open(path: &Path) -> io::Result<File> {
    files::private_log().read(true).open(path)
}

/// Appends a whole line; what power loss left of an earlier one stays a line of its own.
fn append(file: &mut File, text: &str) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            bytes.push(b'\n');
        }
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(b'\n');
    file.write_all(&bytes)?;
    file.sync_data()
}

fn within_the_day(file: &mut File, line: &Line, policy: &Policy) -> io::Result<Result<(), Denial>> {
    let Some(amount) = line.amount_usd else { return Ok(Ok(())) };
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_string(&mut text)?;
    let day = line.at.get(..10).unwrap_or_default();
    let mut committed = committed(&Record::of(&text).writes, day);
    let before = committed.values().sum();
    let figure = committed.entry(line.counted_as()).or_default();
    *figure = (*figure).max(amount);
    Ok(policy.check_day(before, committed.values().sum()))
}

/// What was committed on `day`, by what it was for: each once, at its largest figure. What has no "after" line counts.
fn committed(writes: &[Recorded], day: &str) -> BTreeMap<String, Decimal> {
    let mut sums = BTreeMap::new();
    for write in writes.iter().filter(|write| write.before.at.starts_with(day) && !write.came_to_nothing()) {
        let Some(amount) = write.before.amount_usd else { continue };
        let figure: &mut Decimal = sums.entry(write.after.as_ref().unwrap_or(&write.before).counted_as()).or_default();
        *figure = (*figure).max(amount);
    }
    sums
}

/// A write on the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its first line.
    pub before: Line,
    /// Its second, if there is one.
    pub after: Option<Line>,
}

impl Recorded {
    fn came_to_nothing(&self) -> bool {
        let outcome = self.after.as_ref().and_then(|after| after.outcome.as_deref());
        matches!(outcome, Some("not_done" | "existing"))
    }

    /// Whether it is known how it ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let outcome = self.after.as_ref().and_then(|after| after.outcome.as_deref());
        matches!(outcome, None | Some("unknown"))
    }
}

/// A whole record, read.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The writes in the order in which they began.
    pub writes: Vec<Recorded>,
    /// The numbers of lines that cannot be read: torn by power loss, or not ours.
    pub unreadable: Vec<usize>,
}

impl Record {
    /// Reads the text of a log.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut record = Self::default();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (number, text) in text.lines().enumerate().filter(|(_, text)| !text.is_empty()) {
            match serde_json::from_str::<Line>(text) {
                Ok(line) if line.phase == Phase::Before => {
                    places.insert(line.id.clone(), record.writes.len());
                    record.writes.push(Recorded { before: line, after: None });
                }
                Ok(line) if line.phase == Phase::After => {
                    let write = places.get(&line.id).and_then(|place| record.writes.get_mut(*place));
                    match write {
                        Some(write) => write.after = Some(line),
                        None => record.unreadable.push(number + 1),
                    }
                }
                _ => record.unreadable.push(number + 1),
            }
        }
        record
    }
}

#[cfg(test)]
mod tests;
