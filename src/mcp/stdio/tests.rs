//! The transport in memory: lines of a host on one side, a small handler behind rmcp on the other.

use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::{RequestContext, ServiceExt};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, duplex};
use tokio_util::sync::CancellationToken;

use super::front::Front;
use super::presence::Presence;

/// Returns its arguments; the tool `hang` never answers.
struct Echo;

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::default())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if request.name == "hang" {
            std::future::pending::<()>().await;
        }
        let text = if request.name == "large" { "x".repeat(100_000) } else { json!(request.arguments).to_string() };
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

struct Talk {
    input: DuplexStream,
    output: Lines<BufReader<DuplexStream>>,
    served: tokio::task::JoinHandle<()>,
}

impl Talk {
    /// A host whose server has just started.
    fn start() -> Self {
        let (input, read) = duplex(64 * 1024);
        let (written, output) = duplex(64 * 1024);
        let front = Front::new(read, written, Presence::unknown(), CancellationToken::new());
        let served = tokio::spawn(async move {
            drop(Echo.serve(front).await.expect("the conversation began").waiting().await);
        });
        Self { input, output: BufReader::new(output).lines(), served }
    }

    /// A host that has completed the handshake of this revision.
    async fn begun(revision: &str) -> Self {
        let mut talk = Self::start();
        let result = talk.ask(&initialize(revision)).await;
        assert_eq!(result["result"]["protocolVersion"], revision, "{result}");
        talk.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        talk
    }

    async fn say(&mut self, line: impl AsRef<[u8]>) {
        self.input.write_all(line.as_ref()).await.unwrap();
        self.input.write_all(b"\n").await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(10), self.output.next_line()).await;
        serde_json::from_str(&line.expect("no answer").unwrap().expect("the server has ended")).unwrap()
    }

    async fn ask(&mut self, line: impl AsRef<[u8]>) -> Value {
        self.say(line).await;
        self.hear().await
    }

    /// Calls `echo` and returns the echoed arguments.
    async fn echoed(&mut self, call: &str) -> Value {
        let answer = self.ask(call).await;
        serde_json::from_str(answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}")))
            .unwrap()
    }
}

fn initialize(revision: &str) -> String {
    let client = json!({ "name": "test", "version": "1" });
    let params = json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params }).to_string()
}

fn call(id: &str, tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{}}}}}}"#)
}

const NEWEST: &str = "2025-11-25";

