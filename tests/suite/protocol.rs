//! MCP on stdio, line by line.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::harness::{
    Gate, HANDSHAKES, Host, PATIENCE, Reply, SECRET, STATELESS, Upstream, contract, contracts, launch, milestone,
};

fn one() -> Reply {
    Reply::json(200, &json!({ "contract": contract("c", &[]) }))
}

async fn in_its_own_sandbox() -> Host {
    launch().sandbox(crate::harness::free_port()).start().await
}

#[tokio::test]
async fn each_revision_with_a_handshake_is_echoed() {
    for revision in HANDSHAKES {
        let host = launch().speaking(revision).bare();
        let result = host.shake_hands().await;
        assert_eq!(result["protocolVersion"], revision);
        assert_eq!(result["serverInfo"]["name"], "opentrain-mcp");
        assert_eq!(result["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        assert!(result["capabilities"]["tools"].is_object());
        let instructions = result["instructions"].as_str().unwrap();
        assert!((100..2_000).contains(&instructions.chars().count()), "{} characters", instructions.chars().count());
        assert!(!host.tools().await.is_empty());
    }
}

#[tokio::test]
async fn an_unknown_revision_is_answered_with_one_that_is_known() {
    let host = launch().speaking("1999-12-31").bare();
    let offered = host.shake_hands().await["protocolVersion"].clone();
    assert!(HANDSHAKES.contains(&offered.as_str().unwrap()), "{offered}");
    assert!(!host.tools().await.is_empty());
}

#[tokio::test]
async fn the_newest_revision_needs_no_handshake() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let host = launch().at(&upstream).speaking(STATELESS).start().await;
    let found = host.result_of("server/discover", json!({})).await;
    assert!(found["supportedVersions"].as_array().unwrap().contains(&json!(STATELESS)), "{found}");
    assert!(found["instructions"].as_str().is_some_and(|text| text.chars().count() < 2_000), "{found}");
    assert_eq!(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "opentrain-mcp", "{found}");
    let list = host.result_of("tools/list", json!({})).await;
    assert_eq!(list["resultType"], "complete");
    let answer = host.done("list_contracts", json!({})).await;
    assert_eq!((&answer.0["resultType"], &answer.structured()["total"]), (&json!("complete"), &json!(1)));
    host.close_input().await;
    assert_eq!(host.exit_within(Duration::from_secs(6)).await, Some(0));
}

#[tokio::test]
async fn all_revisions_see_the_same_tools() {
    let mut first: Option<Value> = None;
    for revision in HANDSHAKES.into_iter().chain([STATELESS]) {
        let tools = json!(launch().speaking(revision).start().await.tools().await);
        let first = first.get_or_insert_with(|| tools.clone());
        assert_eq!(*first, tools, "{revision}");
    }
}

#[tokio::test]
async fn a_client_that_only_discovers_is_a_clean_exit() {
    let host = launch().speaking(STATELESS).start().await;
    host.result_of("server/discover", json!({})).await;
    host.close_input().await;
    assert_eq!(host.exit_within(Duration::from_secs(6)).await, Some(0));
    assert_eq!(host.stderr(), "");
}

#[tokio::test]
async fn a_client_that_leaves_mid_line_is_a_clean_exit() {
    for said in ["", "{\"jsonrpc\":\"2.0\",\"id\":1,\"meth"] {
        let host = launch().bare();
        if !said.is_empty() {
            host.send_line(said).await;
        }
        host.close_input().await;
        assert_eq!(host.exit_within(Duration::from_secs(6)).await, Some(0), "{said:?}: {}", host.stderr());
    }
}

#[tokio::test]
async fn an_unknown_tool_error_names_the_nearest_tool() {
    let host = launch().start().await;
    let id = host.begin("list_contract", json!({})).await;
    let error = host.reply_to(id).await["error"].clone();
    assert_eq!(error["code"], -32602);
    assert!(error["message"].as_str().unwrap().contains("list_contracts"), "{error}");
    let id = host.begin("", json!({})).await;
    assert_eq!(host.reply_to(id).await["error"]["code"], -32602);
}

#[tokio::test]
async fn an_unknown_method_is_a_json_rpc_error() {
    let host = launch().start().await;
    let id = host.ask("tools/burn", json!({})).await;
    assert_eq!(host.reply_to(id).await["error"]["code"], -32601);
}

#[tokio::test]
async fn a_broken_line_does_not_end_the_session() {
    let host = launch().start().await;
    for line in [
        "this is no JSON",
        "{\"jsonrpc\":\"2.0\",\"id\":",
        "[]",
        "null",
        "{}",
        "",
        "{\"jsonrpc\":\"1.0\",\"id\":77,\"method\":\"tools/list\"}",
        "\u{feff}{}",
        "{\"jsonrpc\":\"2.0\",\"id\":78,\"method\":\"tools/call\",\"params\":{\"name\":7}}",
        "{\"jsonrpc\":\"2.0\",\"id\":79,\"method\":\"tools/call\",\"params\":{\"name\":\"list_contracts\",\"arguments\":[]}}",
        "{\"jsonrpc\":\"2.0\",\"id\":80,\"result\":{}}",
    ] {
        host.send_line(line).await;
        assert!(!host.tools().await.is_empty(), "after {line:?}");
    }
}

#[tokio::test]
async fn arguments_may_be_left_out() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let host = launch().at(&upstream).start().await;
    let answer = host.result_of("tools/call", json!({ "name": "list_contracts" })).await;
    assert_eq!(answer["structuredContent"]["total"], 1);
}

