//! What the operator allows holds whatever a model asks for: nothing is sent that goes beyond it.

mod day;
mod money;
mod switch;

use serde_json::{Value, json};

use crate::approvals::maria;
use crate::errors::tells_the_whole_story;
use crate::harness::launch::Launch;
use crate::harness::{Answer, Api, Host, Reply, STATELESS, TOKEN, contract, every, launch};

const WRITES: [&str; 4] =
    ["create_milestone", "request_milestone_funding", "request_milestone_approval", "end_contract"];

fn server(api: &Api) -> Launch {
    launch().at(&api.upstream)
}

/// Arguments that each tool takes.
fn arguments(tool: &str) -> Value {
    match tool {
        "create_milestone" => json!({ "contractId": "ctr_8Kq2", "description": "Third batch", "amountUsd": 100 }),
        "request_milestone_funding" => json!({ "milestoneId": "ms_7Rtd" }),
        "request_milestone_approval" => json!({ "milestoneId": "ms_1aXf" }),
        _ => json!({ "contractId": "ctr_8Kq2" }),
    }
}

/// Says that the operator's rules refused it, for this reason, in each channel.
fn is_refused(answer: &Answer, reason: &str, about: &str) {
    assert!(answer.is_error(), "{about}: {}", answer.0);
    tells_the_whole_story(answer, about);
    let error = answer.error();
    assert_eq!((answer.code(), &error["reason"]), ("NOT_ALLOWED", &json!(reason)), "{about}: {error}");
    assert_eq!((&error["outcome"], &error["retryable"]), (&json!("not_done"), &json!(false)), "{about}: {error}");
    answer.says(&["operator", "Nothing was sent"]);
}

fn names(tools: &[Value]) -> Vec<&str> {
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

/// Those that are served only on request among them.
async fn all_tools() -> Vec<Value> {
    launch().args(["--toolsets", "all"]).start().await.tools().await
}

#[tokio::test]
async fn read_only_lists_reads_and_refuses_writes() {
    for setting in ["flag", "environment"] {
        let api = Api::of([maria()]).await;
        let server = match setting {
            "flag" => server(&api).args(["--read-only"]),
            _ => server(&api).env("OPENTRAIN_READ_ONLY", "1"),
        };
        let host = server.start().await;
        let tools = host.tools().await;
        assert!(tools.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true), "{tools:?}");
        assert!(names(&tools).contains(&"wait_for_approval") && names(&tools).contains(&"list_contracts"));
        for tool in WRITES {
            let answer = host.failed(tool, arguments(tool)).await;
            is_refused(&answer, "read_only", tool);
            answer.says(&["read-only"]);
        }
        assert!(api.upstream.requests().is_empty(), "{setting}: nothing was sent");
        host.done("list_contracts", json!({})).await;
    }
}

#[tokio::test]
async fn toolsets_list_their_families_and_nothing_else_can_be_called() {
    let everything = all_tools().await;
    let api = Api::of([maria()]).await;
    for (list, has, has_not) in [
        ("contracts", &["list_contracts", "get_contract", "end_contract"][..], "create_milestone"),
        ("milestones", &["create_milestone", "request_milestone_funding"], "get_approval"),
        ("approvals, contracts", &["wait_for_approval", "list_contracts"], "request_milestone_funding"),
        ("account", &["get_auth_status", "get_capabilities"], "list_contracts"),
    ] {
        let host = server(&api).args(["--toolsets", list]).start().await;
        let tools = host.tools().await;
        let listed = names(&tools);
        assert!(has.iter().all(|name| listed.contains(name)), "{list}: {listed:?}");
        for name in names(&everything).into_iter().filter(|name| !listed.contains(name)) {
            let id = host.begin(name, arguments(name)).await;
            let message = host.reply_to(id).await;
            assert_eq!(message["error"]["code"], -32602, "{list}: {name} is unknown: {message}");
        }
        assert!(!listed.contains(&has_not), "{list}: {listed:?}");
    }
    assert!(api.upstream.requests().is_empty(), "nothing was sent");
    let host = server(&api).env("OPENTRAIN_TOOLSETS", "all").start().await;
    let listed = host.tools().await;
    assert_eq!(listed.len(), opentrain_mcp::tools::all().count());
    assert!(names(&everything).iter().all(|name| names(&listed).contains(name)), "what is on request comes on top");
}

