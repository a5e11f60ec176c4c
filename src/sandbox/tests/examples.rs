//! Every operation has a route here, and answers with the fields of the reference's own examples.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Call, Sandbox, V1, call, fund, get, names, paying_sandbox, post, release, sandbox};
use crate::sandbox::http::table::routes;

/// The operations as `src/api` names them.
fn operations() -> Vec<String> {
    let api = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
    let sources = fs::read_dir(api).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap());
    let name = |line: &str| {
        let name = line.trim().strip_prefix("const NAME: &'static str = \"")?.strip_suffix("\";")?;
        Some(name.to_owned())
    };
    let mut names: Vec<_> = sources.flat_map(|source| source.lines().filter_map(name).collect::<Vec<_>>()).collect();
    names.sort();
    names
}

#[test]
fn every_operation_has_a_route() {
    let mut routed: Vec<_> = routes().iter().map(|route| route.name.to_owned()).collect();
    routed.sort();
    assert!(routed.len() > 40, "{routed:?}");
    assert_eq!(routed, operations());
}

#[test]
fn every_operation_that_needs_a_claim_says_what_for() {
    for route in routes() {
        assert_eq!(route.gate.claimed, route.action.is_some(), "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn every_operation_is_answered() {
    let sandbox = sandbox().await;
    for route in routes() {
        let path = route
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "none" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let method: &'static str = Box::leak(route.method.to_string().into_boxed_str());
        let reply = call(method, &path, "").send(&sandbox).await;
        assert!(
            reply.status != 405 && !reply.body().contains("There is nothing at this path."),
            "{method} {path}: {reply:?}"
        );
    }
}

/// Whether `shown` has the fields of `example`, and no others, wherever the example has an object.
fn same_fields(shown: &Value, example: &Value, at: &str) {
    match (shown, example) {
        (Value::Object(_), Value::Object(_)) => {
            let (mut has, mut wants) = (names(shown), names(example));
            has.sort_unstable();
            wants.sort_unstable();
            // The example of a confirmed approval shows less than the reference lists for its result (approvals/get).
            if at.ends_with(".result") {
                has.retain(|name| wants.contains(name));
            }
            assert_eq!(has, wants, "{at}");
            for name in wants {
                same_fields(&shown[name], &example[name], &format!("{at}.{name}"));
            }
        }
        (Value::Array(shown), Value::Array(example)) => {
            for (shown, example) in shown.iter().zip(example) {
                same_fields(shown, example, at);
            }
            assert!(!shown.is_empty() || example.is_empty(), "{at}");
        }
        (_, Value::Null) | (Value::Null, _) => {}
        _ => assert_eq!(
            (shown.is_string(), shown.is_number(), shown.is_boolean()),
            (example.is_string(), example.is_number(), example.is_boolean()),
            "{at}: {shown}"
        ),
    }
}

async fn matches(sandbox: &Sandbox, call: Call, status: u16, example: &str) {
    let reply = call.send(sandbox).await;
    assert_eq!(reply.status, status, "{reply:?}");
    same_fields(&reply.json(), &serde_json::from_str(example).unwrap(), "$");
}

macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("examples/", $name, ".json"))
    };
}

#[tokio::test]
async fn answers_have_the_fields_of_the_documented_examples() {
    let sandbox = paying_sandbox().await;
    let v1 = |path: &str| format!("{V1}{path}");
    matches(&sandbox, get(&v1("/auth/me")), 200, example!("auth_me")).await;
    matches(&sandbox, get(&v1("/credits")), 200, example!("credits")).await;
    matches(&sandbox, get(&v1("/messages?filter=proposal")), 200, example!("messages_list")).await;
    matches(&sandbox, fund("ms_4Dk7"), 202, example!("fund_202")).await;
    matches(&sandbox, get(&v1("/payments/pending")), 200, example!("payments_pending")).await;
    super::press("apr_7Rtd", "confirm").send(&sandbox).await;
    let mut confirmed = super::approval("apr_7Rtd").send(&sandbox).await.json();
    // concepts/human-approvals has it, the endpoint's example is without it.
    let removed = confirmed["approval"]["result"].as_object_mut().unwrap().shift_remove("paymentIntentId");
    assert!(removed.is_some());
    same_fields(&confirmed, &serde_json::from_str(example!("approval_get_confirmed")).unwrap(), "$");
    matches(&sandbox, release("ms_6Hc2"), 202, example!("approve_202")).await;
    let hire = post(&v1("/proposals/prp_5Aj3/hire"), example!("hire_request"));
    matches(&sandbox, hire, 202, example!("hire_202")).await;
    let message = json!({ "conversationId": "cnv_2Ly6", "content": "..." }).to_string();
    matches(&sandbox, post(&v1("/messages"), &message), 201, example!("message_send_201")).await;
    matches(&sandbox, post(&v1("/credits/top-ups"), r#"{"amountUsd":100}"#), 201, example!("topup_201")).await;

    let updates = get(&v1("/updates")).send(&sandbox).await.json();
    let example: Value = serde_json::from_str(example!("updates")).unwrap();
    assert_eq!(names(&updates), names(&example));
    for event in example["events"].as_array().unwrap() {
        let mut all = updates["events"].as_array().unwrap().iter();
        same_fields(all.find(|shown| shown["type"] == event["type"]).unwrap(), event, "event");
    }

    let contract = get(&v1("/contracts/ctr_8Kq2")).send(&sandbox).await.json()["contract"].take();
    let example: Value = serde_json::from_str(example!("contract_get_extra_fields")).unwrap();
    same_fields(&contract["budget"], &example["budget"], "budget");
    assert!(contract["jobDmConversationId"].is_string());
}

#[tokio::test]
async fn the_two_examples_of_other_states_are_matched_too() {
    let unclaimed = sandbox().await;
    let refused = post(&format!("{V1}/proposals/prp_5Aj3/hire"), example!("hire_request"));
    matches(&unclaimed, refused, 403, example!("error_403_claim")).await;
    let sandbox = paying_sandbox().await;
    let job = super::ready(&sandbox, super::TWEETS).await;
    super::publish(&job).send(&sandbox).await;
    super::wait(&sandbox, 2).await;
    let body = example!("hire_request");
    let id = post(&format!("{V1}/proposals/prp_7Rtd/hire"), body).send(&sandbox).await.json()["approval"]["id"].take();
    super::press(id.as_str().unwrap(), "confirm").send(&sandbox).await;
    let id = release("ms_7Rtd").send(&sandbox).await.json()["approval"]["id"].take();
    super::press(id.as_str().unwrap(), "confirm").send(&sandbox).await;
    matches(&sandbox, super::end("ctr_7Rtd"), 200, example!("contract_end_200")).await;
}
