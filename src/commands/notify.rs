//! `--notify`: brings notices before people, by HTTP or by a command of the operator. Each is sent once, by all servers of
//! a user together; a failure is logged, and the next occasion tries again.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::answer::shown;
use crate::api::client::{Proxies, post_json};
use crate::config::{Config, Notify};
use crate::engine::notice::{Event, Notice, Notifier};
use crate::engine::{Call, Toolbox};
use crate::files;
use crate::tools::nouns::approval::OpenApproval;

/// The most notices that wait for delivery.
const QUEUE: usize = 256;
/// The pauses before further attempts.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];
/// The time limit of one delivery.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the process waits at its end for what is on its way.
const AT_THE_END: Duration = Duration::from_secs(5);
/// How long a notice that was sent is remembered. Approvals last 72 hours.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A step that expires within this time is brought up again.
const SOON: SignedDuration = SignedDuration::from_hours(12);
/// The pause between two looks at what expires.
const LOOKS: Duration = Duration::from_secs(15 * 60);
/// The most approvals of a look, and its time limit.
const MOST_LOOKED_UP: usize = 200;
const LOOK_LIMIT: Duration = Duration::from_secs(120);

/// The queue of notices, and the task that delivers them.
pub(super) struct Messenger {
    sender: Mutex<Option<mpsc::Sender<Notice>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Messenger {
    /// Starts the delivery, if the operator wants it.
    pub(super) fn of(config: &Config) -> Option<Arc<dyn Notifier>> {
        let way = config.flags.notify.clone()?;
        let sent = Sent {
            path: config.state_folder.as_ref().map(|folder| folder.join("notified.json")),
            here: BTreeMap::new(),
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        let task = tokio::spawn(deliver_all(receiver, Route { way, proxies: config.proxies.clone() }, sent));
        Some(Arc::new(Self { sender: Mutex::new(Some(sender)), task: Mutex::new(Some(task)) }))
    }
}

impl Notifier for Messenger {
    fn notify(&self, notice: Notice) {
        let sender = self.sender.lock().ok().and_then(|sender| sender.clone());
        if sender.is_none_or(|sender| sender.try_send(notice).is_err()) {
            tracing::error!("a notice to the operator was dropped: too many wait for delivery");
        }
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async {
            drop(self.sender.lock().ok().and_then(|mut sender| sender.take()));
            let task = self.task.lock().ok().and_then(|mut task| task.take());
            if let Some(task) = task
                && tokio::time::timeout(AT_THE_END, task).await.is_err()
            {
                tracing::error!("the process ends before every notice to the operator was delivered");
            }
        }
        .boxed()
    }
}

/// Where notices go.
struct Route {
    way: Notify,
    proxies: Proxies,
}

async fn deliver_all(mut notices: mpsc::Receiver<Notice>, route: Route, sent: Sent) {
    let sent = Arc::new(Mutex::new(sent));
    while let Some(notice) = notices.recv().await {
        let key = key(&notice);
        let its_key = key.clone();
        if !blocking(&sent, move |sent| sent.begin(&its_key)).await.unwrap_or(true) {
            continue;
        }
        if let Err(why) = deliver(&notice, &route).await {
            tracing::error!("a notice to the operator could not be delivered, and is given up: {why}");
            blocking(&sent, move |sent| sent.forget(&key)).await;
        }
    }
}

async fn blocking<T: Send + 'static>(
    sent: &Arc<Mutex<Sent>>,
    step: impl FnOnce(&mut Sent) -> T + Send + 'static,
) -> Option<T> {
    let sent = Arc::clone(sent);
    tokio::task::spawn_blocking(move || sent.lock().ok().map(|mut sent| step(&mut sent))).await.ok().flatten()
}

/// What makes two notices the same one.
fn key(notice: &Notice) -> String {
    format!("{} {}", json!(notice.event).as_str().unwrap_or_default(), notice.url.as_str())
}

async fn deliver(notice: &Notice, route: &Route) -> Result<(), String> {
    let mut outcome = attempt(notice, route).await;
    for pause in PAUSES {
        let Err(why) = &outcome else { break };
        tracing::warn!(
            "a notice to the operator could not be delivered, and is tried again in {} s: {why}",
            pause.as_secs()
        );
        tokio::time::sleep(pause).await;
        outcome = attempt(notice, route).await;
    }
    outcome
}

async fn attempt(notice: &Notice, route: &Route) -> Result<(), String> {
    let body = json!(notice).to_string();
    match &route.way {
        Notify::Url(url) => post_json(url, body, PATIENCE, &route.proxies).await,
        Notify::Command(command) => {
            let command = command.clone();
            let running = tokio::task::spawn_blocking(move || run(&command, &body));
            running.await.map_err(|fault| fault.to_string())?
        }
    }
}

/// Runs the operator's command with the notice on its stdin. stdout is the protocol's, so nothing of it gets there.
fn run(command: &str, body: &str) -> Result<(), String> {
    let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
    shell.args([if cfg!(windows) { "/C" } else { "-c" }, command]);
    let mut child = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|fault| format!("the command could not be started ({fault})"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command need not read it.
        let _ = stdin.write_all(body.as_bytes());
    }
    let until = std::time::Instant::now() + PATIENCE;
    loop {
        match child.try_wait().map_err(|fault| fault.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("the command ended with {status}")),
            None if std::time::Instant::now() >= until => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("the command did not end within {} s", PATIENCE.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The notices that were sent, in a file that this user's servers share.
struct Sent {
    /// None where the user has no folder: then every server remembers its own.
    path: Option<PathBuf>,
    here: BTreeMap<String, String>,
}

impl Sent {
    /// Notes that a notice is being sent; false if it was sent before.
    fn begin(&mut self, key: &str) -> bool {
        let is_new = self.here.insert(key.to_owned(), Timestamp::now().to_string()).is_none();
        is_new
            && self.change(|sent| sent.insert(key.to_owned(), Timestamp::now().to_string()).is_none()).unwrap_or(true)
    }

    /// Forgets a notice that could not be delivered.
    fn forget(&mut self, key: &str) {
        self.here.remove(key);
        self.change(|sent| sent.remove(key));
    }

    /// Changes the file under its lock. A file that cannot be had is no reason to send nothing.
    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> Option<T> {
        let path = self.path.as_ref()?;
        let changed = changed(path, change);
        changed.map_err(|fault| tracing::warn!(%fault, "what was notified of could not be written down")).ok()
    }
}

fn changed<T>(path: &Path, change: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> std::io::Result<T> {
    let folder = path.parent().ok_or_else(|| std::io::Error::other("it is in no folder"))?;
    files::private_folder(folder)?;
    let lock = files::open_log(&path.with_extension("lock"))?;
    files::lock(&lock, Duration::from_secs(3))?;
    let mut sent: BTreeMap<String, String> =
        files::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let horizon = Timestamp::now().checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    sent.retain(|_, at| at.parse::<Timestamp>().is_ok_and(|at| at >= horizon));
    let result = change(&mut sent);
    let file = files::unnamed(folder)?;
    files::put(file, json!(sent).to_string().as_bytes(), path)?;
    Ok(result)
}

/// Looks at the approvals on record every quarter of an hour, as long as the server runs: a decision becomes known, and a
/// step that expires soon is brought up once more.
pub(super) async fn watch(toolbox: Weak<Toolbox>, notifier: Arc<dyn Notifier>) {
    let mut looks = tokio::time::interval(LOOKS);
    loop {
        looks.tick().await;
        let Some(toolbox) = toolbox.upgrade() else { return };
        for notice in expiring(&toolbox).await {
            notifier.notify(notice);
        }
    }
}

async fn expiring(toolbox: &Toolbox) -> Vec<Notice> {
    let call = Call::within(LOOK_LIMIT);
    let Some((recorded, context)) = toolbox.recorded_approvals(MOST_LOOKED_UP, &call).await else { return Vec::new() };
    let mut notices = Vec::new();
    for one in recorded.looked_up.iter().filter(|one| one.is_open()) {
        let Some(approval) = one.state.found() else { continue };
        // OpenTrain's clock: the sandbox has one of its own.
        let soon = one.now.checked_add(SOON).unwrap_or(Timestamp::MAX);
        if approval.expires_at.timestamp().is_none_or(|at| at > soon) {
            continue;
        }
        let about = OpenApproval::of(approval, &one.line, one.now, &context).await;
        let Some(link) = about.link.filter(|link| link.verified) else { continue };
        let expires = about.expires.unwrap_or_default();
        notices.push(Notice {
            event: Event::Expires,
            kind: link.kind,
            url: link.page,
            message: shown!(
                "Nobody has decided yet: {}. {} Open this page to confirm or decline.",
                about.what,
                expires
            ),
            approval_id: approval.id.text().map(str::to_owned),
            amount_usd: about.amount,
            trainer: about.trainer,
            expires_at: approval.expires_at.text().map(str::to_owned),
            sandbox: toolbox.services.sandbox,
        });
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_sent_once_by_all_servers() {
        let folder = tempfile::tempdir().unwrap();
        let path = Some(folder.path().join("state/notified.json"));
        let (mut one, mut other) =
            (Sent { path: path.clone(), here: BTreeMap::new() }, Sent { path, here: BTreeMap::new() });
        assert!(one.begin("step https://a/1"));
        assert!(!one.begin("step https://a/1") && !other.begin("step https://a/1"));
        assert!(other.begin("expires https://a/1"));
        one.forget("step https://a/1");
        assert!(one.begin("step https://a/1"), "what could not be delivered is tried again");
        let mut alone = Sent { path: None, here: BTreeMap::new() };
        assert!(alone.begin("a") && !alone.begin("a"));
    }

    #[test]
    fn a_command_gets_the_notice_and_must_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("got");
        assert_eq!(run(&format!("cat > {}", place.display()), "{\"event\":\"step\"}"), Ok(()));
        assert_eq!(std::fs::read_to_string(place).unwrap(), "{\"event\":\"step\"}");
        assert!(run("exit 3", "").unwrap_err().contains('3'));
    }
}
