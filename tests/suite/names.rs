//! The names by which a tool can be called: its own, with the operator's prefix, and OpenTrain's own server's.

use serde_json::{Value, json};

use crate::harness::{Host, Reply, TOKEN, Upstream, claim_required, every, launch};

/// The tools of OpenTrain's own MCP server (reference: mcp/tools), with ours that does the same.
const OFFICIAL: [(&str, &str); 41] = [
    ("opentrain_register_agent", "register_agent"),
    ("opentrain_claim_account", "claim_account"),
    ("opentrain_claim_status", "get_claim_status"),
    ("opentrain_auth_status", "get_auth_status"),
    ("opentrain_capabilities", "get_capabilities"),
    ("opentrain_create_job_draft", "create_job_draft"),
    ("opentrain_update_job_draft_fields", "update_job_draft"),
    ("opentrain_publish_job", "publish_job"),
    ("opentrain_update_published_job", "update_job"),
    ("opentrain_close_job", "close_job"),
    ("opentrain_list_jobs", "list_jobs"),
    ("opentrain_search_jobs", "search_jobs"),
    ("opentrain_list_proposals", "list_proposals"),
    ("opentrain_get_proposal", "get_proposal"),
    ("opentrain_get_freelancer_profile", "get_freelancer_profile"),
    ("opentrain_invite_freelancer", "invite_freelancer"),
    ("opentrain_hire_proposal", "hire_proposal"),
    ("opentrain_read_messages", "list_conversations"),
    ("opentrain_send_message", "send_message"),
    ("opentrain_start_proposal_conversation", "start_proposal_conversation"),
    ("opentrain_list_contracts", "list_contracts"),
    ("opentrain_get_contract", "get_contract"),
    ("opentrain_create_milestone", "create_milestone"),
    ("opentrain_request_milestone_funding", "request_milestone_funding"),
    ("opentrain_request_milestone_approval", "request_milestone_approval"),
    ("opentrain_get_approval", "get_approval"),
    ("opentrain_end_contract", "end_contract"),
    ("opentrain_get_credits", "get_credits"),
    ("opentrain_list_credit_ledger", "list_credit_ledger"),
    ("opentrain_create_credit_top_up", "create_credit_top_up"),
    ("opentrain_get_credit_top_up", "get_credit_top_up"),
    ("opentrain_poll_updates", "poll_updates"),
    ("opentrain_create_webhook", "create_webhook"),
    ("opentrain_list_webhooks", "list_webhooks"),
    ("opentrain_get_webhook", "get_webhook"),
    ("opentrain_delete_webhook", "delete_webhook"),
    ("opentrain_list_tokens", "list_tokens"),
    ("opentrain_revoke_token", "revoke_token"),
    ("opentrain_get_team", "get_team"),
    ("opentrain_invite_team_member", "invite_team_member"),
    ("opentrain_list_pending_payments", "list_pending_payments"),
];

/// Listed only where the operator asks for them, each with its family.
const ON_REQUEST: [(&str, &[&str]); 3] = [
    ("team", &["get_team", "invite_team_member"]),
    ("tokens", &["list_tokens", "revoke_token"]),
    ("webhooks", &["create_webhook", "delete_webhook", "get_webhook", "list_webhooks"]),
];