#[tokio::test]
async fn each_broken_message_is_answered_under_its_id() {
    let mut talk = Talk::begun(NEWEST).await;
    let deep = format!(
        r#"{{"id":8,"jsonrpc":"2.0","method":"ping","params":{{"x":{}{}}}}}"#,
        "[".repeat(300),
        "]".repeat(300)
    );
    for (line, id, code) in [
        ("no JSON", json!(null), -32700),
        (r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"arguments":{},}}"#, json!(5), -32700),
        (r#"{"jsonrpc":"2.0","id":"#, json!(null), -32700),
        ("[]", json!(null), -32600),
        ("null", json!(null), -32600),
        ("{}", json!(null), -32600),
        (r#"{"jsonrpc":"2.0","id":6}"#, json!(6), -32600),
        (r#"{"jsonrpc":"1.0","id":7,"method":"tools/list"}"#, json!(7), -32600),
        (r#"{"jsonrpc":"2.0","id":true,"method":"tools/list"}"#, json!(true), -32600),
        (r#"{"jsonrpc":"2.0","id":7,"method":5}"#, json!(7), -32600),
        (r#"{"jsonrpc":"2.0","id":"two","method":"ping","id":"two"}"#, json!("two"), -32600),
        (&deep, json!(8), -32600),
        (r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":"echo"}"#, json!(9), -32602),
        (r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":5}}"#, json!(9), -32602),
        (r#"{"jsonrpc":"2.0","id":9,"method":"tools/call"}"#, json!(9), -32602),
        (
            r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"echo","arguments":"{}"}}"#,
            json!(9),
            -32602,
        ),
        (r#"{"jsonrpc":"2.0","id":9,"method":"tools/list","params":{"_meta":7}}"#, json!(9), -32602),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"resources/list"}"#, json!(1.5), -32601),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/burn","params":{"x":1}}"#, json!(1), -32601),
    ] {
        let answer = talk.ask(line).await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(code)), "{line}: {answer}");
    }
    assert!(talk.ask(call("1", "echo")).await["result"].is_object(), "the conversation goes on");
}

#[tokio::test]
async fn an_unknown_method_is_named() {
    let mut talk = Talk::begun(NEWEST).await;
    for method in ["resources/list", "prompts/list", "logging/setLevel", "tasks/get", "no/such"] {
        let answer = talk.ask(json!({ "jsonrpc": "2.0", "id": 1, "method": method }).to_string()).await;
        assert_eq!(answer["error"]["message"], format!("method not found: {method}"), "{answer}");
    }
}

#[tokio::test]
async fn an_id_comes_back_as_it_was_sent() {
    let mut talk = Talk::begun(NEWEST).await;
    for id in ["0", "-1", "1.50", "1e3", "9007199254740993", "18446744073709551615", r#""""#, r#""7""#, r#""ü 😀""#]
    {
        for line in [call(id, "echo"), format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)] {
            let answer = talk.ask(&line).await;
            assert_eq!(answer["id"], serde_json::from_str::<Value>(id).unwrap(), "{answer}");
            assert!(answer["result"].is_object(), "{answer}");
        }
    }
}

#[tokio::test]
async fn two_requests_with_one_id_get_two_answers() {
    let mut talk = Talk::begun(NEWEST).await;
    talk.say(format!("{}\n{}", call("7", "echo"), call("7", "echo"))).await;
    assert_eq!((&talk.hear().await["id"], &talk.hear().await["id"]), (&json!(7), &json!(7)));
}

#[tokio::test]
async fn a_cancelled_request_gets_no_answer_and_others_do() {
    let mut talk = Talk::begun(NEWEST).await;
    talk.say(call("8", "hang")).await;
    talk.say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":8}}"#).await;
    talk.say(call(r#""8""#, "echo")).await;
    assert_eq!(talk.hear().await["id"], "8");
}

#[tokio::test]
async fn what_can_be_mended_is_carried_out() {
    let mut talk = Talk::begun(NEWEST).await;
    let half =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":"half \ud83d"}}}"#;
    assert_eq!(talk.echoed(half).await, json!({ "a": "half \u{fffd}" }));
    let marked = format!("\u{feff}{}\r", call("2", "echo"));
    assert_eq!(talk.echoed(&marked).await, json!({}));
    let php = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo","arguments":[],"_meta":null}}"#;
    assert_eq!(talk.echoed(php).await, json!(null));
    let exact = r#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"echo","arguments":{"a":300.10,"b":18446744073709551616}}}"#;
    assert_eq!(talk.echoed(exact).await.to_string(), r#"{"a":300.10,"b":18446744073709551616}"#);
    assert!(talk.ask(r#"{"jsonrpc":"2.0","id":5,"method":"tools/list","params":[]}"#).await["result"].is_object());
}

#[tokio::test]
async fn nothing_before_initialize_ends_the_server() {
    let mut talk = Talk::start();
    for line in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
        r#"{"jsonrpc":"2.0","id":0,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"x"}}"#,
    ] {
        talk.say(line).await;
    }
    for line in [
        call("1", "echo"),
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.into(),
        format!("[{}]", call("1", "echo")),
    ] {
        let answer = talk.ask(&line).await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(-32600)), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("initialize"), "{answer}");
    }
    assert_eq!(talk.ask(r#"{"jsonrpc":"2.0","id":2,"method":"ping","params":[]}"#).await["result"], json!({}));
    let found = talk.ask(r#"{"jsonrpc":"2.0","id":3,"method":"server/discover"}"#).await;
    assert!(found["result"]["supportedVersions"].is_array(), "{found}");
    let answer =
        talk.ask(r#"{"jsonrpc":"2.0","id":4,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#).await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(4), &json!(-32602)), "{answer}");
    assert!(talk.ask(initialize(NEWEST)).await["result"].is_object());
}

#[tokio::test]
async fn a_request_of_the_newest_revision_needs_no_initialize() {
    let mut talk = Talk::start();
    let with = |id: &str, revision: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"{revision}","io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
        )
    };
    assert!(talk.ask(with("1", "2099-01-01")).await["error"]["data"]["supported"].is_array());
    talk.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
    assert_eq!(talk.ask(with("2", "2026-07-28")).await["result"]["resultType"], "complete");
    assert_eq!(talk.ask(r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#).await["result"], json!({}));
}

#[tokio::test]
async fn a_batch_is_answered_as_one_where_batches_exist() {
    let mut talk = Talk::begun("2025-03-26").await;
    let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let ping = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
    let answers = talk.ask(format!("[{},{note},{ping},7,{}]", call("1", "echo"), call("2", "no"))).await;
    let mut ids: Vec<String> = answers.as_array().unwrap().iter().map(|answer| answer["id"].to_string()).collect();
    ids.sort();
    assert_eq!(ids, ["\"p\"", "1", "2", "null"]);
    // A batch without a request gets no answer, and a cancelled request does not delay its batch.
    talk.say(format!("[{note}]")).await;
    talk.say(format!("[{ping},{}]", call("3", "hang"))).await;
    talk.say(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#).await;
    assert_eq!(talk.hear().await, json!([{ "jsonrpc": "2.0", "id": "p", "result": {} }]));
}

#[tokio::test]
async fn other_revisions_refuse_each_request_of_a_batch() {
    let mut talk = Talk::begun(NEWEST).await;
    talk.say(format!("[{},{}]", call("1", "echo"), call("2", "echo"))).await;
    for id in [1, 2] {
        let answer = talk.hear().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32600)), "{answer}");
    }
}

#[tokio::test]
async fn a_line_over_the_limit_is_answered_under_its_id() {
    let mut talk = Talk::begun(NEWEST).await;
    let long = "x".repeat(super::lines::LONGEST);
    let answer = talk.ask(format!(r#"{{"method":"ping","params":{{"x":"{long}"}},"jsonrpc":"2.0","id":3}}"#)).await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(3), &json!(-32600)), "{answer}");
    assert!(talk.ask(call("4", "echo")).await["result"].is_object());
}

#[tokio::test]
async fn a_host_that_does_not_read_is_not_read_either() {
    let mut talk = Talk::begun(NEWEST).await;
    let line = format!("{}\n", call("1", "large"));
    let mut taken = 0;
    while tokio::time::timeout(Duration::from_millis(300), talk.input.write_all(line.as_bytes())).await.is_ok() {
        taken += 1;
        assert!(taken < 5_000, "everything is taken, and nothing was read");
    }
    for _ in 0..taken {
        assert_eq!(talk.hear().await["id"], 1);
    }
}

#[tokio::test]
async fn the_end_of_input_ends_the_server_although_nobody_reads() {
    let Talk { mut input, output, served } = Talk::begun(NEWEST).await;
    for _ in 0..3 {
        input.write_all(format!("{}\n", call("1", "large")).as_bytes()).await.unwrap();
    }
    drop(input);
    tokio::time::timeout(Duration::from_secs(8), served).await.expect("it goes on").unwrap();
    drop(output);
}

#[tokio::test]
async fn a_host_that_cannot_be_written_to_has_gone() {
    let Talk { mut input, output, served } = Talk::begun(NEWEST).await;
    drop(output);
    input.write_all(format!("{}\n", call("1", "echo")).as_bytes()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(8), served).await.expect("it goes on").unwrap();
}
