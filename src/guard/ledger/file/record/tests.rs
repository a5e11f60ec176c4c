use std::path::Path;
use std::time::Duration;

use rust_decimal::Decimal;
use tempfile::TempDir;

use crate::answer::{Joined, Object, Outcome, Shown};
use crate::guard::ledger::file::record::*;
use crate::guard::ledger::line::Phase;
use crate::guard::ledger::{Record, WriteResult};

/// A folder with a record that several processes may share.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("record.jsonl")
    }

    /// The record as a newly started process sees it.
    fn process(&self) -> FileRecord {
        FileRecord::at(self.path())
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }

    /// Changes the file in place, like an editor.
    fn edit(&self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let changed = change(self.bytes());
        std::fs::write(self.path(), changed).unwrap();
    }
}

/// The limit in all these tests.
fn limit() -> Policy {
    Policy { max_day: Some(Decimal::from(100)), ..Policy::default() }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(30)
}

fn line(id: u32, amount: i64) -> Line {
    Line {
        v: 1,
        at: Timestamp::now().to_string(),
        id: format!("{id:016x}"),
        phase: Phase::Before,
        tool: "create_milestone".into(),
        base: Some("https://app.opentrain.ai".into()),
        principal: Some("c3f9".into()),
        amount_usd: Some(Decimal::from(amount)),
        ..Line::default()
    }
}

fn account() -> Account {
    Account { base: "https://app.opentrain.ai".into(), principal: Some("c3f9".into()) }
}

/// Begins and ends a write. Returns whether the limit allowed it.
fn write(ledger: &mut FileRecord, line: &Line) -> bool {
    let begun = ledger.begin(line, &limit(), soon()).unwrap().is_ok();
    if begun {
        ledger.add(line.clone().ended(WriteResult::with(Outcome::Created)), soon()).unwrap();
    }
    begun
}

/// Asserts that $80 of the $100 are used.
fn has_used_80(ledger: &mut FileRecord, why: &str) {
    assert!(!write(ledger, &line(900, 21)), "{why}: $101 of $100");
    assert!(write(ledger, &line(901, 20)), "{why}: $100 of $100");
}

fn notices(ledger: &mut FileRecord) -> Shown {
    match ledger.begin(&line(999, 0), &limit(), soon()).unwrap() {
        Ok(notices) => notices.into_iter().joined(" "),
        Err(denial) => denial.message,
    }
}

#[test]
fn the_sum_holds_whatever_becomes_of_the_file() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 7] = [
        ("renamed", |path| std::fs::rename(path, path.with_extension("1")).unwrap()),
        ("removed", |path| std::fs::remove_file(path).unwrap()),
        ("emptied", |path| std::fs::write(path, "").unwrap()),
        ("cut", |path| std::fs::write(path, &std::fs::read(path).unwrap()[..50]).unwrap()),
        ("marked", |path| {
            let text = std::fs::read_to_string(path).unwrap().replace('\n', "\r\n");
            std::fs::write(path, format!("\u{feff}{text}")).unwrap();
        }),
        ("given a smaller amount", |path| {
            let text = std::fs::read_to_string(path).unwrap().replace("\"80\"", "\"8.0\"");
            std::fs::write(path, text).unwrap();
        }),
        ("dated back", |path| {
            let today = Timestamp::now().strftime("%F").to_string();
            let text = std::fs::read_to_string(path).unwrap().replace(&today, "2020-01-01");
            std::fs::write(path, text).unwrap();
        }),
    ];
    for (what, change) in changes {
        for restarts in [false, true] {
            let place = Place::new();
            let mut running = place.process();
            assert!(write(&mut running, &line(1, 80)), "{what}");
            change(&place.path());
            let mut ledger = if restarts { place.process() } else { running };
            let told = notices(&mut ledger);
            assert!(told.contains("replaced"), "{what}, restarts {restarts}: {told}");
            assert!(!notices(&mut ledger).contains("replaced"), "{what}: told once");
            has_used_80(&mut ledger, what);
        }
    }
}

