//! The signing secret of a webhook: in a file as long as the webhook is, and nowhere else.

use serde_json::json;

use crate::harness::launch::write_private;
use crate::harness::{Reply, Upstream, launch};

const SECRET: &str = "whsec_s3cr3tOfTheTests";

#[tokio::test]
async fn deleting_a_webhook_deletes_only_its_secret() {
    let upstream = Upstream::answering(|request, _| {
        let webhook = json!({ "id": "wh_1", "url": "https://example.com/hook", "eventTypes": ["contract.created"], "status": "ACTIVE" });
        match request.method.as_str() {
            "POST" => Reply::json(201, &json!({ "webhook": webhook, "secret": SECRET, "message": "Shown once." })),
            _ => Reply::json(200, &json!({ "webhook": webhook, "deleted": true })),
        }
    })
    .await;
    let host = launch().at(&upstream).args(["--toolsets", "webhooks"]).start().await;
    let wanted = json!({ "url": "https://example.com/hook", "eventTypes": ["contract.created"] });
    let made = host.done("create_webhook", wanted).await;
    let file = std::path::PathBuf::from(made.structured()["secretFile"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), SECRET);
    let other = file.with_file_name("webhook-wh_2.secret");
    write_private(&other, "another one's");
    let gone = host.done("delete_webhook", json!({ "webhookId": "wh_1" })).await;
    gone.says(&["Deleted", file.to_str().unwrap(), "removed"]);
    assert!(!file.exists() && other.exists());
    let again = host.done("delete_webhook", json!({ "webhookId": "wh_1" })).await;
    assert!(!again.text().contains("secret"), "there is none any more: {}", again.text());
}
