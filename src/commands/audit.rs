//! `opentrain-mcp audit [FILE]`

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::answer::text::{count, total, usd};
use crate::answer::{Joined, Page, Shown, figure, id, quoted, quoted_to, shown};
use crate::api::contracts::Contract;
use crate::api::token::TokenSource;
use crate::config::Config;
use crate::guard::ledger::{Line, Record, Recorded, committed};

use super::ask::Asker;
use super::{Fault, ledger, print};

/// The longest wait for the names of trainers and contracts.
const NAMES_WITHIN: Duration = Duration::from_secs(8);

/// The names of trainers and contracts, by the ids of contracts and milestones.
type Names = BTreeMap<String, Shown>;

/// The most characters of the arguments of a write.
const ARGUMENTS: usize = 4_000;
/// The most characters of a path.
const PATH: usize = 400;

/// An account of the record: real ones first, then by base and owner.
type Owner = (bool, String, String);

/// Prints a record for a human reader: what is real first, writes without a known outcome first of all, then day by day.
/// The default file is the record of servers with these settings. Exit status 1 when an outcome is unknown.
pub(super) async fn run(config: &Config, file: Option<&Path>) -> Result<ExitCode, Fault> {
    let place = &config.record;
    let Some(path) = file.or(place.path()) else {
        if config.ledger.is_some() {
            let record = ledger::of(config)?.record(None).await?;
            return show(config, &record, &[]).await;
        }
        return Err("no writes are recorded here; `opentrain-mcp audit FILE` prints a file".into());
    };
    let mut record = Record::default();
    match record.add(path) {
        Err(fault) if fault.kind() == ErrorKind::NotFound && file.is_none() => {
            print(&shown!("No write is on record yet: there is no {}", path_of(path)))?;
            return Ok(ExitCode::SUCCESS);
        }
        added => added.map_err(|fault| format!("{}: {fault}", path.display()))?,
    }
    show(config, &record, &older(path)).await
}

/// Prints a record, and where the earlier writes are.
async fn show(config: &Config, record: &Record, older: &[PathBuf]) -> Result<ExitCode, Fault> {
    let (open, settled): (Vec<_>, Vec<_>) = record.writes.iter().partition(|write| write.is_open());
    let (names, note) = if record.writes.is_empty() { Default::default() } else { names(config).await };
    if !open.is_empty() {
        print(&shown!(
            "{} with no known outcome: look at the contract before anything is repeated",
            count(open.len(), "write")
        ))?;
        sorted(&open).into_iter().try_for_each(|write| print(&line(write, &names)))?;
        print("")?;
    }
    print(&shown!("{} with a known outcome", count(settled.len(), "write")))?;
    for (owner, days) in by_owner_and_day(&settled, record) {
        print(&shown!("\n{}", heading(&owner)))?;
        for (day, entries) in days {
            print(&shown!("{}: {}", id(&day), sum(&entries)))?;
            entries.iter().try_for_each(|entry| print(&entry.describe(&names)))?;
        }
    }
    for number in &record.unreadable {
        print(&shown!(
            "note: line {} cannot be read (torn when the machine stopped, or not ours); it is left as it is",
            *number
        ))?;
    }
    if let Some(note) = note {
        print(&shown!("note: {}", note))?;
    }
    for older in older {
        print(&shown!("note: earlier writes are in {}", path_of(older)))?;
    }
    Ok(if open.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the names from OpenTrain, if a token is there. A record is also read far from the account.
async fn names(config: &Config) -> (Names, Option<Shown>) {
    if config.flags.sandbox || config.credentials.current().is_none() {
        return (Names::new(), None);
    }
    let reading = async {
        let asker = Asker::new(config).map_err(|fault| quoted(&fault.to_string()))?;
        asker.contracts().await
    };
    match tokio::time::timeout(NAMES_WITHIN, reading).await {
        Ok(Ok(contracts)) => (contracts.iter().flat_map(named).collect(), None),
        Ok(Err(why)) => (Names::new(), Some(shown!("names of trainers and contracts could not be read. {}", why))),
        Err(_) => (Names::new(), Some("names of trainers and contracts could not be read in time".into())),
    }
}

/// The ids of a contract and of its milestones, each with the names of trainer and contract.
fn named(contract: &Contract) -> Vec<(String, Shown)> {
    let trainer = contract.freelancer.get().and_then(|trainer| trainer.display_name.text()).map(quoted);
    let title = contract.title.text().map(quoted);
    let name = trainer.into_iter().chain(title).joined(", ");
    let milestones = contract.milestones.items().iter().filter_map(|milestone| milestone.id.text());
    let ids = contract.id.text().into_iter().chain(milestones);
    ids.map(|id| (id.to_owned(), name.clone())).collect()
}

fn path_of(path: &Path) -> Shown {
    quoted_to(&path.display().to_string(), PATH)
}

/// The earlier files of the record, oldest first.
pub(super) fn older(path: &Path) -> Vec<PathBuf> {
    let names = |path: &Path| Some(format!("{}.2", path.file_name()?.to_str()?));
    let (Some(begins), Some(folder)) = (names(path), path.parent()) else { return Vec::new() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut older: Vec<PathBuf> = entries
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&begins)))
        .collect();
    older.sort();
    older
}

/// What is real first; the order of the record otherwise.
fn sorted<'a>(writes: &[&'a Recorded]) -> Vec<&'a Recorded> {
    let mut writes = writes.to_vec();
    writes.sort_by_key(|write| write.before.sandbox);
    writes
}

