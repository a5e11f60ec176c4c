//! Starts the server with nothing of the machine's user: no environment, a home of its own. The real binary, or the same
//! server in this process, where time may run faster.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use std::time::Duration;

use opentrain_mcp::cli::Cli;
use opentrain_mcp::config::{Config, Environment, flag_table};
use rmcp::ServiceExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::host::{Host, Speaks};
use super::{PATIENCE, TOKEN, Upstream};

/// Names the home folder of the user database, to debug builds only.
pub(crate) const USER_HOME: &str = "OPENTRAIN_TEST_USER_HOME";

/// The binary, before it is started.
pub(crate) struct Launch {
    pub(crate) home: TempDir,
    args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    speaks: Speaks,
}

/// The binary with an empty environment, save a home of its own and a user that no other test has.
pub(crate) fn launch() -> Launch {
    static USERS: AtomicUsize = AtomicUsize::new(0);
    let home = tempfile::tempdir().unwrap();
    let user = format!("tester-{}-{}", std::process::id(), USERS.fetch_add(1, Ordering::Relaxed));
    let mut env = vec![("HOME".into(), home.path().to_str().unwrap().into()), ("USER".into(), user)];
    // Nor the home folder of the machine's user, which has no such folder here. Below /proc not even root can make one.
    env.push((USER_HOME.into(), "/proc/nonexistent".into()));
    Launch { home, args: Vec::new(), env, speaks: Speaks::default() }
}

/// What came of a command that ran to its end.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|fault| panic!("no JSON ({fault}): {self:?}"))
    }
}

impl Launch {
    /// Against this upstream, with the token of the tests.
    pub(crate) fn at(self, upstream: &Upstream) -> Self {
        self.base(&upstream.origin)
    }

    /// Against this origin, with the token of the tests.
    pub(crate) fn base(self, origin: &str) -> Self {
        self.env("OPENTRAIN_API_BASE_URL", origin).env("OT_API_TOKEN", TOKEN)
    }

    /// Against the sandbox, on this port.
    pub(crate) fn sandbox(self, port: u16) -> Self {
        self.args(["--sandbox", "--sandbox-port", &port.to_string()])
    }

    /// Without the look that keeps equal milestones from being made twice: the operation alone.
    pub(crate) fn without_guard(self) -> Self {
        self.env("OPENTRAIN_DUPLICATE_WINDOW", "0")
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self = self.unset(name);
        self.env.push((name.into(), value.into()));
        self
    }

    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.args.extend(args.into_iter().map(str::to_owned));
        self
    }

    /// The revision that the host speaks.
    pub(crate) fn speaking(mut self, revision: &str) -> Self {
        self.speaks.revision = revision.into();
        self
    }

    /// What the host can: its `elicitation` capability.
    pub(crate) fn eliciting(mut self, modes: Value) -> Self {
        self.speaks.capabilities = json!({ "elicitation": modes });
        self
    }

    /// The name by which the host goes.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.speaks.name = name.into();
        self
    }

    /// The path of the credential file.
    pub(crate) fn credential_path(&self) -> PathBuf {
        self.home.path().join(".config/opentrain/cli.json")
    }

    /// Writes the credential file, readable by its owner only.
    pub(crate) fn credentials(self, content: &str) -> Self {
        write_private(&self.credential_path(), content);
        self
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(&self.args).env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        // Windows opens no socket without it.
        #[cfg(windows)]
        command.envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// A command line to be run by somebody else, such as a client's transport.
    pub(crate) fn into_command(self) -> (Command, TempDir) {
        (self.command(binary()), self.home)
    }

    /// Starts it as a host does, and shakes hands if the revision wants that.
    pub(crate) async fn start(self) -> Host {
        let stateless = self.speaks.revision.as_str() >= super::STATELESS;
        let host = self.bare();
        if !stateless {
            host.shake_hands().await;
        }
        host
    }

    /// Serves it in this process, for a test whose time is paused: `#[tokio::test(start_paused = true)]`. What waits, waits
    /// no longer than a test can bear.
    pub(crate) async fn in_memory(self) -> Host {
        let cli = Cli::read(&self.line()).unwrap();
        let config = Config::read(&cli.flags, &Environment::of(self.env.clone())).unwrap();
        let server = opentrain_mcp::server(&config).unwrap();
        let (near, far) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move { server.serve(far).await.unwrap().waiting().await });
        tokio::spawn(slow_down());
        let is_stateless = self.speaks.revision.as_str() >= super::STATELESS;
        let host = Host::in_memory(near, self.home, self.speaks);
        if !is_stateless {
            host.shake_hands().await;
        }
        host
    }

    /// The command line, with the settings of the environment in it: clap would look for them in the process.
    fn line(&self) -> Vec<OsString> {
        let table = flag_table();
        let flags = self.env.iter().filter_map(|(name, value)| {
            let [_, flag, ..] = table.iter().find(|row| row[2] == *name)?;
            Some(match flag.split_once(' ') {
                Some((flag, _)) => format!("{flag}={value}"),
                None => flag.clone(),
            })
        });
        std::iter::once("opentrain-mcp".to_owned()).chain(flags).chain(self.args.clone()).map(OsString::from).collect()
    }

    /// Starts it, and says nothing yet.
    pub(crate) fn bare(self) -> Host {
        let child = self.command(binary()).spawn().unwrap();
        Host::of(child, self.home, self.speaks)
    }

    /// Runs a command to its end.
    pub(crate) async fn run(self) -> Ran {
        self.run_with("").await
    }

    /// Runs a command to its end, with this on its stdin.
    pub(crate) async fn run_with(self, stdin: &str) -> Ran {
        let mut child = self.command(binary()).spawn().unwrap();
        // A command that reads nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes()).await;
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("{:?} did not end", self.args)).unwrap();
        Ran {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Keeps paused time from running ahead of the sockets, whose data may take a moment: 25 ms pass for one real millisecond
/// at most. tokio moves no paused time while something blocks.
async fn slow_down() {
    loop {
        let _ = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    set_mode(path, 0o600);
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_: &Path, _: u32) {}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The binary that was built with these tests, or the one that is to be measured.
pub(crate) fn binary() -> &'static Path {
    static NAMED: LazyLock<Option<PathBuf>> = LazyLock::new(|| std::env::var_os("TESTED_BINARY").map(PathBuf::from));
    NAMED.as_deref().unwrap_or(Path::new(env!("CARGO_BIN_EXE_opentrain-mcp")))
}