#[test]
fn a_damaged_line_counts_and_garbage_stops_nothing() {
    let before = |amount: &str| serde_json::json!(line(1, 80)).to_string().replace("\"80\"", amount).into_bytes();
    let mut after = serde_json::json!(line(1, 80).ended(WriteResult::with(Outcome::Created))).to_string().into_bytes();
    after.insert(0, b'\n');
    for (what, content) in [
        ("a quote is missing", before("\"80")),
        ("a byte is no UTF-8", [&before("\"80\"")[..], b"\xff\xfe\n"].concat()),
        ("the amount is damaged, and the second line has it", [before("\"8\u{fffd}\""), after].concat()),
        ("nulls at the end", [&before("\"80\"")[..], &[0; 100]].concat()),
        ("a torn line at the end", [&before("\"80\"")[..], b"\n{\"v\":1,\"at\":\"20"].concat()),
    ] {
        let place = Place::new();
        std::fs::write(place.path(), content).unwrap();
        has_used_80(&mut place.process(), what);
    }
}

#[test]
fn an_amount_that_nobody_can_read_uses_up_the_day() {
    let place = Place::new();
    std::fs::write(place.path(), serde_json::json!(line(1, 80)).to_string().replace("\"80\"", "\"eighty\"")).unwrap();
    let told = notices(&mut place.process());
    assert!(told.contains("cannot be read") && told.contains("$100"), "{told}");
    // The repaired line counts with its real amount.
    std::fs::write(place.path(), serde_json::json!(line(1, 80)).to_string()).unwrap();
    has_used_80(&mut place.process(), "mended");
}

#[test]
fn what_counts_in_doubt_is_told_once() {
    let place = Place::new();
    let nameless = Line { base: None, principal: None, ..line(1, 30) };
    let damaged = serde_json::json!(line(2, 50)).to_string().replace("\"50\"", "\"50");
    std::fs::write(place.path(), format!("{}\n{damaged}\n", serde_json::json!(nameless))).unwrap();
    let mut ledger = place.process();
    let told = notices(&mut ledger);
    assert!(told.contains("$30 of it in 1 line that") && told.contains("$50 of it in 1 line of the record"), "{told}");
    assert_eq!(notices(&mut ledger), "");
    has_used_80(&mut ledger, "in doubt");
}

#[test]
fn a_rehearsal_and_another_account_use_up_nothing() {
    let place = Place::new();
    let mut ledger = place.process();
    let others = [
        Line { base: Some("http://127.0.0.1:47610".into()), sandbox: true, ..line(1, 100) },
        Line { base: Some("http://127.0.0.1:9000".into()), ..line(2, 100) },
        Line { principal: Some("aa01".into()), ..line(3, 100) },
    ];
    for other in &others {
        assert!(write(&mut ledger, other) && !write(&mut ledger, &Line { id: "f".repeat(16), ..other.clone() }));
    }
    assert!(write(&mut ledger, &line(4, 80)));
    has_used_80(&mut ledger, "of its own");
}

#[test]
fn a_milestone_counts_once_at_its_largest_figure() {
    let place = Place::new();
    let mut ledger = place.process();
    let of_ms_1 = |id, amount| Line { milestone_id: Some("ms_1".into()), ..line(id, amount) };
    ledger.begin(&line(1, 50), &limit(), soon()).unwrap().unwrap();
    let created = WriteResult::with(Outcome::Created).milestone(Some("ms_1"));
    ledger.add(line(1, 50).ended(created), soon()).unwrap();
    assert!(write(&mut ledger, &of_ms_1(2, 50)) && write(&mut ledger, &of_ms_1(3, 80)));
    has_used_80(&mut ledger, "once");
}

#[test]
fn open_writes_count_and_failed_ones_do_not() {
    let place = Place::new();
    let mut ledger = place.process();
    ledger.begin(&line(1, 100), &limit(), soon()).unwrap().unwrap();
    assert!(!write(&mut ledger, &line(2, 1)));
    let refused = WriteResult::failed(&crate::api::error::Error::Unreachable { what: "x".into(), sent: false });
    ledger.add(line(1, 100).ended(refused), soon()).unwrap();
    ledger.begin(&line(3, 80), &limit(), soon()).unwrap().unwrap();
    ledger.add(line(3, 80).ended(WriteResult::unknown()), soon()).unwrap();
    has_used_80(&mut place.process(), "unknown");
}

