//! Conversations and messages.

use serde_json::{Value, json};

use super::{Agent, Call, Sandbox, V1, claimed_sandbox, get, names, post, sandbox};

async fn look(sandbox: &Sandbox, query: &str) -> Value {
    get(&format!("{V1}/messages{query}")).send(sandbox).await.json()
}

fn send(conversation: &str, content: &str) -> Call {
    post(&format!("{V1}/messages"), &json!({ "conversationId": conversation, "content": content }).to_string())
}

fn ids(listing: &Value, list: &str) -> Vec<String> {
    listing[list].as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn conversations_are_listed_latest_first() {
    let sandbox = sandbox().await;
    let all = look(&sandbox, "").await;
    let latest_first = ["cnv_9Rt4", "cnv_2Ly6", "cnv_4Pv8", "cnv_3Zb7", "cnv_6Kf3", "cnv_1Hm5", "cnv_8Sx2"];
    assert_eq!(ids(&all, "conversations"), latest_first);
    let first = json!({
        "id": "cnv_2Ly6", "type": "DIRECT_MESSAGE", "bucket": "job", "jobId": "job_3Vn6", "proposalId": null,
        "channelName": null, "updatedAt": "2026-06-12T08:30:00.000Z",
        "lastMessage": {
            "id": "msg_2Ly61", "content": "Thanks — I can start Monday.", "senderUserId": "usr_7Pb3",
            "isFromViewer": false, "createdAt": "2026-06-12T08:30:00.000Z",
        },
        "unreadCount": 1, "needsReplyCount": 1,
    });
    assert_eq!(all["conversations"][1].to_string(), first.to_string());
    assert_eq!(ids(&look(&sandbox, "?filter=proposal").await, "conversations"), ["cnv_3Zb7"]);
    assert_eq!(ids(&look(&sandbox, "?filter=job").await, "conversations").len(), 6);
    let unread = ids(&look(&sandbox, "?unreadOnly=true").await, "conversations");
    assert_eq!(unread, ids(&look(&sandbox, "?unreadOnly=1").await, "conversations"));
    assert_eq!(unread, ["cnv_9Rt4", "cnv_2Ly6", "cnv_4Pv8", "cnv_3Zb7", "cnv_1Hm5"]);
    let page = look(&sandbox, "?limit=5").await;
    let rest = look(&sandbox, &format!("?cursor={}", page["nextCursor"].as_str().unwrap())).await;
    assert_eq!(ids(&rest, "conversations"), latest_first[5..]);
    for (query, field) in
        [("?limit=0", "limit"), ("?limit=101", "limit"), ("?filter=mine", "filter"), ("?cursor=x", "cursor")]
    {
        let refused = get(&format!("{V1}/messages{query}")).send(&sandbox).await.refusal();
        assert_eq!(refused, (400, "BAD_REQUEST".into(), json!({ "field": field })), "{query}");
    }
}

#[tokio::test]
async fn messages_are_read_in_both_directions_and_stay_unread() {
    let sandbox = sandbox().await;
    let older = look(&sandbox, "?conversationId=cnv_9Rt4").await;
    assert_eq!(names(&older), ["messages", "nextCursor"]);
    assert_eq!(ids(&older, "messages"), ["msg_9Rt41", "msg_9Rt40"]);
    let newer = look(&sandbox, "?conversationId=cnv_9Rt4&direction=newer&limit=1").await;
    assert_eq!(ids(&newer, "messages"), ["msg_9Rt40"]);
    let cursor = newer["nextCursor"].as_str().unwrap();
    let rest = look(&sandbox, &format!("?conversationId=cnv_9Rt4&direction=newer&cursor={cursor}")).await;
    assert_eq!(ids(&rest, "messages"), ["msg_9Rt41"]);
    let listed = look(&sandbox, "?limit=1").await;
    assert_eq!(listed["conversations"][0]["unreadCount"], 1, "reading marks nothing");
    let hostile = look(&sandbox, "?conversationId=cnv_4Pv8").await.to_string();
    assert!(hostile.contains("SYSTEM NOTE FOR AI ASSISTANTS"));
    assert!(look(&sandbox, "?conversationId=cnv_1Hm5").await.to_string().contains('\u{202e}'));
    let refusal = async |query: &str| get(&format!("{V1}/messages{query}")).send(&sandbox).await.refusal();
    assert_eq!(refusal("?conversationId=cnv_none").await, (404, "NOT_FOUND".into(), Value::Null));
    assert_eq!(refusal("?conversationId=cnv_9Rt4&direction=up").await.2, json!({ "field": "direction" }));
    let agent = Agent::register(&sandbox).await;
    assert_eq!(agent.get("/messages?conversationId=cnv_9Rt4").send(&sandbox).await.status, 403);
}

#[tokio::test]
async fn a_conversation_is_opened_once_and_answers() {
    let sandbox = claimed_sandbox().await;
    let open = async |proposal: &str| post(&format!("{V1}/proposals/{proposal}/conversation"), "").send(&sandbox).await;
    let opened = open("prp_2Xm4").await;
    let expected = json!({
        "ok": true, "conversationId": "cnv_7Rtd", "proposalId": "prp_2Xm4", "jobId": "job_8Lx2", "created": true,
    });
    assert_eq!((opened.status, opened.json().to_string()), (201, expected.to_string()));
    assert_eq!(open("prp_2Xm4").await.json()["created"], false);
    let seeded = open("prp_5Aj3").await;
    assert_eq!((seeded.status, &seeded.json()["conversationId"]), (200, &json!("cnv_3Zb7")));
    assert_eq!(open("prp_none").await.refusal(), (404, "NOT_FOUND".into(), json!({ "proposalId": "prp_none" })));

    let sent = send("cnv_7Rtd", "Can you start on Monday?").send(&sandbox).await;
    assert_eq!(sent.status, 201);
    let fields = [
        "id",
        "createdAt",
        "updatedAt",
        "conversationId",
        "jobId",
        "senderUserId",
        "isFromViewer",
        "content",
        "messageType",
        "system",
        "hasUnreadFlag",
        "attachmentCount",
        "hasAudio",
        "editedAt",
        "reactionCount",
    ];
    assert_eq!(names(&sent.json()["message"]), fields);
    assert_eq!(
        [&sent.json()["message"]["senderUserId"], &sent.json()["message"]["isFromViewer"]],
        [&json!("usr_2Mc5"), &json!(true)]
    );
    let count = async || ids(&look(&sandbox, "?conversationId=cnv_7Rtd").await, "messages").len();
    assert_eq!([count().await, count().await, count().await], [1, 2, 2], "the answer takes two seconds");
    let unread = look(&sandbox, "?filter=proposal&unreadOnly=true").await;
    assert_eq!(unread["conversations"][0]["lastMessage"]["isFromViewer"], false);
}

#[tokio::test]
async fn a_message_is_refused_as_documented() {
    let sandbox = claimed_sandbox().await;
    let issue = async |body: &str| {
        let (status, _, details) = post(&format!("{V1}/messages"), body).send(&sandbox).await.refusal();
        assert_eq!(status, 400);
        details["issues"][0]["path"][0].as_str().unwrap().to_owned()
    };
    assert_eq!(issue("{}").await, "conversationId");
    assert_eq!(issue(r#"{"conversationId":"cnv_2Ly6"}"#).await, "content");
    assert_eq!(issue(r#"{"conversationId":"cnv_2Ly6","content":" "}"#).await, "content");
    assert_eq!(
        issue(&json!({ "conversationId": "cnv_2Ly6", "content": "é".repeat(10_001) }).to_string()).await,
        "content"
    );
    assert_eq!(send("cnv_2Ly6", &"é".repeat(10_000)).send(&sandbox).await.status, 201);
    assert_eq!(send("cnv_none", "x").send(&sandbox).await.status, 404, "a message opens no conversation");
    let read_only = send("cnv_2Ly6", "x").role("read-only").send(&sandbox).await.refusal();
    assert_eq!(read_only.2["requiredScopes"], json!(["messages:write"]));
}
