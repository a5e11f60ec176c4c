//! A PostgreSQL of its own, on loopback: made for the test, killed and started again at will, gone with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The password of every role.
pub(crate) const PASSWORD: &str = "pw-of-the-ledger-31";

pub(crate) struct Database {
    folder: TempDir,
    pub(crate) port: u16,
}

impl Database {
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("ledger-").tempdir().unwrap();
        if let Some((user, group)) = other_user() {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        std::fs::write(folder.path().join("password"), PASSWORD).unwrap();
        open_to_all(&folder.path().join("password"));
        let database = Self { folder, port: free_port() };
        let data = database.data();
        database.run(
            "initdb",
            &[
                "--pgdata",
                &data,
                "--username=admin",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--pwfile",
                database.folder.path().join("password").to_str().unwrap(),
            ],
        );
        database.up();
        database
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    /// Starts the server and waits until it answers.
    pub(crate) fn up(&self) {
        let folder = self.folder.path().to_str().unwrap();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={folder} -c max_connections=60",
            self.port
        );
        let log = format!("{folder}/log");
        self.run("pg_ctl", &["start", "--wait", "--pgdata", &self.data(), "--log", &log, "--options", &options]);
    }

    /// Stops it at once, as a power loss does.
    pub(crate) fn down(&self) {
        self.run("pg_ctl", &["stop", "--wait", "--mode=immediate", "--pgdata", &self.data()]);
    }

    /// The address for a role, in this database.
    pub(crate) fn address(&self, role: &str) -> String {
        format!("postgres://{role}:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs statements as the superuser. Returns the rows without headings.
    pub(crate) fn sql(&self, sql: &str) -> Result<String, String> {
        self.sql_as("admin", sql)
    }

    pub(crate) fn sql_as(&self, role: &str, sql: &str) -> Result<String, String> {
        self.psql(role, &["--command", sql])
    }

    /// Makes the roles as `deploy/roles.sql` does.
    pub(crate) fn make_roles(&self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/roles.sql");
        let set = [format!("owner_password={PASSWORD}"), format!("password={PASSWORD}")];
        self.psql("admin", &["-v", &set[0], "-v", &set[1], "--file", file.to_str().unwrap()]).unwrap();
    }

    fn psql(&self, role: &str, arguments: &[&str]) -> Result<String, String> {
        let mut psql = Command::new(program("psql"));
        psql.args(["-X", "--quiet", "--no-align", "--tuples-only", "-v", "ON_ERROR_STOP=1"]).args(arguments);
        psql.arg(self.address(role)).stdin(Stdio::null());
        let ran = psql.output().unwrap();
        if ran.status.success() {
            return Ok(String::from_utf8(ran.stdout).unwrap().trim().to_owned());
        }
        Err(String::from_utf8_lossy(&ran.stderr).into_owned())
    }

    fn run(&self, name: &str, arguments: &[&str]) {
        let mut command = Command::new(program(name));
        // What it prints goes to a file: a server that lives on would hold a pipe open.
        let said = self.folder.path().join("said");
        let file = std::fs::File::create(&said).unwrap();
        command.args(arguments).stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        command.current_dir(self.folder.path()).env_clear().env("LC_ALL", "C");
        if let Some((user, group)) = other_user() {
            std::os::unix::process::CommandExt::uid(&mut command, user);
            std::os::unix::process::CommandExt::gid(&mut command, group);
        }
        let status = command.status().unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(status.success(), "{name} {arguments:?}: {}", std::fs::read_to_string(said).unwrap());
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let data = self.data();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.run("pg_ctl", &["stop", "--wait", "--mode=immediate", "--pgdata", &data]);
        }));
    }
}

/// PostgreSQL refuses to run as root: as root it is run as the user that Debian's package makes.
fn other_user() -> Option<(u32, u32)> {
    let number = |of: &[&str]| {
        let ran = Command::new("id").args(of).output().ok()?;
        String::from_utf8(ran.stdout).ok()?.trim().parse::<u32>().ok()
    };
    if number(&["-u"]) != Some(0) {
        return None;
    }
    Some((number(&["-u", "postgres"])?, number(&["-g", "postgres"])?))
}

/// Debian keeps the programs of each version in a folder of its own.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin").join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
}