#[test]
fn a_full_file_rotates_with_sums_and_recent_writes() {
    let place = Place::new();
    let mut ledger = place.process();
    let mut other = place.process();
    assert!(write(&mut ledger, &line(1, 50)));
    ledger.begin(&line(2, 30), &limit(), soon()).unwrap().unwrap();
    // An ended write that commits nothing is not copied to the new file.
    let large = Line { amount_usd: None, client: Some("x".repeat(3_000)), ..line(3, 0) };
    assert!(write(&mut other, &large));
    ledger.largest = 3_000;
    assert!(write(&mut ledger, &Line { id: "e".repeat(16), ..large }));
    let names: Vec<String> = std::fs::read_dir(place.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.len() == 3 && names.iter().any(|name| name.starts_with("record.jsonl.2")), "{names:?}");
    // The other process continues in the new file without a warning, because a server started that file.
    assert_eq!(notices(&mut other), "");
    has_used_80(&mut other, "another process");
    std::fs::remove_file(place.0.path().join("record.jsonl.state")).unwrap();
    assert!(!write(&mut place.process(), &line(5, 1)), "the file alone tells it, too");
    let record = Record::of(&place.bytes());
    let open: Vec<&str> = record.writes.iter().filter(|write| write.is_open()).map(|write| &*write.before.id).collect();
    assert!(open.contains(&&*line(2, 30).id), "{open:?}");
    assert_eq!(record.unreadable, [0_usize; 0]);
    ledger.add(line(2, 30).ended(WriteResult::with(Outcome::Created)), soon()).unwrap();
}

#[test]
fn an_approval_stays_open_when_a_new_file_begins() {
    let place = Place::new();
    let mut ledger = place.process();
    let asked = |id: u32, hours: i64| {
        let at = Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        let arguments = Object::from_iter([("milestoneId".to_owned(), serde_json::json!(format!("ms_{id}")))]);
        let result = WriteResult::with(Outcome::PendingApproval).approval(Some(&format!("apr_{id}")));
        Line { at: at.to_string(), arguments, ..line(id, 1).ended(result) }
    };
    let of_another = Line { principal: Some("other".into()), ..asked(4, 1) };
    // The ends of writes have their own times: these were asked for days ago, and just now.
    let lines = [asked(1, 60), asked(2, 30), of_another, asked(3, 0)];
    let decided = Line { id: "d".repeat(16), phase: Phase::Decided, outcome: None, ..asked(2, 1) };
    let text = lines.iter().chain([&decided]).map(|line| serde_json::json!(line).to_string() + "\n");
    std::fs::write(place.path(), text.collect::<String>() + "\n".repeat(20_000).as_str()).unwrap();
    ledger.largest = 3_000;
    assert!(write(&mut ledger, &line(5, 1)));
    assert!(place.bytes().len() < 5_000, "a new file was begun");
    let open = |account: &Account| -> Vec<String> {
        let open = place.process().open_approvals(account, soon()).unwrap();
        open.into_iter().filter_map(|line| line.approval_id).collect()
    };
    assert_eq!(open(&account()), ["apr_1", "apr_3"]);
    assert_eq!(open(&Account { principal: Some("other".into()), ..account() }), ["apr_4"]);
    // Read together, both files tell of each write once, and all that is known of it.
    let mut record = Record::default();
    let old = std::fs::read_dir(place.0.path()).unwrap().map(|entry| entry.unwrap().path());
    let old = old.into_iter().find(|path| path.to_str().unwrap().contains("record.jsonl.2")).unwrap();
    record.add(&old).unwrap();
    record.add(&place.path()).unwrap();
    let approvals: Vec<Option<&str>> =
        record.writes.iter().map(|write| write.after.as_ref().unwrap().approval_id.as_deref()).collect();
    assert_eq!(approvals, [Some("apr_1"), Some("apr_2"), Some("apr_4"), Some("apr_3"), None]);
    assert_eq!(record.writes[3].before.arguments["milestoneId"], "ms_3");
}

#[test]
fn an_unwritten_line_is_kept_and_comes_first() {
    let place = Place::new();
    let mut ledger = place.process();
    ledger.begin(&line(1, 10), &limit(), soon()).unwrap().unwrap();
    let held = std::fs::File::open(place.path()).unwrap();
    held.lock().unwrap();
    assert!(ledger.add(line(1, 10).ended(WriteResult::with(Outcome::Created)), soon()).is_err());
    assert!(ledger.begin(&line(2, 10), &limit(), soon()).is_err());
    held.unlock().unwrap();
    assert!(write(&mut ledger, &line(2, 10)));
    let text = String::from_utf8(place.bytes()).unwrap();
    let ids: Vec<u32> = text
        .lines()
        .map(|line| u32::from_str_radix(&serde_json::from_str::<Line>(line).unwrap().id, 16).unwrap())
        .collect();
    assert_eq!(ids, [1, 1, 2, 2]);
}

