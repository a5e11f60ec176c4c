//! `check --live`: every tool that reads is called once, and what differs is told without a value.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::launch::binary;
use crate::harness::{Launch, Ran, Reply, Upstream, launch};

/// The sandbox in a process of its own: for `check` an API like any other.
struct OpenTrain {
    process: Child,
    address: String,
    /// Tokens of other roles, as its greeting lists them.
    tokens: Vec<String>,
}

impl OpenTrain {
    fn start() -> Self {
        let mut process = Command::new(binary())
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut address, mut tokens) = (String::new(), Vec::new());
        for line in BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let words = line.split(|mark: char| mark.is_whitespace() || "`'\"=,".contains(mark));
            tokens.extend(words.clone().filter(|word| word.starts_with("ot_pat_")).map(str::to_owned));
            if address.is_empty() {
                let found = words.clone().find_map(|word| word.strip_prefix("http://")).unwrap_or_default();
                found.trim_end_matches('/').clone_into(&mut address);
            }
            if line.starts_with("Stop it") {
                break;
            }
        }
        Self { process, address, tokens }
    }

    fn token(&self, role: &str) -> &str {
        self.tokens.iter().find(|token| token.contains(role)).unwrap_or_else(|| panic!("{role}: {:?}", self.tokens))
    }

    /// An API that passes reads on to this one, and changes the answers.
    async fn behind(&self, change: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Upstream {
        let address = self.address.clone();
        Upstream::answering(move |request, _| {
            assert!(!request.is_write(), "{} {}", request.method, request.target);
            let token = request.header("authorization").first().map(|token| (*token).to_owned());
            let (status, body) = get(&address, &request.target, token.as_deref().unwrap_or_default());
            let mut body: Value = serde_json::from_str(&body).unwrap();
            change(request.path().trim_start_matches("/api/public/v1"), &mut body);
            Reply::json(status, &body)
        })
        .await
    }
}

impl Drop for OpenTrain {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One read over a connection of its own.
fn get(address: &str, target: &str, authorization: &str) -> (u16, String) {
    let mut connection = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn live(server: Launch) -> Ran {
    server.args(["check", "--live"]).run().await
}

/// The report on one tool.
fn of<'a>(ran: &'a Ran, tool: &str) -> &'a str {
    let begins = format!("\n{tool}: ");
    let rest = ran.stdout.split(&begins).nth(1).unwrap_or_else(|| panic!("no {tool}: {}", ran.stdout));
    let ends = rest.match_indices('\n').find(|(place, _)| !rest[*place..].starts_with("\n    "));
    ends.map_or(rest, |(place, _)| &rest[..place])
}