/// An entry of a day.
enum Entry<'a> {
    Write(&'a Recorded),
    Decision(&'a Line),
    Refusal(&'a Line),
}

impl Entry<'_> {
    const fn first(&self) -> &Line {
        match self {
            Self::Write(write) => &write.before,
            Self::Decision(line) | Self::Refusal(line) => line,
        }
    }

    fn describe(&self, names: &Names) -> Shown {
        match self {
            Self::Write(write) => line(write, names),
            Self::Decision(decision) => {
                let what = decision.decision.as_deref().unwrap_or("decided");
                let ids =
                    [("approval", decision.approval_id.as_deref()), ("milestone", decision.milestone_id.as_deref())];
                facts(decision, &[shown!("a person's decision became known: {}", id(what))], &ids, None, names)
            }
            Self::Refusal(refusal) => {
                let reason = refusal.reason.as_deref().unwrap_or("a rule");
                let reason = shown!("REFUSED by the operator's rule {}, nothing was sent", id(reason));
                let what = [id(&refusal.tool), reason];
                shown!("{}\n    {}", facts(refusal, &what, &[], None, names), arguments(refusal))
            }
        }
    }
}

fn by_owner_and_day<'a>(
    settled: &[&'a Recorded],
    record: &'a Record,
) -> BTreeMap<Owner, BTreeMap<String, Vec<Entry<'a>>>> {
    let mut accounts: BTreeMap<Owner, BTreeMap<String, Vec<Entry<'a>>>> = BTreeMap::new();
    let writes = settled.iter().map(|write| Entry::Write(write));
    let entries =
        writes.chain(record.decisions.iter().map(Entry::Decision)).chain(record.refusals.iter().map(Entry::Refusal));
    for entry in entries {
        let line = entry.first();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let owner = (line.sandbox, text(&line.base), text(&line.principal));
        let day = line.at.get(..10).unwrap_or("at an unknown time").to_owned();
        accounts.entry(owner).or_default().entry(day).or_default().push(entry);
    }
    for entries in accounts.values_mut().flat_map(BTreeMap::values_mut) {
        entries.sort_by(|one, other| one.first().at.cmp(&other.first().at));
    }
    accounts
}

fn heading((sandbox, base, principal): &Owner) -> Shown {
    let kind = if *sandbox { "Sandbox, nothing real" } else { "Real" };
    let base = if base.is_empty() { "no base on record".into() } else { base_of(base) };
    let principal = if principal.is_empty() { "without a token".into() } else { shown!("key {}", id(principal)) };
    shown!("{}: {}, {}", kind, base, principal)
}

/// The base of the API, as an address where it is one.
fn base_of(base: &str) -> Shown {
    Page::parse(base).map_or_else(|| quoted(base), |page| shown!("{}", page).without_end('/'))
}

/// The arguments of a write. A person or a model wrote them, and perhaps a stranger through the model.
fn arguments(line: &Line) -> Shown {
    quoted_to(&serde_json::Value::Object(line.arguments.clone()).to_string(), ARGUMENTS)
}

/// The sum of a day, as the day's limit counts it: each milestone and each hire once, at its largest amount.
fn sum(entries: &[Entry<'_>]) -> Shown {
    let writes =
        || entries.iter().filter_map(|entry| if let Entry::Write(write) = entry { Some(*write) } else { None });
    let sum = match committed(writes()) {
        Some(sum) if sum.is_zero() => "nothing committed".into(),
        sum => shown!("{} committed before fees", total(sum)),
    };
    shown!("{}, {}", count(writes().count(), "write"), sum)
}

fn line(write: &Recorded, names: &Names) -> Shown {
    let before = &write.before;
    let after = write.after.as_ref();
    let outcome = after.and_then(|after| after.outcome);
    let outcome = outcome.map_or_else(|| "NO OUTCOME".into(), |outcome| id(&outcome.name()));
    let mut what = vec![id(&before.tool), outcome];
    what.extend(before.amount_usd.map(usd));
    let milestone = after.and_then(|after| after.milestone_id.as_deref()).or(before.milestone_id.as_deref());
    let ids = [
        ("milestone", milestone),
        ("approval", after.and_then(|after| after.approval_id.as_deref())),
        ("code", after.and_then(|after| after.code.as_deref())),
        ("request", after.and_then(|after| after.request_id.as_deref())),
        ("by", before.client.as_deref()),
    ];
    let trainer = after.and_then(|after| after.trainer.as_deref());
    shown!("{}\n    {}", facts(before, &what, &ids, trainer, names), arguments(before))
}

/// `2026-06-12 10:00:00 UTC · create_milestone · created · $300 · for Maria G., «Sentiment» · milestone ms_1`
fn facts(
    line: &Line,
    what: &[Shown],
    ids: &[(&'static str, Option<&str>)],
    trainer: Option<&str>,
    names: &Names,
) -> Shown {
    let at = line.at.parse::<jiff::Timestamp>();
    let at =
        at.map_or_else(|_| id(&line.at), |at| shown!("{} UTC", figure(&at.strftime("%Y-%m-%d %H:%M:%S").to_string())));
    let argument = |name: &str| line.arguments.get(name).and_then(serde_json::Value::as_str);
    let mut known = ids.iter().filter_map(|(_, id)| *id).chain(argument("contractId")).chain(argument("milestoneId"));
    let name = known.find_map(|id| names.get(id)).cloned().or_else(|| trainer.map(quoted));
    let name = name.map(|name| shown!("for {}", name));
    let ids = ids.iter().filter_map(|(what, text)| Some(shown!("{} {}", *what, id((*text)?))));
    std::iter::once(at).chain(what.iter().cloned()).chain(name).chain(ids).joined(" · ")
}