#[tokio::test]
async fn a_cancelled_read_is_given_up_and_unanswered() {
    let upstream = Upstream::answering(|request, _| match request.path().ends_with("/slow") {
        true => Reply::hang(),
        false => one(),
    })
    .await;
    let host = launch().at(&upstream).start().await;
    let id = host.begin("get_contract", json!({ "contractId": "slow" })).await;
    upstream.has_seen(1).await;
    host.notify("notifications/cancelled", json!({ "requestId": id, "reason": "enough" })).await;
    upstream.was_given_up_on(1).await;
    host.done("get_contract", json!({ "contractId": "c" })).await;
    assert_eq!(upstream.requests().len(), 2, "it was not tried again");
    let own = format!("\"id\":{id},");
    assert!(!host.lines().iter().any(|line| line.contains(&own)), "a cancelled request is not answered");
}

#[tokio::test]
async fn a_write_that_is_cancelled_is_carried_through() {
    let gate = Gate::closed();
    let created = Reply::json(201, &json!({ "milestone": milestone("ms_1") })).once_open(&gate);
    let upstream =
        Upstream::answering(move |request, _| if request.is_write() { created.clone() } else { one() }).await;
    let host = launch().at(&upstream).without_guard().start().await;
    let id = host.begin("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
    upstream.has_seen(1).await;
    host.notify("notifications/cancelled", json!({ "requestId": id })).await;
    host.done("get_contract", json!({ "contractId": "c" })).await;
    gate.open();
    host.done("get_contract", json!({ "contractId": "c" })).await;
    assert_eq!(upstream.writes(), 1);
    assert_eq!(upstream.requests().len(), 3, "the write was neither cut nor repeated");
}

#[tokio::test]
async fn calls_in_flight_are_answered_after_the_end_of_input() {
    let gate = Gate::closed();
    let held = one().once_open(&gate);
    let upstream = Upstream::answering(move |_, _| held.clone()).await;
    let host = launch().at(&upstream).start().await;
    let id = host.begin("get_contract", json!({ "contractId": "c" })).await;
    upstream.has_seen(1).await;
    host.close_input().await;
    gate.open();
    assert!(!host.end(id).await.is_error());
    assert_eq!(host.exit_within(Duration::from_secs(6)).await, Some(0));
}

#[tokio::test]
async fn the_end_of_input_ends_a_call_that_hangs_too() {
    let upstream = Upstream::scripted([Reply::hang()]).await;
    let host = launch().at(&upstream).start().await;
    host.begin("get_contract", json!({ "contractId": "c" })).await;
    upstream.has_seen(1).await;
    host.close_input().await;
    assert_eq!(host.exit_within(Duration::from_secs(8)).await, Some(0));
}

#[tokio::test]
async fn a_signal_ends_it_cleanly_within_two_seconds() {
    for signal in ["TERM", "HUP"] {
        for busy in [false, true] {
            let upstream = Upstream::scripted([Reply::hang()]).await;
            let host = launch().at(&upstream).start().await;
            if busy {
                host.begin("get_contract", json!({ "contractId": "c" })).await;
                upstream.has_seen(1).await;
            }
            host.signal(signal);
            // Two seconds are promised; the rest is for a machine that is busy with other tests.
            assert_eq!(host.exit_within(Duration::from_secs(4)).await, Some(0), "{signal}, busy: {busy}");
        }
    }
}

#[tokio::test]
async fn a_signal_within_the_handshake_ends_it_cleanly() {
    let host = launch().bare();
    host.initialize().await;
    host.signal("TERM");
    assert_eq!(host.exit_within(Duration::from_secs(4)).await, Some(0));
}

#[tokio::test]
async fn an_interrupt_for_the_host_does_not_end_it() {
    let host = launch().start().await;
    host.signal("INT");
    assert!(!host.tools().await.is_empty());
    host.signal("INT");
    host.close_input().await;
    assert_eq!(host.exit_within(Duration::from_secs(6)).await, Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_with_its_host_despite_a_held_pipe() {
    use std::process::Stdio;

    let home = tempfile::tempdir().unwrap();
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", "exec 3<&0; \"$0\" <&3 & wait", env!("CARGO_BIN_EXE_opentrain-mcp")]);
    shell.env_clear().env("HOME", home.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    // The test holds both ends all the time: only the process that started the server goes.
    let mut input = shell.stdin.take().unwrap();
    let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
    input.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").await.unwrap();
    assert!(lines.next_line().await.unwrap().is_some());
    shell.kill().await.unwrap();
    let end = tokio::time::timeout(Duration::from_secs(20), lines.next_line()).await;
    assert!(end.expect("it goes on").unwrap().is_none());
}

#[tokio::test]
async fn without_a_token_calls_name_the_setting() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let host = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).start().await;
    for tool in host.tools().await {
        let name = tool["name"].as_str().unwrap();
        let entry = opentrain_mcp::tools::all().find(|entry| entry.facts.name == name).unwrap();
        if !entry.facts.gate.token {
            continue;
        }
        let answer = host.failed(name, crate::registry::plausible(&tool)).await;
        assert_eq!((answer.code(), &answer.error()["outcome"]), ("NOT_CONFIGURED", &json!("not_done")), "{name}");
        answer.says(&["OT_API_TOKEN", "Settings → API keys", "--sandbox", "\"env\""]);
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn starting_calls_nobody_binds_no_port_and_writes_no_file() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let starts = [launch().at(&upstream), launch().sandbox(crate::harness::free_port())];
    for start in starts {
        let before = files_below(start.home.path());
        let host = start.start().await;
        host.tools().await;
        assert_eq!(listening_sockets(host.pid()), 0, "a port is bound");
        assert_eq!(files_below(host.home.path()), before);
        host.close_input().await;
        assert_eq!(host.exit_within(Duration::from_secs(6)).await, Some(0));
        assert_eq!(files_below(host.home.path()), before);
    }
    assert_eq!(upstream.connections(), 0);
}

fn files_below(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        names.push(path.display().to_string());
        if path.is_dir() {
            names.extend(files_below(&path));
        }
    }
    names
}

