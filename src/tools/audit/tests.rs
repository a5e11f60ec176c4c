use super::Phase::{After, Before};
use super::*;

fn line(id: &str, phase: Phase, amount: Option<i64>, milestone: Option<&str>, outcome: Option<&str>) -> String {
    let line = Line {
        v: 1,
        at: "2026-06-12T10:00:00Z".into(),
        id: id.into(),
        phase,
        tool: "create_milestone".into(),
        amount_usd: amount.map(Decimal::from),
        milestone_id: milestone.map(str::to_owned),
        outcome: outcome.map(str::to_owned),
        ..Line::default()
    };
    json!(line).to_string()
}

fn sum(lines: &[String]) -> Decimal {
    committed(&Record::of(&lines.join("\n")).writes, "2026-06-12").values().sum()
}

#[test]
fn a_milestone_counts_once_at_its_largest_figure() {
    let lines = [
        line("a", Before, Some(300), None, None),
        line("a", After, Some(300), Some("ms_1"), Some("created")),
        line("b", Before, Some(300), Some("ms_1"), None),
        line("b", After, Some(300), Some("ms_1"), Some("pending_approval")),
        line("c", Before, Some(320), Some("ms_1"), None),
    ];
    assert_eq!(sum(&lines), Decimal::from(320));
}

#[test]
fn what_came_to_nothing_does_not_count_and_what_is_open_does() {
    let lines = [
        line("a", Before, Some(100), None, None),
        line("a", After, Some(100), None, Some("not_done")),
        line("b", Before, Some(100), None, None),
        line("b", After, Some(100), Some("ms_9"), Some("existing")),
        line("c", Before, Some(7), None, None),
        line("d", Before, Some(5), None, None),
        line("d", After, Some(5), None, Some("unknown")),
    ];
    assert_eq!(sum(&lines), Decimal::from(12));
    assert_eq!(committed(&Record::of(&lines.join("\n")).writes, "2026-06-13").len(), 0);
}

#[test]
fn a_torn_line_is_told_and_the_next_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    std::fs::write(&path, format!("{}\n{{\"v\":1,\"at\":\"20", line("a", Before, None, None, None))).unwrap();
    append(&mut open(&path).unwrap(), &line("a", After, None, None, Some("done"))).unwrap();
    let record = Record::of(&std::fs::read_to_string(&path).unwrap());
    assert_eq!(record.unreadable, [2]);
    assert_eq!(record.writes.len(), 1);
    assert!(!record.writes[0].is_open());
}

#[cfg(unix)]
#[test]
fn the_file_is_made_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    AuditLog::open(path.clone()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn open_writes_are_those_of_the_account_without_a_known_end() {
    let folder = tempfile::tempdir().unwrap();
    let log = AuditLog::open(folder.path().join("audit.jsonl")).unwrap();
    let account = |base: &str, principal: &str| [("base", base.to_owned()), ("principal", principal.to_owned())];
    let begun = |id: &str, account: &[(&str, String)]| {
        let mut begun: serde_json::Value = serde_json::from_str(&line(id, Before, None, None, None)).unwrap();
        for (name, value) in account {
            begun[*name] = json!(value);
        }
        begun["arguments"] = json!({ "contractId": "ctr_1" });
        begun.to_string()
    };
    let lines = [
        begun("open", &account("https://a", "me")),
        begun("of an earlier version", &[]),
        begun("of another account", &account("https://a", "you")),
        begun("elsewhere", &account("https://b", "me")),
        begun("unknown", &account("https://a", "me")),
        line("unknown", After, None, None, Some("unknown")),
        begun("ended", &account("https://a", "me")),
        line("ended", After, None, None, Some("created")),
    ];
    std::fs::write(&log.path, lines.join("\n")).unwrap();
    let found = |tool: &str, contract: &'static str| -> Vec<String> {
        let fits = move |arguments: &Object| arguments.get("contractId") == Some(&json!(contract));
        let lines = log.open_writes(tool, "https://a", Some("me"), fits).unwrap();
        lines.into_iter().map(|line| line.id).collect()
    };
    assert_eq!(found("create_milestone", "ctr_1"), ["open", "of an earlier version", "unknown"]);
    assert!(found("create_milestone", "ctr_2").is_empty() && found("end_contract", "ctr_1").is_empty());
}
