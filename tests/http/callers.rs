//! What each caller gets: its own tools, limits, name on the record, and texts.

use serde_json::{Value, json};

use crate::harness::launch::write_private;
use crate::harness::{Api, Reply, Upstream, contract, launch, record};
use crate::{server, terms};

const OWN: &str = "ot_pat_b0b0b0b0_0wns3cr3tpart11";

#[tokio::test]
async fn the_list_follows_the_key_and_headers_only_narrow() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let server = launch().at(&api.upstream).args(["--toolsets", "all"]).over_http().await;
    let all = server.agent("all", &[]).await;
    let few = server.agent("few", &["--read-only", "--toolsets", "contracts,webhooks"]).await;
    let tools = server.caller(&all).tools().await;
    for local in ["register_agent", "claim_account", "get_claim_status", "create_webhook"] {
        assert!(!tools.iter().any(|tool| tool == local), "{local} writes the operator's files");
    }
    assert!(tools.iter().any(|tool| tool == "list_webhooks") && tools.iter().any(|tool| tool == "create_milestone"));
    let expected = ["list_contracts", "get_contract", "list_webhooks", "get_webhook"];
    let mut listed = server.caller(&few).tools().await;
    listed.sort_unstable_by_key(|tool| expected.iter().position(|name| name == tool));
    assert_eq!(listed, expected);
    let loose = server.caller(&few).header("x-mcp-toolsets", "all").header("x-mcp-readonly", "false");
    assert_eq!(loose.tools().await.len(), 4);
    let refused =
        loose.ask("tools/call", json!({ "name": "end_contract", "arguments": { "contractId": "ctr_8Kq2" } })).await;
    assert!(refused.to_string().contains("read-only"), "{refused}");
    let tight =
        server.caller(&all).header("x-mcp-tools", "get_contract, end_contract").header("x-mcp-readonly", "true");
    assert_eq!(tight.tools().await, ["get_contract"]);
    let none = server.caller(&few).header("x-mcp-tools", "create_milestone");
    assert!(none.tools().await.is_empty());
    for (header, value) in [("x-mcp-toolsets", "nothing"), ("x-mcp-tools", "no_such_tool")] {
        let response = server.caller(&all).header(header, value).asking("tools/list", json!({})).send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert!(response.text().await.unwrap().contains("there"), "{header}");
    }
    assert_eq!(api.upstream.requests().len(), 0);
}

#[tokio::test]
async fn each_agent_has_its_own_sum_and_name() {
    let (api, server) = server().await;
    let (one, two) = (server.agent("one", &["--max-day-usd", "100"]).await, server.agent("two", &[]).await);
    let create = |key: &str, name: &str, amount| {
        let caller = server.caller(key);
        let terms = terms(name, amount);
        async move { caller.call("create_milestone", terms).await }
    };
    assert!(!create(&one, "a", 60).await.is_error());
    assert!(!create(&two, "b", 600).await.is_error());
    let over = create(&one, "c", 60).await;
    assert_eq!(over.error()["reason"], "over_limit", "{}", over.0);
    assert!(!create(&one, "d", 40).await.is_error());
    assert_eq!(api.creates(), 3);
    let lines = record(&server.home.path().join(".local/state/opentrain-mcp/record.jsonl"));
    let names: Vec<(&Value, &Value)> = lines
        .iter()
        .filter(|line| line["phase"] == "before")
        .map(|line| (&line["principal"], &line["account"]))
        .collect();
    assert!(names.iter().all(|(_, account)| *account == "c3f9aa01"), "{names:?}");
    assert_eq!(names.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["one", "two", "one"]);
    assert_eq!(lines[0]["client"], "tester 1");
}

#[tokio::test]
async fn two_agents_of_one_account_create_one_milestone() {
    let (api, server) = server().await;
    let (one, two) = (server.agent("one", &[]).await, server.agent("two", &[]).await);
    let (one, two) = (server.caller(&one), server.caller(&two));
    let (first, second) =
        tokio::join!(one.call("create_milestone", terms("a", 60)), two.call("create_milestone", terms("a", 60)));
    let mut outcomes = [&first, &second].map(|answer| answer.structured()["outcome"].as_str().unwrap().to_owned());
    outcomes.sort();
    assert_eq!((api.creates(), outcomes), (1, ["created".into(), "existing".into()]));
}

#[tokio::test]
async fn a_callers_own_token_is_used_for_its_request_only() {
    let api = Api::of([contract("ctr_8Kq2", &[])]).await;
    let server = launch().at(&api.upstream).args(["--accept-opentrain-tokens"]).over_http().await;
    let agent = server.agent("ci", &[]).await;
    let own = server.caller(OWN).call("list_contracts", json!({})).await;
    assert!(!own.is_error());
    server.caller(&agent).call("list_contracts", json!({})).await;
    let sent: Vec<String> =
        api.upstream.requests().iter().map(|request| request.header("authorization").join(",")).collect();
    assert_eq!(sent, [format!("Bearer {OWN}"), "Bearer ot_pat_c3f9aa01_s3cr3tpart99zz".into()]);
    server.caller(OWN).call("create_milestone", terms("a", 5)).await;
    let lines = record(&server.home.path().join(".local/state/opentrain-mcp/record.jsonl"));
    let principal = lines[0]["principal"].as_str().unwrap();
    assert!(principal.starts_with("b0b0b0b0~"), "a public id alone could be forged: {principal}");
}

#[tokio::test]
async fn a_refused_own_token_brings_no_other_one() {
    let upstream = Upstream::scripted([Reply::refusal(401, "unauthorized", &Value::Null)]).await;
    let launch = launch().env("OPENTRAIN_API_BASE_URL", &upstream.origin).args(["--accept-opentrain-tokens"]);
    let stored = json!({ "apiToken": "ot_pat_f11e_st0r3dt0k3n99", "claimToken": "ot_clm_f11e_cl41mt0k3n9",
                         "baseUrl": upstream.origin });
    let path = launch.credential_path();
    write_private(&path, &stored.to_string());
    let server = launch.over_http().await;
    let answer = server.caller(OWN).call("list_contracts", json!({})).await;
    assert!(answer.is_error());
    let request = upstream.only_request();
    assert_eq!(request.header("authorization"), [format!("Bearer {OWN}")]);
    let said = answer.0.to_string();
    assert!(
        said.contains("client's settings") && !said.contains("OT_API_TOKEN") && !said.contains("cli.json"),
        "{said}"
    );
}

#[tokio::test]
async fn texts_send_an_agent_to_whoever_runs_the_server() {
    let upstream = Upstream::answering(|request, _| match request.path() {
        "/api/public/v1/contracts" => Reply::refusal(401, "unauthorized", &Value::Null),
        _ => Reply::new(302, ""),
    })
    .await;
    let server = launch().at(&upstream).over_http().await;
    let key = server.agent("ci", &[]).await;
    for (tool, arguments) in [("list_contracts", json!({})), ("get_credits", json!({})), ("get_auth_status", json!({}))]
    {
        let answer = server.caller(&key).call(tool, arguments).await;
        let said = answer.0.to_string();
        assert!(said.contains("sk whoever runs this server"), "{said}");
        for word in ["OT_API", "OPENTRAIN_", "--sandbox", "restart"] {
            assert!(!said.contains(word), "{word}: {said}");
        }
    }
}