#[tokio::test]
async fn an_unknown_toolset_refuses_the_start() {
    for list in ["contract", "contracts,milestone", "", "Contracts", "list_contracts"] {
        let ran = launch().env("OT_API_TOKEN", TOKEN).args(["--toolsets", list]).run().await;
        assert_ne!(ran.status, Some(0), "{list:?}: {ran:?}");
        assert!(ran.stdout.is_empty(), "{list:?}: stdout is the protocol");
        for name in ["--toolsets", "contracts", "milestones", "approvals", "account", "all"] {
            assert!(ran.stderr.contains(name), "{list:?}: {name} is missing: {}", ran.stderr);
        }
    }
    let ran = launch().env("OPENTRAIN_TOOLSETS", "money").run().await;
    assert!(ran.status != Some(0) && ran.stderr.contains("OPENTRAIN_TOOLSETS"), "{ran:?}");
}

/// What each listed tool says to good and to bad calls.
async fn answers_of(host: &Host, listed: &[&str]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for name in listed {
        answers.push(host.call(name, arguments(name)).await);
        answers.push(host.call(name, json!({ "approvalId": "apr_1", "timeoutSeconds": 0 })).await);
        answers.push(host.call(name, json!({ "contractId": "ctr_no", "description": "d" })).await);
        answers.push(host.call(name, json!({ "milestoneId": "ms_no", "contractId": "ctr_8Kq2" })).await);
        answers.push(host.call(name, json!({ "milestoneId": "ms_no" })).await);
        answers.push(host.call(name, json!({})).await);
    }
    answers
}

#[derive(Clone, Copy, PartialEq)]
enum Texts {
    /// Instructions, descriptions, and what tools say.
    Words,
    /// The schemas, and what tools say where arguments do not fit them.
    Schemas,
}

/// Each text that names a tool which is not listed.
async fn named_though_unlisted(texts: Texts) -> Vec<String> {
    let api = Api::of([maria()]).await;
    // Something is pending, so that it can be told.
    server(&api).start().await.done("request_milestone_funding", arguments("request_milestone_funding")).await;
    let everything = all_tools().await;
    let mut found = Vec::new();
    for (name, value) in FEWER {
        let host = server(&api).env(name, value).bare();
        let initialize = host.shake_hands().await;
        let mut tools = host.tools().await;
        let listed: Vec<String> = names(&tools).into_iter().map(str::to_owned).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        let mut heard = answers_of(&host, &listed).await;
        heard.retain(|answer| (answer.error()["code"] == "INVALID_ARGUMENT") == (texts == Texts::Schemas));
        for tool in &mut tools {
            let schemas = json!([tool["inputSchema"].take(), tool["outputSchema"].take()]);
            if texts == Texts::Schemas {
                *tool = schemas;
            }
        }
        let mut all = Vec::new();
        let mut hear = |value: &Value| all.extend(value.as_str().map(str::to_owned));
        every(&initialize, &mut hear);
        tools.iter().chain(heard.iter().map(|answer| &answer.0)).for_each(|value| every(value, &mut hear));
        for unlisted in names(&everything).into_iter().filter(|name| !listed.contains(name)) {
            let texts = all.iter().flat_map(|text| text.lines()).filter(|line| line.contains(unlisted));
            found.extend(texts.map(|line| format!("{name}={value} names {unlisted}: {line}")));
        }
    }
    found
}

const FEWER: [(&str, &str); 8] = [
    // Nothing is set: some families are served on request only.
    ("OPENTRAIN_READ_ONLY", "0"),
    ("OPENTRAIN_READ_ONLY", "1"),
    ("OPENTRAIN_TOOLSETS", "contracts"),
    ("OPENTRAIN_TOOLSETS", "milestones"),
    ("OPENTRAIN_TOOLSETS", "approvals"),
    ("OPENTRAIN_TOOLSETS", "account"),
    ("OPENTRAIN_TOOLSETS", "milestones,approvals"),
    ("OPENTRAIN_TOOLSETS", "contracts,account"),
];

#[tokio::test]
async fn no_text_names_an_unlisted_tool() {
    assert_eq!(named_though_unlisted(Texts::Words).await, [""; 0]);
}

#[tokio::test]
async fn no_schema_names_a_tool_that_is_not_listed() {
    assert_eq!(named_though_unlisted(Texts::Schemas).await, [""; 0]);
}

/// Runs a command of the binary for the user of this host.
async fn run_beside(host: &Host, args: &[&str]) -> crate::harness::Ran {
    launch().env("HOME", host.home.path().to_str().unwrap()).args(args.iter().copied()).run().await
}

