//! The commands, as they are typed in a shell.

mod check;
mod live;

use serde_json::{Value, json};

use crate::harness::{Reply, SECRET, TOKEN, Upstream, contract, contracts, free_port, launch, press};

fn account(scopes: &[&str], capabilities: Value) -> Value {
    json!({
        "actor": { "userId": "usr_1", "fullName": "Mira Chen", "userType": "EMPLOYER" },
        "token": { "id": "c3f9aa01", "label": "test", "scopes": scopes, "ownerOrganizationId": null },
        "account": { "kind": "employer_organization", "organizationId": "org_1", "memberRole": "OWNER" },
        "capabilities": capabilities
    })
}

#[tokio::test]
async fn each_help_is_worth_reading() {
    for command in [None, Some("serve"), Some("demo"), Some("tools"), Some("call"), Some("check"), Some("sandbox")] {
        let ran = launch().args(command).args(["--help"]).run().await;
        assert_eq!(ran.status, Some(0), "{command:?}: {ran:?}");
        assert!(ran.stdout.len() > 200 && ran.stderr.is_empty(), "{command:?}: {}", ran.stdout);
        assert!(ran.stdout.contains("Usage: "), "{command:?}: {}", ran.stdout);
        assert!(!ran.stdout.contains('\u{1b}'), "{command:?}: colours are for terminals");
    }
    for command in ["freeze", "thaw", "logout", "audit", "drift"] {
        let ran = launch().args([command, "--help"]).run().await;
        assert!(ran.status == Some(0) && ran.stdout.contains("Usage: "), "{command}: {ran:?}");
    }
    let ran = launch().args(["--help"]).run().await;
    for wanted in ["demo", "tools", "call", "check", "sandbox", "--sandbox", "OT_API_TOKEN", "OPENTRAIN_TIMEOUT"] {
        assert!(ran.stdout.contains(wanted), "{wanted} is missing from:\n{}", ran.stdout);
    }
}

#[tokio::test]
async fn command_help_shows_the_settings_that_matter() {
    for (command, shown, hidden) in [
        ("freeze", "--reason", "--timeout"),
        ("logout", "--timeout", "--max-day-usd"),
        ("tools", "--toolsets", "--audit-log"),
        ("call", "--max-milestone-usd", "--listen"),
        ("check", "--human-wait", "--listen"),
    ] {
        let ran = launch().args([command, "--help"]).run().await;
        assert!(ran.stdout.contains(shown) && !ran.stdout.contains(hidden), "{command}: {}", ran.stdout);
    }
    for args in [["--timeout", "9", "thaw"], ["thaw", "--timeout", "9"]] {
        let ran = launch().args(args).run().await;
        assert_eq!(ran.status, Some(0), "{args:?}: {ran:?}");
    }
    let ran = launch().args(["tools", "--toolsets", "account"]).run().await;
    assert!(ran.stdout.contains("get_auth_status") && !ran.stdout.contains("list_contracts"), "{}", ran.stdout);
}

#[tokio::test]
async fn the_version_is_told() {
    let ran = launch().args(["--version"]).run().await;
    assert_eq!((ran.status, ran.stdout.trim()), (Some(0), concat!("opentrain-mcp ", env!("CARGO_PKG_VERSION"))));
}