#[test]
fn closing_writes_the_ends_of_open_writes() {
    let place = Place::new();
    let mut ledger = place.process();
    ledger.begin(&line(1, 10), &limit(), soon()).unwrap().unwrap();
    ledger.close(vec![line(1, 10).ended(WriteResult::unknown())], soon()).unwrap();
    let record = Record::of(&place.bytes());
    assert_eq!(record.writes[0].after.as_ref().unwrap().outcome, Some(Outcome::Unknown));
}

#[test]
fn open_writes_have_no_known_end() {
    let place = Place::new();
    let mut ledger = place.process();
    let with = |id, base: Option<&str>| Line {
        base: base.map(str::to_owned),
        arguments: Object::from_iter([("contractId".to_owned(), serde_json::json!("ctr_1"))]),
        ..line(id, 0)
    };
    let here = Some("https://app.opentrain.ai");
    for (id, base) in [(1, here), (2, Some("http://127.0.0.1:1")), (3, here), (4, here)] {
        ledger.begin(&with(id, base), &limit(), soon()).unwrap().unwrap();
    }
    ledger.add(with(3, here).ended(WriteResult::unknown()), soon()).unwrap();
    ledger.add(with(4, here).ended(WriteResult::with(Outcome::Created)), soon()).unwrap();
    place.edit(|mut bytes| {
        bytes.extend(serde_json::json!(Line { principal: None, ..with(5, None) }).to_string().into_bytes());
        bytes
    });
    for mut ledger in [ledger, place.process()] {
        let mut found = |tool: &'static str, contract: &str| -> Vec<u32> {
            let search = Search { tool, account: account(), contract: contract.into() };
            let lines = ledger.recent_writes(&search, soon()).unwrap();
            lines.iter().map(|line| u32::from_str_radix(&line.id, 16).unwrap()).collect()
        };
        assert_eq!(found("create_milestone", "ctr_1"), [1, 3, 5]);
        assert!(found("create_milestone", "ctr_2").is_empty() && found("end_contract", "ctr_1").is_empty());
    }
    let mut nowhere = FileRecord::at(place.0.path().join("none.jsonl"));
    let search = Search { tool: "t", account: account(), contract: "c".into() };
    assert!(nowhere.recent_writes(&search, soon()).unwrap().is_empty());
    assert!(nowhere.open_approvals(&account(), soon()).unwrap().is_empty());
    assert!(!place.0.path().join("none.jsonl").exists(), "reading makes no file");
}

#[test]
fn approvals_are_open_for_a_week_whoever_asked_for_them() {
    let place = Place::new();
    let asked = |id: u32, days: i64| {
        let result = WriteResult::with(Outcome::PendingApproval).approval(Some(&format!("apr_{id}")));
        let at = Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
        Line { at: at.to_string(), ..line(id, 1).ended(result) }
    };
    let other = Line { principal: Some("other".into()), ..asked(4, 0) };
    let lines = [asked(1, 30), asked(2, 2), other];
    std::fs::write(place.path(), lines.map(|line| serde_json::json!(line).to_string() + "\n").concat()).unwrap();
    let mut ledger = place.process();
    ledger.add(asked(3, 0), soon()).unwrap();
    let open = ledger.open_approvals(&account(), soon()).unwrap();
    assert_eq!(open.iter().filter_map(|line| line.approval_id.as_deref()).collect::<Vec<_>>(), ["apr_2", "apr_3"]);
}

#[test]
fn of_a_long_record_only_the_last_day_is_read() {
    let place = Place::new();
    let old = Line { at: "2025-01-01T00:00:00Z".into(), tool: "x".repeat(1_000), ..line(1, 1) };
    let old = format!("{}\n", serde_json::json!(old)).repeat(1_000);
    std::fs::write(place.path(), format!("{old}{}\n", serde_json::json!(line(2, 80)))).unwrap();
    let mut file = LockedFile::open(&place.path(), files::open_log, soon()).unwrap();
    let start = file.start_of(horizon(Timestamp::now())).unwrap();
    assert!(start + 3 * 64 * 1024 > place.bytes().len() as u64, "{start} of {}", place.bytes().len());
    drop(file);
    has_used_80(&mut place.process(), "a long record");
}