fn names(tools: &[Value]) -> Vec<String> {
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// An API that knows nothing of what it is asked for.
async fn empty_api() -> Upstream {
    Upstream::scripted([Reply::refusal(404, "NOT_FOUND", &Value::Null)]).await
}

/// Whether the call was taken for one of a tool, whatever came of it.
async fn is_known(host: &Host, name: &str) -> bool {
    let id = host.begin(name, json!({})).await;
    let message = host.reply_to(id).await;
    assert!(message["error"].is_null() || message["error"]["code"] == -32602, "{name}: {message}");
    message["error"].is_null()
}

#[tokio::test(start_paused = true)]
async fn official_tool_names_call_our_tools() {
    let upstream = empty_api().await;
    for prefix in [None, Some("ot_")] {
        let mut server = launch().at(&upstream).without_guard().args(["--toolsets", "all"]);
        server = server.args(prefix.iter().flat_map(|prefix| ["--tool-prefix", *prefix]));
        let host = server.in_memory().await;
        for (official, ours) in OFFICIAL {
            let theirs = host.call(official, json!({})).await;
            let same = host.call(&format!("{}{ours}", prefix.unwrap_or_default()), json!({})).await;
            assert_eq!(theirs.0, same.0, "{official} and {ours}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_official_name_sends_what_the_tool_sends() {
    let upstream = empty_api().await;
    let host = launch().at(&upstream).without_guard().in_memory().await;
    host.call("opentrain_get_contract", json!({ "contractId": "ctr_8Kq2" })).await;
    host.call("opentrain_auth_status", json!({})).await;
    host.call("opentrain_capabilities", json!({})).await;
    let sent: Vec<String> = upstream.requests().iter().map(|request| request.target.clone()).collect();
    assert_eq!(
        sent,
        ["/api/public/v1/contracts/ctr_8Kq2", "/api/public/v1/auth/me", "/api/public/v1/job-drafts/capabilities"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_official_message_tool_is_two_of_ours() {
    let upstream = empty_api().await;
    let host = launch().at(&upstream).without_guard().in_memory().await;
    for arguments in [json!({}), json!({ "limit": 5 }), json!({ "conversationId": "cnv_1", "limit": 5 })] {
        let ours = if arguments["conversationId"].is_null() { "list_conversations" } else { "read_messages" };
        let same = host.call(ours, arguments.clone()).await;
        assert_eq!(host.call("opentrain_read_messages", arguments.clone()).await.0, same.0, "{arguments}");
    }
    let sent: Vec<String> =
        upstream.requests().iter().map(|request| request.query().unwrap_or("").to_owned()).collect();
    assert_eq!(sent, ["", "", "limit=5", "limit=5", "conversationId=cnv_1&limit=5", "conversationId=cnv_1&limit=5"]);
    let none_named = host.call("opentrain_read_messages", json!({ "conversationId": null })).await;
    assert_eq!(none_named.0, host.call("list_conversations", json!({})).await.0, "null means not given");
}

#[tokio::test(start_paused = true)]
async fn official_names_are_never_listed() {
    let listed =
        names(&launch().env("OT_API_TOKEN", TOKEN).args(["--toolsets", "all"]).in_memory().await.tools().await);
    for (official, ours) in OFFICIAL {
        assert!(!listed.iter().any(|name| name == official), "{official} is listed");
        assert!(listed.iter().any(|name| name == ours), "{ours} is not listed");
    }
}

#[tokio::test(start_paused = true)]
async fn an_official_name_goes_no_further_than_what_is_listed() {
    let upstream = empty_api().await;
    let host = launch().at(&upstream).args(["--toolsets", "contracts"]).in_memory().await;
    assert!(is_known(&host, "opentrain_list_contracts").await);
    let before = upstream.requests().len();
    for name in ["opentrain_get_credits", "opentrain_list_tokens", "opentrain_create_milestone", "opentrain_nothing"] {
        assert!(!is_known(&host, name).await, "{name}");
    }
    let host = launch().at(&upstream).args(["--read-only"]).in_memory().await;
    let refused = host.failed("opentrain_create_milestone", json!({ "contractId": "c", "description": "d" })).await;
    assert_eq!(refused.error()["reason"], "read_only");
    assert_eq!(upstream.requests().len(), before, "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn a_partial_tool_name_is_unknown() {
    let upstream = empty_api().await;
    let host = launch().at(&upstream).args(["--tool-prefix", "ot_"]).in_memory().await;
    for name in [
        "opentrain_",
        "opentrain_opentrain_list_contracts",
        "OPENTRAIN_list_contracts",
        "opentrain_ot_list_contracts",
        "ot_ot_list_contracts",
        "ot_",
        "ot_opentrain_list_contracts",
        "Ot_list_contracts",
        "ot_list_contracts ",
        "",
    ] {
        assert!(!is_known(&host, name).await, "{name:?}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn families_that_reach_outside_are_listed_only_on_request() {
    let plain = names(&launch().env("OT_API_TOKEN", TOKEN).in_memory().await.tools().await);
    let all = launch().env("OT_API_TOKEN", TOKEN).args(["--toolsets", "all"]).in_memory().await;
    let all = names(&all.tools().await);
    let mut on_request = Vec::new();
    for (family, tools) in ON_REQUEST {
        let host = launch().env("OT_API_TOKEN", TOKEN).args(["--toolsets", family]).in_memory().await;
        let mut listed = names(&host.tools().await);
        listed.sort();
        assert_eq!(listed, tools, "{family}");
        for tool in tools {
            assert!(!plain.iter().any(|name| name == tool), "{tool} is listed without being asked for");
            assert!(all.iter().any(|name| name == tool), "{tool} is not among all");
        }
        on_request.extend_from_slice(tools);
    }
    assert_eq!(plain.len() + on_request.len(), all.len(), "all others are listed");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_listed_cannot_be_called() {
    let upstream = empty_api().await;
    let host = launch().at(&upstream).in_memory().await;
    for (_, tools) in ON_REQUEST {
        for tool in tools {
            assert!(!is_known(&host, tool).await, "{tool}");
            assert!(!is_known(&host, &format!("opentrain_{tool}")).await, "opentrain_{tool}");
        }
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_is_not_listed_is_not_named_in_any_text() {
    let upstream = empty_api().await;
    let host = launch().at(&upstream).bare();
    let texts = spoken(&host).await;
    for (_, tools) in ON_REQUEST {
        for (text, tool) in texts.iter().flat_map(|text| tools.iter().map(move |tool| (text, tool))) {
            assert!(!has_word(text, tool), "{tool} cannot be called, and is named: {text}");
        }
    }
}

/// Every text that a model reads before it calls anything, and then what the tools say to empty calls.
async fn spoken(host: &Host) -> Vec<String> {
    let mut texts = vec![host.shake_hands().await["instructions"].as_str().unwrap().to_owned()];
    let tools = host.tools().await;
    for tool in &tools {
        texts.push(tool["description"].as_str().unwrap().to_owned());
        texts.extend(tool["title"].as_str().map(str::to_owned));
    }
    for name in names(&tools) {
        let calls = [
            json!({}),
            json!({ "contractId": "ctr_no" }),
            json!({ "contractId": "c", "description": "d", "amountUsd": 1 }),
            json!({ "milestoneId": "ms_no" }),
            json!({ "approvalId": "apr_no", "timeoutSeconds": 0 }),
            json!({ "jobId": "job_no" }),
            json!({ "proposalId": "prp_no" }),
            json!({ "email": "mira@example.com" }),
        ]
        .map(|arguments| host.call(&name, arguments));
        texts.extend(futures::future::join_all(calls).await.iter().map(|answer| answer.0.to_string()));
    }
    texts
}

/// Whether `name` stands in `text` as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(place, _)| {
        let before = text[..place].chars().next_back();
        let after = text[place + name.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

/// The tools' own names, where they are not those under which they are listed.
fn unlisted<'a>(bare: &'a [String], texts: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let both = texts.iter().flat_map(|text| bare.iter().map(move |name| (name.as_str(), text.as_str())));
    both.filter(|(name, text)| has_word(text, name)).collect()
}

/// Says that each tool goes by its prefixed name in every text.
async fn names_only_prefixed_tools(upstream: &Upstream) {
    let bare = names(&launch().at(upstream).args(["--toolsets", "all"]).in_memory().await.tools().await);
    let host = launch().at(upstream).without_guard().args(["--toolsets", "all", "--tool-prefix", "ot_"]).bare();
    assert_eq!(unlisted(&bare, &spoken(&host).await), []);
}

#[tokio::test(start_paused = true)]
async fn closed_tools_are_told_by_their_listed_names() {
    let me = json!({ "actor": { "fullName": "Mira Chen" }, "token": { "scopes": ["jobs:read"] } });
    let upstream = Upstream::scripted([Reply::json(200, &me)]).await;
    let host = launch().at(&upstream).args(["--tool-prefix", "ot_"]).in_memory().await;
    let answer = host.done("ot_get_auth_status", json!({})).await;
    answer.says(&["for want of the scope proposals:write: ot_invite_freelancer, ot_hire_proposal."]);
}

#[tokio::test]
async fn a_prefix_is_put_before_every_tool() {
    let bare = names(&launch().env("OT_API_TOKEN", TOKEN).start().await.tools().await);
    for server in [launch().args(["--tool-prefix", "ot_"]), launch().env("OPENTRAIN_TOOL_PREFIX", "ot_")] {
        let listed = names(&server.env("OT_API_TOKEN", TOKEN).start().await.tools().await);
        assert_eq!(listed, bare.iter().map(|name| format!("ot_{name}")).collect::<Vec<_>>());
    }
    let ran = launch().args(["--tool-prefix", "ot_", "tools"]).run().await;
    assert!(ran.stdout.contains("ot_list_contracts"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_tool_is_called_by_its_prefixed_name() {
    let upstream = Upstream::giving(&json!({ "contracts": [] })).await;
    let host = launch().at(&upstream).args(["--tool-prefix", "ot_"]).start().await;
    host.done("ot_list_contracts", json!({})).await;
    assert_eq!(upstream.only_request().path(), "/api/public/v1/contracts");
    let ran = launch().at(&upstream).args(["--tool-prefix", "ot_", "call", "ot_list_contracts"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
}

#[tokio::test(start_paused = true)]
async fn texts_name_listed_tools_where_nothing_is_found() {
    names_only_prefixed_tools(&empty_api().await).await;
}

#[tokio::test(start_paused = true)]
async fn texts_name_listed_tools_without_a_claim() {
    let upstream =
        Upstream::answering(|request, _| claim_required(&format!("http://{}", request.header("host")[0]))).await;
    names_only_prefixed_tools(&upstream).await;
}

#[tokio::test(start_paused = true)]
async fn texts_name_listed_tools_without_a_scope() {
    let details = json!({ "requiredScopes": ["payments:write"], "grantedScopes": [] });
    names_only_prefixed_tools(&Upstream::scripted([Reply::refusal(403, "FORBIDDEN", &details)]).await).await;
}

#[tokio::test]
async fn texts_name_listed_tools_without_a_token() {
    let bare = names(&launch().args(["--toolsets", "all"]).start().await.tools().await);
    let host = launch().args(["--toolsets", "all", "--tool-prefix", "ot_"]);
    let host = host.env("OPENTRAIN_API_BASE_URL", "http://127.0.0.1:1").bare();
    assert_eq!(unlisted(&bare, &spoken(&host).await), []);
}

#[tokio::test(start_paused = true)]
async fn schemas_name_tools_only_as_they_are_listed() {
    let bare = names(&launch().args(["--toolsets", "all"]).in_memory().await.tools().await);
    let host = launch().args(["--toolsets", "all", "--tool-prefix", "ot_"]).in_memory().await;
    let mut texts = Vec::new();
    for tool in host.tools().await {
        for schema in ["inputSchema", "outputSchema"] {
            every(&tool[schema], &mut |place| texts.extend(place["description"].as_str().map(str::to_owned)));
        }
    }
    assert_eq!(unlisted(&bare, &texts), []);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_prefixed_name_is_answered_with_prefixed_ones() {
    let host = launch().env("OT_API_TOKEN", TOKEN).args(["--tool-prefix", "ot_"]).in_memory().await;
    let id = host.begin("ot_list_contract", json!({})).await;
    let message = host.reply_to(id).await;
    assert_eq!(message["error"]["code"], -32602, "{message}");
    let text = message["error"]["message"].as_str().unwrap();
    assert!(text.contains("ot_list_contracts") && !has_word(text, "list_contracts"), "{text}");
}

#[test]
fn the_longest_prefix_leaves_names_short_enough() {
    for entry in opentrain_mcp::tools::all() {
        assert!("mcp__opentrain__".len() + 20 + entry.facts.name.len() <= 64, "{}", entry.facts.name);
    }
}

#[tokio::test]
async fn a_prefix_that_hosts_would_not_take_stops_the_start() {
    for prefix in ["o t", "ot/", "ö", "a\nb", "opentrain.", "9_", &"x".repeat(21)] {
        let ran = launch().args(["--tool-prefix", prefix]).run().await;
        assert_ne!(ran.status, Some(0), "{prefix:?}: {ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.contains("tool-prefix"), "{prefix:?}: {ran:?}");
    }
}