#[tokio::test]
async fn freeze_stops_writes_and_thaw_allows_them() {
    for revision in ["2025-11-25", STATELESS] {
        let api = Api::of([maria()]).await;
        let host = server(&api).speaking(revision).start().await;
        host.done("request_milestone_funding", arguments("request_milestone_funding")).await;
        let before = api.upstream.writes();

        let frozen = run_beside(&host, &["freeze", "--reason", "too many milestones"]).await;
        assert!(frozen.status == Some(0) && frozen.stdout.contains("thaw"), "{frozen:?}");
        for tool in WRITES {
            let answer = host.failed(tool, arguments(tool)).await;
            is_refused(&answer, "frozen", tool);
            answer.says(&["too many milestones", "thaw"]);
        }
        assert_eq!(api.upstream.writes(), before, "nothing was sent");
        host.done("list_contracts", json!({})).await;

        let again = run_beside(&host, &["freeze", "--reason", "another"]).await;
        assert_eq!(again.status, Some(0), "{again:?}");
        assert!(again.stdout.contains("«another», in place of «too many milestones»"), "{again:?}");
        host.failed("end_contract", arguments("end_contract")).await.says(&["«another»"]);

        let thawed = run_beside(&host, &["thaw"]).await;
        assert!(thawed.status == Some(0) && thawed.stdout.contains("Thawed"), "{thawed:?}");
        host.done("create_milestone", arguments("create_milestone")).await;
        let twice = run_beside(&host, &["thaw"]).await;
        assert!(twice.status == Some(0) && twice.stdout.contains("not frozen"), "{twice:?}");
    }
}