#[tokio::test]
async fn the_sandbox_is_as_assumed() {
    let ran = live(launch().args(["--sandbox", "--sandbox-port", "0"])).await;
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let listed = launch().args(["--toolsets", "all", "tools", "--json"]).run().await.json();
    let listed = listed["tools"].as_array().unwrap();
    let reads = listed.iter().filter(|tool| tool["annotations"]["readOnlyHint"] == true);
    for tool in reads {
        let report = of(&ran, tool["name"].as_str().unwrap());
        assert!(report.starts_with("as assumed") || report.starts_with("not tried: no answer has"), "{report}");
    }
    for called in ["get_contract", "get_proposal", "get_job", "get_freelancer_profile", "read_messages", "get_team"] {
        assert_eq!(of(&ran, called), "as assumed");
    }
    assert!(ran.stdout.contains("Nothing was written") && ran.stdout.contains("/issues"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("create_milestone"), "{}", ran.stdout);
}

#[tokio::test]
async fn differences_are_told_without_values() {
    let open_train = OpenTrain::start();
    let upstream = open_train
        .behind(|path, body| match path {
            "/contracts" => {
                for contract in body["contracts"].as_array_mut().unwrap() {
                    contract["currencyCode"] = "EUR".into();
                    contract["maria@example.org"] = 1.into();
                    contract["rateUsd"] = "12.50".into();
                    contract["createdAt"] = "in spring".into();
                    contract.as_object_mut().unwrap().remove("title");
                }
            }
            "/credits" => *body = serde_json::json!({ "credits": "many" }),
            "/team" => *body = serde_json::json!([1, 2]),
            _ => {}
        })
        .await;
    let ran = live(launch().base(&upstream.origin).env("OT_API_TOKEN", open_train.token("sandboxowner"))).await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    let report = of(&ran, "list_contracts");
    for line in [
        "DIFFERENT",
        "new         contracts[].currencyCode: text",
        "new         contracts[].*: a number",
        "other kind  contracts[].rateUsd: a number as text, not number",
        "other form  contracts[].createdAt: text, not a moment",
        "missing     contracts[].title",
    ] {
        assert!(report.contains(line), "{line}: {report}");
    }
    assert_eq!(of(&ran, "get_contract"), "as assumed");
    for unreadable in ["get_credits", "get_team"] {
        assert_eq!(of(&ran, unreadable), "FAILED: HTTP 200 BAD_RESPONSE");
    }
    for value in ["EUR", "12.5", "spring", "many", "maria", "Maria", "ctr_", "prp_", "Mira", "127.0.0.1", "ot_pat_"] {
        assert!(!ran.stdout.contains(value), "{value}: {}", ran.stdout);
    }
    assert!(upstream.requests().iter().all(|request| request.method == "GET"));
    assert!(ran.stdout.contains("another base URL"), "{}", ran.stdout);
}

#[tokio::test]
async fn what_the_token_may_not_read_is_not_called() {
    let open_train = OpenTrain::start();
    let upstream = open_train
        .behind(|path, body| {
            if path == "/auth/me" {
                body["token"]["scopes"] = serde_json::json!(["payments:read"]);
            }
        })
        .await;
    let ran = live(launch().base(&upstream.origin).env("OT_API_TOKEN", open_train.token("sandboxowner"))).await;
    assert!(of(&ran, "list_proposals").contains("not tried: the token lacks proposals:read"), "{}", ran.stdout);
    let called = |path: &str| upstream.requests().iter().any(|request| request.path().contains(path));
    assert!(called("/contracts") && !called("/proposals") && !called("/webhooks"));

    let refused = live(launch().base(&upstream.origin).env("OT_API_TOKEN", "ot_pat_no_body")).await;
    assert_eq!(refused.status, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("token") && refused.stdout.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn nothing_of_a_misbehaving_api_is_in_the_report() {
    let open_train = OpenTrain::start();
    let token = open_train.token("sandboxowner").to_owned();
    let address = open_train.address.clone();
    let told = token.clone();
    let upstream = Upstream::answering(move |request, _| {
        let authorization =
            request.header("authorization").first().map(|token| (*token).to_owned()).unwrap_or_default();
        let path = request.path().trim_start_matches("/api/public/v1");
        let refused = |details: &Value| Reply::refusal(400, &told, details);
        let (status, body) = get(&address, &request.target, &authorization);
        let mut body: Value = serde_json::from_str(&body).unwrap();
        match path {
            // The token as code, as reason, as field, inside a field, in a page, and as the place of a redirect.
            "/credits" => refused(&serde_json::json!({ "reason": told, "Maria Garcia": "maria@example.org" })),
            "/credits/ledger" => {
                Reply::json(200, &serde_json::json!({ &told: { &told: 1 }, "entries": [{ &told: [&told] }] }))
            }
            "/jobs/mine" => {
                Reply::new(200, format!("<html>{told} Maria Garcia</html>")).header("Content-Type", "text/html")
            }
            "/updates" => Reply::new(302, "").header("Location", &format!("http://127.0.0.1:9/{told}")),
            "/messages" => Reply::reset(),
            "/team" => Reply::new(500, told.clone()),
            "/contracts" => {
                for contract in body["contracts"].as_array_mut().unwrap() {
                    contract[&told] = serde_json::json!({ "Maria Garcia": 1, &told: 2 });
                    contract["title"] = serde_json::json!({ "Maria Garcia": [&told] });
                    contract["status"] = Value::from(told.as_str());
                }
                Reply::json(status, &body)
            }
            _ => Reply::json(status, &body),
        }
    })
    .await;
    let ran =
        live(launch().base(&upstream.origin).env("OT_API_TOKEN", &token).env("RUST_LOG", "opentrain_mcp=debug")).await;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    for failed in ["get_credits", "list_jobs", "poll_updates", "list_conversations", "get_team"] {
        assert!(of(&ran, failed).starts_with("FAILED"), "{}", ran.stdout);
    }
    for different in ["list_contracts", "list_credit_ledger"] {
        assert!(of(&ran, different).starts_with("DIFFERENT"), "{}", ran.stdout);
    }
    let secret = token.rsplit('_').next().unwrap();
    for value in [secret, "Garcia", "maria@", "html", "127.0.0.1"] {
        assert!(!ran.stdout.contains(value), "{value}: {}", ran.stdout);
    }
    assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    assert!(upstream.requests().iter().all(|request| request.method == "GET"), "it wrote something");
}
