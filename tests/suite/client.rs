//! rmcp's own client at the other end: what a host that is made with it sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rmcp::model::{
    CallToolRequestParams, ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, Implementation, ProtocolVersion, UrlElicitationCapability,
};
use rmcp::service::{ClientLifecycleMode, RequestContext, RunningService, serve_client_with_lifecycle};
use rmcp::transport::TokioChildProcess;
use rmcp::{ClientHandler, ErrorData, RoleClient};
use serde_json::{Value, json};

use crate::harness::{free_port, launch, press};

/// A host whose person opens every page and presses its button.
#[derive(Clone)]
struct Helpful {
    elicits: bool,
    asked: Arc<AtomicUsize>,
}

impl ClientHandler for Helpful {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        if self.elicits {
            capabilities.elicitation = Some(ElicitationCapability::new().with_url(UrlElicitationCapability::default()));
        }
        ClientConfig::new(capabilities, Implementation::new("helpful", "1"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match request {
            ElicitRequestParams::UrlElicitationParams { url, .. } => {
                press(&url).await;
                Ok(ElicitResult::new(ElicitationAction::Accept))
            }
            _ => Ok(ElicitResult::new(ElicitationAction::Decline)),
        }
    }
}

struct Conversation {
    service: RunningService<RoleClient, Helpful>,
    asked: Arc<AtomicUsize>,
    _home: tempfile::TempDir,
}

impl Conversation {
    async fn begin(lifecycle: ClientLifecycleMode, elicits: bool) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let (command, home) = launch().sandbox(free_port()).into_command();
        let transport = TokioChildProcess::new(command).unwrap();
        let host = Helpful { elicits, asked: Arc::clone(&asked) };
        let service = serve_client_with_lifecycle(host, transport, lifecycle).await.unwrap();
        Self { service, asked, _home: home }
    }

    async fn call(&self, tool: &'static str, arguments: Value) -> Value {
        let call = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().unwrap().clone());
        json!(self.service.call_tool(call).await.unwrap())
    }
}

fn terms() -> Value {
    json!({ "contractId": "ctr_8Kq2", "description": "The next 5,000 posts", "amountUsd": 300 })
}

fn discover() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

#[tokio::test]
async fn each_lifecycle_lists_and_calls() {
    for lifecycle in [ClientLifecycleMode::Initialize, discover()] {
        let talk = Conversation::begin(lifecycle, false).await;
        assert!(talk.service.list_all_tools().await.unwrap().len() >= 5);
        let listed = talk.call("list_contracts", json!({})).await;
        assert_eq!(listed["isError"], false);
        let refused = talk.call("create_milestone", terms()).await;
        assert_eq!(refused["structuredContent"]["error"]["reason"], "account_claim_required");
        assert_eq!(talk.asked.load(Ordering::SeqCst), 0);
        talk.service.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn a_host_that_opens_pages_needs_one_call() {
    for lifecycle in [ClientLifecycleMode::Initialize, discover()] {
        let talk = Conversation::begin(lifecycle, true).await;
        let created = talk.call("create_milestone", terms()).await;
        assert_eq!(created["structuredContent"]["outcome"], "created", "{created}");
        assert_eq!(created["structuredContent"]["milestone"]["status"], "NOT_FUNDED");
        assert_eq!(talk.asked.load(Ordering::SeqCst), 1, "the person is asked once");
        talk.service.cancel().await.unwrap();
    }
}