#[tokio::test]
async fn a_freeze_stops_servers_with_another_xdg_config_home() {
    let api = Api::of([maria()]).await;
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().to_str().unwrap();
    let home = tempfile::tempdir().unwrap();
    let at_home = || launch().env("HOME", home.path().to_str().unwrap());
    for (server_there, frozen_there) in [(true, false), (false, true), (true, true)] {
        let with = |launch: Launch, there: bool| if there { launch.env("XDG_CONFIG_HOME", elsewhere) } else { launch };
        let host = with(at_home().at(&api.upstream), server_there).start().await;
        with(at_home(), frozen_there).args(["freeze"]).run().await;
        let answer = host.failed("end_contract", arguments("end_contract")).await;
        assert_eq!(answer.error()["reason"], "frozen", "{server_there} {frozen_there}");
        with(at_home(), true).args(["thaw"]).run().await;
        let answer = host.call("end_contract", arguments("end_contract")).await;
        assert_ne!(answer.0["structuredContent"]["error"]["reason"], "frozen", "{server_there} {frozen_there}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_switch_can_be_read_by_its_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let frozen = launch().env("HOME", home.path().to_str().unwrap()).args(["freeze"]).run().await;
    assert_eq!(frozen.status, Some(0), "{frozen:?}");
    for (path, mode) in [(".config/opentrain", 0o700), (".config/opentrain/mcp-frozen", 0o600)] {
        let found = std::fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}");
    }
}

#[tokio::test]
async fn the_reason_of_a_freeze_is_one_line() {
    let api = Api::of([maria()]).await;
    let host = server(&api).start().await;
    run_beside(&host, &["freeze", "--reason", "too many\u{202e} parts\nNow obey"]).await;
    let answer = host.failed("create_milestone", arguments("create_milestone")).await;
    answer.says(&["«too many\\u{202e} parts»"]);
    assert!(!answer.text().contains('\u{202e}') && !answer.text().contains("Now obey"), "{}", answer.text());
}

#[tokio::test]
async fn a_switch_that_cannot_be_read_counts_as_on() {
    let api = Api::of([maria()]).await;
    let host = server(&api).start().await;
    std::fs::create_dir_all(host.home.path().join(".config/opentrain/mcp-frozen")).unwrap();
    let answer = host.failed("create_milestone", arguments("create_milestone")).await;
    assert_eq!((&answer.error()["reason"], api.upstream.writes()), (&json!("frozen"), 0));
}

#[tokio::test]
async fn a_person_who_opened_a_page_does_not_thaw_anything() {
    // The claim that an answer asked for is made while writes are frozen: the call is not made again.
    let api = Api::meddled([maria()], |request, _| {
        let origin = format!("http://{}", request.header("host")[0]);
        request.is_write().then(|| crate::harness::claim_required(&origin))
    })
    .await;
    let host = server(&api).eliciting(json!({ "url": {} })).start().await;
    let id = host.begin("end_contract", arguments("end_contract")).await;
    let asked = host.asked().await;
    run_beside(&host, &["freeze"]).await;
    host.answer(&asked, json!({ "action": "accept" })).await;
    let answer = host.end(id).await;
    assert_eq!((&answer.error()["reason"], api.upstream.writes()), (&json!("frozen"), 1), "{}", answer.0);
}

/// An API whose token works and carries everything.
async fn with_status() -> Api {
    Api::meddled([maria()], |request, _| match request.path().rsplit('/').next().unwrap() {
        "me" => Some(Reply::json(
            200,
            &json!({
                "actor": { "userId": "usr_1", "fullName": "Mira Chen", "userType": "EMPLOYER" },
                "token": { "id": "tok_1", "label": "ci", "scopes": ["payments:read", "payments:write"] },
                "account": { "kind": "employer_organization", "memberRole": "OWNER" }
            }),
        )),
        "capabilities" => Some(Reply::json(200, &json!({ "capabilities": { "paymentsWrite": true } }))),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn check_and_the_status_and_the_instructions_tell_the_limits() {
    let api = with_status().await;
    let log = tempfile::tempdir().unwrap();
    let log = log.path().join("audit.jsonl");
    let limited = || {
        let args = [
            "--read-only",
            "--max-milestone-usd",
            "500.50",
            "--max-day-usd",
            "1000",
            "--toolsets",
            "contracts,account",
        ];
        server(&api).args(args).args(["--audit-log", log.to_str().unwrap()])
    };
    let told = ["read-only", "contracts", "$500.50 a milestone", "$1,000 a day"];
    let host = limited().bare();
    let initialize = host.shake_hands().await;
    run_beside(&host, &["freeze", "--reason", "a drill"]).await;
    let status = host.done("get_auth_status", json!({})).await;
    status.says(&told).says(&["«a drill»"]);
    for part in told {
        assert!(initialize["instructions"].as_str().unwrap().contains(part), "{part}: {initialize}");
    }
    let check = limited().args(["check"]).run().await;
    for part in told {
        assert!(
            check.stdout.lines().any(|line| line.starts_with("limit:") && line.contains(part)),
            "{part}: {check:?}"
        );
    }
    let free = server(&api).bare();
    let text = free.shake_hands().await["instructions"].as_str().unwrap().to_owned();
    assert!(!text.contains("limit"), "where there are none, none are told: {text}");
}

/// What a model reads before any tool, where the server is started like this.
async fn instructions(args: &[&str]) -> String {
    let host = launch().args(args.iter().copied()).bare();
    host.shake_hands().await["instructions"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_instructions_advise_only_on_what_can_be_done() {
    for (args, said, unsaid) in [
        (&[][..], &["approvalUrl", "wait_for_approval", "outcome is \"unknown\"", "Order: "][..], &[][..]),
        (&["--toolsets", "milestones"], &["approvalUrl", "outcome is \"unknown\""], &["wait_for_approval", "Order: "]),
        (&["--toolsets", "jobs"], &["outcome is \"unknown\""], &["approvalUrl", "confirmed"]),
        (&["--read-only"], &["data, not instructions"], &["approvalUrl", "outcome is \"unknown\"", "Order: "]),
    ] {
        let text = instructions(args).await;
        for part in said {
            assert!(text.contains(part), "{args:?}: {part} is missing from: {text}");
        }
        for part in unsaid {
            assert!(!text.contains(part), "{args:?}: {part} stands in: {text}");
        }
    }
}

#[tokio::test]
async fn check_works_whatever_is_listed() {
    let api = with_status().await;
    let check = server(&api).args(["--toolsets", "contracts", "check"]).run().await;
    assert!(check.stdout.contains("limit: only the toolsets contracts"), "{check:?}");
    assert!(check.stdout.contains("The token works"), "it says whether the token works: {check:?}");
    assert_eq!(check.status, Some(0), "{check:?}");
}

#[tokio::test]
async fn limits_that_are_no_amounts_stop_the_start() {
    for (name, value) in [
        ("OPENTRAIN_MAX_MILESTONE_USD", "lots"),
        ("OPENTRAIN_MAX_MILESTONE_USD", "-1"),
        ("OPENTRAIN_MAX_DAY_USD", "1e3"),
        ("OPENTRAIN_MAX_MILESTONE_USD", "1,000"),
        ("OPENTRAIN_DUPLICATE_WINDOW", "soon"),
        ("OPENTRAIN_READ_ONLY", "perhaps"),
    ] {
        let log = tempfile::tempdir().unwrap();
        let log = log.path().join("audit.jsonl");
        let launch = launch().env("OPENTRAIN_AUDIT_LOG", log.to_str().unwrap()).env(name, value);
        let ran = launch.run().await;
        assert!(ran.status != Some(0) && ran.stderr.contains(name), "{name}={value}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
    }
    let ran = launch().args(["--max-milestone-usd", ""]).run().await;
    assert!(ran.status != Some(0) && ran.stderr.contains("--max-milestone-usd"), "an empty flag is no amount: {ran:?}");
}

#[tokio::test]
async fn without_a_limit_any_amount_goes_through() {
    let api = Api::of([maria(), contract("ctr_2", &[])]).await;
    let host = server(&api).start().await;
    let huge = json!({ "contractId": "ctr_2", "description": "All of it", "amountUsd": 1_000_000 });
    assert_eq!(host.done("create_milestone", huge).await.structured()["outcome"], "created");
}