#[tokio::test]
async fn a_token_can_never_be_a_flag() {
    for flag in ["--token", "--api-token"] {
        let ran = launch().args([flag, TOKEN]).run().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_usage_error() {
    for args in [
        vec!["nonsense"],
        vec!["--nonsense"],
        vec!["call"],
        vec!["tools", "extra"],
        vec!["sandbox", "--listen", "here"],
    ] {
        let ran = launch().args(args.clone()).run().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
}

#[tokio::test]
async fn a_call_prints_the_text_and_succeeds() {
    let upstream = Upstream::giving(&contracts(2)).await;
    let ran = launch().at(&upstream).args(["call", "list_contracts"]).run().await;
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.stdout.starts_with("2 active contracts") && ran.stdout.contains("ctr_0001"), "{}", ran.stdout);
    let host = launch().at(&upstream).start().await;
    assert_eq!(host.done("list_contracts", json!({})).await.text(), ran.stdout.trim_end(), "what a model reads");
}

#[tokio::test]
async fn a_call_reads_its_arguments_or_stdin() {
    let upstream = Upstream::giving(&json!({ "contract": contract("c-9", &[]) })).await;
    let arguments = r#"{"contractId": "c-9"}"#;
    let typed = launch().at(&upstream).args(["call", "get_contract", arguments]).run().await;
    let piped = launch().at(&upstream).args(["call", "get_contract", "-"]).run_with(arguments).await;
    assert_eq!((typed.status, &typed.stdout), (Some(0), &piped.stdout), "{piped:?}");
    assert!(upstream.requests().iter().all(|request| request.target == "/api/public/v1/contracts/c-9"));
}

#[tokio::test]
async fn a_call_can_print_the_whole_result() {
    let upstream = Upstream::giving(&contracts(2)).await;
    let ran = launch().at(&upstream).args(["call", "list_contracts", "--json"]).run().await;
    let host = launch().at(&upstream).start().await;
    assert_eq!(ran.json(), host.done("list_contracts", json!({})).await.0);
}

#[tokio::test]
async fn a_call_that_the_tool_refuses_has_status_1() {
    let upstream = Upstream::scripted([Reply::refusal(404, "NOT_FOUND", &Value::Null)]).await;
    let call = ["call", "get_contract", r#"{"contractId": "c"}"#];
    let ran = launch().at(&upstream).args(call).run().await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert!(ran.stdout.starts_with("Not done") && ran.stdout.contains("HTTP 404"), "{}", ran.stdout);
    let ran = launch().at(&upstream).args(call).args(["--json"]).run().await;
    assert_eq!((ran.status, &ran.json()["structuredContent"]["error"]["status"]), (Some(1), &json!(404)));
    let ran = launch().args(call).run().await;
    assert_eq!(ran.status, Some(1), "no token");
    assert!(ran.stdout.contains("OT_API_TOKEN"), "{}", ran.stdout);
}

#[tokio::test]
async fn an_impossible_call_exits_2_and_says_why() {
    for (args, said) in [
        (["call", "list_contract", "{}"], "list_contracts"),
        (["call", "get_contract", "not json"], "JSON object"),
        (["call", "get_contract", "[1]"], "JSON object"),
    ] {
        let ran = launch().args(args).run().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("opentrain-mcp: ") && ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn an_unknown_tool_is_named_in_one_line() {
    let ran = launch().args(["call", "list_contract", "{}"]).run().await;
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
}

#[tokio::test]
async fn the_listed_tools_are_what_mcp_serves() {
    let host = launch().start().await;
    let served = host.result_of("tools/list", json!({})).await["tools"].clone();
    let ran = launch().args(["tools", "--json"]).run().await;
    assert_eq!((ran.status, &ran.json()["tools"]), (Some(0), &served));
    let table = launch().args(["tools"]).run().await;
    assert_eq!(table.status, Some(0));
    for tool in served.as_array().unwrap() {
        let first = tool["description"].as_str().unwrap().split_inclusive(". ").next().unwrap().trim_end();
        let row = format!("\n{}  ", tool["name"].as_str().unwrap());
        assert!(format!("\n{}", table.stdout).contains(&row), "{row}: {}", table.stdout);
        assert!(table.stdout.contains(&format!("    {first}\n")), "{first}: {}", table.stdout);
    }
    let rows: Vec<&str> = table.stdout.lines().filter(|line| line.contains("  creates  ")).collect();
    let columns: std::collections::BTreeSet<_> = rows.iter().map(|row| row.find("  creates  ")).collect();
    assert!(rows.len() > 1 && columns.len() == 1, "they stand below each other: {rows:?}");
}

#[tokio::test]
async fn a_server_that_no_freeze_can_stop_says_so() {
    let scopes = ["payments:write", "jobs:write", "proposals:write", "messages:write"];
    let upstream = Upstream::giving(&account(&scopes, json!({}))).await;
    let ran = launch().at(&upstream).unset("HOME").args(["check"]).run().await;
    assert!(ran.stdout.contains("stop switch"), "{}", ran.stdout);
    let host = launch().at(&upstream).unset("HOME").start().await;
    host.stderr_says("stop switch").await;
}

#[tokio::test]
async fn faults_without_a_sandbox_are_said_to_have_no_effect() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let server = launch().at(&upstream).args(["--sandbox-fault", "foo", "call", "list_contracts"]);
    let ran = server.run().await;
    assert!(ran.stderr.contains("--sandbox-fault has no effect without --sandbox"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_negative_number_is_refused_in_our_words() {
    for (flag, value) in [("--max-milestone-usd", "-5"), ("--human-wait", "-1"), ("--timeout", "-0.5")] {
        let ran = launch().args([flag, value]).run().await;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.starts_with(&format!("opentrain-mcp: {flag}: must be ")), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn a_refused_start_is_json_where_the_log_is() {
    for args in [vec!["--log-format", "json", "--timeout", "soon"], vec!["--log-format=json", "nonsense"]] {
        let ran = launch().args(args.clone()).run().await;
        assert_eq!(ran.status, Some(2), "{ran:?}");
        let line: Value = serde_json::from_str(&ran.stderr).unwrap_or_else(|fault| panic!("{fault}: {}", ran.stderr));
        assert_eq!(line["level"], "ERROR");
        assert!(line["fields"]["message"].as_str().unwrap().contains(args.last().unwrap()), "{line}");
    }
}

#[tokio::test]
async fn the_help_names_defaults_and_is_a_command_too() {
    let ran = launch().args(["help"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for part in ["[default: 30]", "[default: 27610]", "[default: \"no limit\"]", "[env: OPENTRAIN_TIMEOUT]"] {
        let flat = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(part), "{part} is missing from: {flat}");
    }
}

#[tokio::test]
async fn a_call_of_an_unserved_tool_says_why() {
    let ran = launch().args(["--toolsets", "contracts", "call", "create_milestone"]).run().await;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("--toolsets"), "{}", ran.stderr);
}

#[tokio::test]
async fn the_debug_log_names_tool_duration_and_request() {
    let upstream = Upstream::scripted([Reply::refusal(404, "NOT_FOUND", &Value::Null)]).await;
    let server = launch().at(&upstream).env("RUST_LOG", "debug").env("OPENTRAIN_LOG_FORMAT", "json");
    let ran = server.args(["call", "get_contract", r#"{"contractId": "c"}"#]).run().await;
    let lines = ran.stderr.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fields"].clone());
    let answered = lines.into_iter().find(|fields| fields["message"] == "a call is answered").expect("a line");
    assert_eq!(answered["tool"], "get_contract");
    assert!(answered["ms"].is_number() && answered["request_id"].is_string(), "{answered}");
}

#[tokio::test]
async fn the_log_repeats_no_token_that_a_caller_wrote() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let arguments = json!({ "contractId": TOKEN }).to_string();
    let server = launch().at(&upstream).env("RUST_LOG", "trace");
    let ran = server.args(["call", "get_contract", &arguments]).run().await;
    assert!(ran.stderr.contains("[token hidden]"), "it was logged: {}", ran.stderr);
    assert!(!ran.stderr.contains(SECRET) && !ran.stdout.contains(SECRET), "{ran:?}");
}

#[tokio::test]
async fn no_answer_repeats_a_token_that_a_caller_wrote() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let host = launch().at(&upstream).start().await;
    for (method, params) in [
        (TOKEN, json!({})),
        ("tools/call", json!({ "name": TOKEN, "arguments": {} })),
        ("tools/call", json!({ "name": "list_contracts", "arguments": { TOKEN: 1 } })),
        ("tools/call", json!({ "name": "get_contract", "arguments": { "contractId": { TOKEN: [TOKEN] } } })),
    ] {
        let id = host.ask(method, params).await;
        let reply = host.reply_to(id).await.to_string();
        assert!(!reply.contains(SECRET), "{reply}");
    }
}

#[tokio::test]
async fn the_sandbox_has_no_logout() {
    let ran = launch().args(["--sandbox", "logout"]).run().await;
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{ran:?}");
    assert!(ran.stderr.contains("sandbox keeps no account") && ran.stderr.contains("OPENTRAIN_SANDBOX"), "{ran:?}");
}

#[tokio::test]
async fn a_call_warns_on_stderr_of_an_odd_credential_file() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let ran = launch().credentials("{").at(&upstream).args(["call", "list_contracts"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("cli.json") && ran.stderr.contains("is not the JSON"), "{}", ran.stderr);
}

#[tokio::test]
async fn the_demo_plays_the_main_job_and_succeeds() {
    let server = launch();
    let home = server.home.path().to_owned();
    let ran = server.args(["demo"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for part in [
        "SANDBOX at http://127.0.0.1:",
        "register_agent",
        "types 439218, presses [Claim account]",
        "presses [Create key]",
        "DRY RUN",
        "apr_7Rtd: confirmed: fund",
        "reconcile: Everything fits",
        "create_milestone",
        "/claim",
        "presses [Claim account]",
        "NOT funded",
        "as expected",
        "Created 2, doubled 0, funded $300 by a person",
        "get_overview",
    ] {
        assert!(ran.stdout.contains(part), "{part:?} is missing from:\n{}", ran.stdout);
    }
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines.len() <= 60 && lines.iter().all(|line| line.chars().count() <= 100), "{}", ran.stdout);
    assert!(lines[0].starts_with("WORKS: ") && lines[lines.len() - 2].contains("Press the buttons yourself"));
    assert!(!ran.stdout.contains('\u{1b}'), "colours are for terminals");
    assert!(!ran.stdout.contains("NOT AS EXPECTED"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("✓ Not ") && ran.stdout.contains("✗ Not created"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("ot_pat_") && !ran.stdout.contains("ot_clm_"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
    assert_eq!(std::fs::read_dir(home).map_or(0, Iterator::count), 0, "it writes nothing of the user's");
}

#[tokio::test]
async fn two_demos_at_once_do_not_meet() {
    let (one, other) = tokio::join!(launch().args(["demo"]).run(), launch().args(["demo"]).run());
    assert_eq!((one.status, other.status), (Some(0), Some(0)), "{one:?} {other:?}");
}

#[tokio::test]
async fn the_sandbox_alone_serves_other_programs() {
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let host = launch().args(["sandbox", "--listen", &listen]).bare();
    let origin = format!("http://{listen}");
    let ready = async {
        while tokio::net::TcpStream::connect(&listen).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, ready).await.expect("it listens");
    let token = "ot_pat_sandboxowner_notarealsecret01";
    let agent = launch().base(&origin).env("OT_API_TOKEN", token).start().await;
    let refused =
        agent.failed("create_milestone", json!({ "contractId": "ctr_8Kq2", "description": "d", "amountUsd": 1 })).await;
    assert_eq!(refused.error()["claimUrl"], format!("{origin}/claim"));
    press(refused.error()["claimUrl"].as_str().unwrap()).await;
    let created =
        agent.done("create_milestone", json!({ "contractId": "ctr_8Kq2", "description": "d", "amountUsd": 1 })).await;
    assert!(!created.text().contains("SANDBOX"), "for this server it is an API like any other");
    let said = host.lines().join("\n");
    assert!(said.contains(&origin) && said.contains(token), "{said}");
    host.signal("INT");
    host.exit_within(std::time::Duration::from_secs(6)).await;
}

#[tokio::test]
async fn the_sandbox_listens_on_loopback_and_tells_assumptions() {
    let ran = launch().args(["sandbox", "--listen", "0.0.0.0:0"]).run().await;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("loopback"), "{}", ran.stderr);
    let ran = launch().args(["sandbox", "--assumptions"]).run().await;
    assert_eq!(ran.status, Some(0));
    assert!(ran.stdout.contains("payments:write") && ran.stdout.contains("Why: "), "{}", ran.stdout);
}
