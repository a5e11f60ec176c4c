//! The stop switch holds whatever the environment says of the home folder.

use serde_json::json;

use crate::harness::launch::{Launch, USER_HOME};
use crate::harness::{Reply, Upstream, launch};

/// The variables of a project that hides its user's home.
const HIDING: [&[(&str, &str)]; 5] = [
    &[("HOME", "/proc/nonexistent")],
    &[("HOME", "")],
    &[("HOME", "relative")],
    &[("HOME", "${HOME}")],
    &[("HOME", "/proc/nonexistent"), ("XDG_CONFIG_HOME", "/proc/nonexistent")],
];

fn hidden(variables: &[(&str, &str)]) -> Launch {
    variables.iter().fold(launch(), |server, (name, value)| server.env(name, value))
}

#[tokio::test]
async fn another_home_hides_no_freeze_of_the_users_own() {
    if !cfg!(debug_assertions) {
        return;
    }
    let upstream = Upstream::answering(|_, _| Reply::new(200, "{}")).await;
    let user = tempfile::tempdir().unwrap();
    let home = user.path().to_str().unwrap();
    let frozen = launch().env("HOME", home).args(["freeze", "--reason", "drill"]).run().await;
    assert_eq!(frozen.status, Some(0), "{frozen:?}");
    for variables in HIDING {
        let host = hidden(variables).at(&upstream).env(USER_HOME, home).start().await;
        let refused = host.failed("close_job", json!({ "jobId": "job_1" })).await;
        assert_eq!(refused.error()["reason"], "frozen", "{variables:?}");
    }
    assert!(upstream.requests().is_empty());

    launch().env(USER_HOME, home).args(["thaw"]).run().await;
    assert!(!user.path().join(".config/opentrain/mcp-frozen").exists(), "thaw removes what it finds");
}

#[tokio::test]
async fn freeze_writes_only_where_the_environment_says() {
    let [user, home] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [user_home, own_home] = [&user, &home].map(|folder| folder.path().to_str().unwrap());
    let ran = launch().env("HOME", own_home).env(USER_HOME, user_home).args(["freeze"]).run().await;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(home.path().join(".config/opentrain/mcp-frozen").exists());
    assert!(std::fs::read_dir(user.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn thaw_says_which_switch_remains() {
    let launched = launch();
    let stuck = launched.home.path().join("xdg/opentrain/mcp-frozen");
    std::fs::create_dir_all(&stuck).unwrap();
    let config = launched.home.path().join("xdg").to_str().unwrap().to_owned();
    let ran = launched.env("XDG_CONFIG_HOME", &config).args(["thaw"]).run().await;
    assert!(ran.status == Some(2) && ran.stderr.contains("still stopped"), "{ran:?}");
    assert!(ran.stderr.contains("xdg/opentrain/mcp-frozen"), "{ran:?}");
}