/// How many sockets of this process listen, as the kernel tells it.
fn listening_sockets(pid: u32) -> usize {
    let own: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .filter_map(|entry| Some(std::fs::read_link(entry.ok()?.path()).ok()?.display().to_string()))
        .filter_map(|target| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let tables =
        ["tcp", "tcp6"].map(|name| std::fs::read_to_string(format!("/proc/{pid}/net/{name}")).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    let rows = rows.map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row[3] == "0A" && own.iter().any(|inode| inode == row[9])).count()
}

#[tokio::test]
async fn stdout_has_nothing_but_json_rpc_lines() {
    let upstream = Upstream::answering(|_, before| match before % 3 {
        0 => Reply::new(500, "<html>\n"),
        1 => Reply::json(400, &json!({ "error": "two\nlines", "code": "X" })),
        _ => Reply::json(200, &contracts(1)),
    })
    .await;
    let host = launch().at(&upstream).env("RUST_LOG", "trace").start().await;
    for _ in 0..3 {
        host.call("list_contracts", json!({})).await;
    }
    host.send_line("broken").await;
    let id = host.begin("no_such_tool", json!({})).await;
    host.reply_to(id).await;
    host.close_input().await;
    assert_eq!(host.exit_within(Duration::from_secs(6)).await, Some(0));
    for line in host.lines() {
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|fault| panic!("{fault}: {line:?}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
    }
}

#[tokio::test]
async fn no_log_and_no_process_list_shows_the_token() {
    for format in ["text", "json"] {
        let upstream = Upstream::answering(|request, before| match before {
            _ if request.is_write() => Reply::refusal(400, "BAD_REQUEST", &Value::Null),
            0 => Reply::refusal(401, "UNAUTHORIZED", &Value::Null),
            1 => Reply::reset(),
            _ => Reply::json(200, &contracts(1)),
        })
        .await;
        let start = launch().at(&upstream).env("RUST_LOG", "trace").args(["--log-format", format]);
        let host = start.start().await;
        for _ in 0..4 {
            host.call("list_contracts", json!({})).await;
        }
        host.call("create_milestone", json!({ "contractId": "c", "description": "d" })).await;
        let command = std::fs::read_to_string(format!("/proc/{}/cmdline", host.pid())).unwrap();
        host.close_input().await;
        host.exit_within(Duration::from_secs(6)).await;
        assert!(host.stderr().contains("list_contracts"), "the log is empty");
        assert!(!host.stderr().contains(SECRET), "{format}: the token is in the log");
        assert!(!command.contains(SECRET), "{command}");
        assert!(!host.lines().concat().contains(SECRET));
    }
}

#[tokio::test]
async fn the_log_is_quiet_and_json_on_request() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let host = launch().at(&upstream).start().await;
    host.done("list_contracts", json!({})).await;
    assert_eq!(host.stderr(), "");
    let host = launch().at(&upstream).env("RUST_LOG", "debug").args(["--log-format=json"]).start().await;
    host.done("list_contracts", json!({})).await;
    host.stderr_says("list_contracts").await;
    for line in host.stderr().lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object()), "{line}");
    }
}

#[tokio::test]
async fn a_ping_is_answered_while_the_sandbox_is_in_use() {
    let host = in_its_own_sandbox().await;
    assert!(host.notifications("notifications/message").is_empty());
    host.done("list_contracts", json!({})).await;
    assert_eq!(host.result_of("ping", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_host_that_never_reads_stderr_is_answered() {
    let upstream = Upstream::giving(&contracts(1)).await;
    let (mut command, _home) = launch().at(&upstream).env("RUST_LOG", "trace").into_command();
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let hello =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "a", "version": "1" } });
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello });
    input.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
    // Far more is logged of these than a pipe holds.
    for id in 1..=200 {
        let call = json!({ "name": "list_contracts", "arguments": {} });
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call });
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        input.write_all(format!("{initialized}\n{call}\n").as_bytes()).await.unwrap();
        let answered = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        assert!(answered.is_ok_and(|line| line.unwrap().is_some()), "no answer to {id}");
    }
}
