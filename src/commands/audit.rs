//! `opentrain-mcp audit [FILE]`

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::answer::text::{count, total, usd};
use crate::answer::{Joined, Page, Shown, figure, id, quoted, quoted_to, shown};
use crate::api::amount;
use crate::api::contracts::Contract;
use crate::api::token::TokenSource;
use crate::config::Config;
use crate::guard::ledger::{Line, Record, Recorded};

use super::ask::Asker;
use super::terminal::path_of;
use super::{Fault, ledger, print};

/// The longest wait for the names of trainers and contracts.
const NAMES_WITHIN: Duration = Duration::from_secs(8);

/// The names of trainers and contracts, by the ids of contracts and milestones.
type Names = BTreeMap<String, Shown>;

/// The most characters of the arguments of a write.
const ARGUMENTS: usize = 4_000;

/// An account of the record: real ones first, then by base and owner.
type Owner = (bool, String, String);

/// Prints a record for a human reader: what is real first, writes without a known outcome first of all, then day by day.
/// The default file is the record of servers with these settings. Exit status 1 when an outcome is unknown.
pub(super) async fn run(config: &Config, file: Option<&Path>) -> Result<ExitCode, Fault> {
    let place = &config.record;
    let (mut record, mut book) = (Record::default(), Book::default());
    let Some(path) = file.or(place.path()) else {
        if config.ledger.is_none() {
            return Err("no writes are recorded here; `opentrain-mcp audit FILE` prints a file".into());
        }
        let mut whole = ledger::of(config)?.record(None).await?;
        (record.writes, whole.writes) = std::mem::take(&mut whole.writes).into_iter().partition(Recorded::is_open);
        record.unreadable = std::mem::take(&mut whole.unreadable);
        let (names, note) = names(config).await;
        book.take(&whole, &names);
        return show(&record, book, &names, note, &[]);
    };
    let is_empty = match std::fs::metadata(path) {
        Err(fault) if fault.kind() == ErrorKind::NotFound && file.is_none() => {
            print(shown!("No write is on record yet: there is no {}", path_of(path)))?;
            return Ok(ExitCode::SUCCESS);
        }
        there => there.is_ok_and(|there| there.len() == 0),
    };
    let (names, note) = if is_empty { Default::default() } else { names(config).await };
    let read = record.add_in_parts(path, |part| book.take(&part, &names));
    read.map_err(|fault| format!("{}: {fault}", path.display()))?;
    show(&record, book, &names, note, &older(path))
}

/// Prints what was read: the writes without a known outcome that are left in `record`, and the rest from `book`.
fn show(record: &Record, book: Book, names: &Names, note: Option<Shown>, older: &[PathBuf]) -> Result<ExitCode, Fault> {
    let open = &record.writes;
    if !open.is_empty() {
        print(shown!(
            "{} with no known outcome: look at the contract before anything is repeated",
            count(open.len(), "write")
        ))?;
        sorted(open).into_iter().try_for_each(|write| print(line(write, names)))?;
        print("")?;
    }
    print(shown!("{} with a known outcome", count(book.settled, "write")))?;
    for (owner, days) in book.accounts {
        print(shown!("\n{}", heading(&owner)))?;
        for (date, mut day) in days {
            print(shown!("{}: {}", id(&date), day.sum()))?;
            day.entries.sort();
            day.entries.iter().try_for_each(|(_, _, text)| print(text))?;
        }
    }
    for number in &record.unreadable {
        print(shown!(
            "note: line {} cannot be read (torn when the machine stopped, or not ours); it is left as it is",
            *number
        ))?;
    }
    if let Some(note) = note {
        print(shown!("note: {}", note))?;
    }
    for older in older {
        print(shown!("note: earlier writes are in {}", path_of(older)))?;
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
fn sorted(writes: &[Recorded]) -> Vec<&Recorded> {
    let mut writes: Vec<&Recorded> = writes.iter().collect();
    writes.sort_by_key(|write| write.before.sandbox);
    writes
}

/// What is printed of the writes with a known outcome, the decisions and the refusals. Their lines need not stay in memory.
#[derive(Default)]
struct Book {
    settled: usize,
    accounts: BTreeMap<Owner, BTreeMap<String, Day>>,
}

/// One account on one day.
#[derive(Default)]
struct Day {
    writes: usize,
    /// The committed amounts, as the day's limit counts them: each milestone and each hire once, at its largest amount.
    amounts: BTreeMap<String, Decimal>,
    /// Each with its time and its place in the record.
    entries: Vec<(String, usize, Shown)>,
}

impl Book {
    /// Takes the next part of the record.
    fn take(&mut self, part: &Record, names: &Names) {
        for write in &part.writes {
            self.settled += 1;
            let day = self.enter(&write.before, line(write, names));
            day.writes += 1;
            if let Some((key, amount)) = write.committed() {
                let known = day.amounts.entry(key).or_default();
                *known = (*known).max(amount);
            }
        }
        for decision in &part.decisions {
            self.enter(decision, decision_line(decision, names));
        }
        for refusal in &part.refusals {
            self.enter(refusal, refusal_line(refusal, names));
        }
    }

    fn enter(&mut self, line: &Line, text: Shown) -> &mut Day {
        let known = |value: &Option<String>| value.clone().unwrap_or_default();
        let owner = (line.sandbox, known(&line.base), known(&line.principal));
        let date = line.at.get(..10).unwrap_or("at an unknown time").to_owned();
        let day = self.accounts.entry(owner).or_default().entry(date).or_default();
        let place = day.entries.len();
        day.entries.push((line.at.clone(), place, text));
        day
    }
}

impl Day {
    fn sum(&self) -> Shown {
        let sum = match amount::sum(self.amounts.values().copied()) {
            Some(sum) if sum.is_zero() => "nothing committed".into(),
            sum => shown!("{} committed before fees", total(sum)),
        };
        shown!("{}, {}", count(self.writes, "write"), sum)
    }
}

fn decision_line(decision: &Line, names: &Names) -> Shown {
    let what = decision.decision.as_deref().unwrap_or("decided");
    let ids = [("approval", decision.approval_id.as_deref()), ("milestone", decision.milestone_id.as_deref())];
    facts(decision, &[shown!("a person's decision became known: {}", id(what))], &ids, None, names)
}

fn refusal_line(refusal: &Line, names: &Names) -> Shown {
    let reason = refusal.reason.as_deref().unwrap_or("a rule");
    let what = [id(&refusal.tool), shown!("REFUSED by the operator's rule {}, nothing was sent", id(reason))];
    shown!("{}\n    {}", facts(refusal, &what, &[], None, names), arguments(refusal))
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

fn line(write: &Recorded, names: &Names) -> Shown {
    let before = &write.before;
    let after = write.after.as_ref();
    let outcome = after.and_then(|after| after.outcome);
    let outcome = outcome.map_or_else(|| "NO OUTCOME".into(), |outcome| id(&outcome.name()));
    let mut what = vec![id(&before.tool), outcome];
    what.extend(before.confirmed.then(|| "a person said yes".into()));
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
