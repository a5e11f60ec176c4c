//! The entry of this server in a host's file: how a host starts it, and how an existing entry is recognised.

use serde_json::{Map, Value, json};

/// An entry, as a host's file holds it.
pub type Entry = Map<String, Value>;

/// Fields in which hosts keep the command line; the others are the user's once the entry exists.
const COMMAND_LINE: [&str; 3] = ["command", "cmd", "args"];

/// The setting of the sandbox, as an argument.
const SANDBOX: &str = "--sandbox";

/// How the server is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The absolute path of this program.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Launch {
    /// True if it starts the server on the sandbox, which needs no token.
    #[must_use]
    pub fn is_sandbox(&self) -> bool {
        self.arguments.iter().any(|argument| argument == SANDBOX)
    }

    /// The same command with the arguments of an existing entry, unless arguments other than the sandbox are given.
    fn keeping(&self, existing: &[String]) -> Self {
        let given = self.arguments.iter().any(|argument| argument != SANDBOX);
        if given {
            return self.clone();
        }
        let kept = existing.iter().filter(|argument| *argument != SANDBOX || self.is_sandbox()).cloned();
        let mut arguments: Vec<String> = kept.collect();
        if self.is_sandbox() && !arguments.iter().any(|argument| argument == SANDBOX) {
            arguments.push(SANDBOX.to_owned());
        }
        Self { command: self.command.clone(), arguments }
    }
}

/// The entry that most hosts read: `type` where the host has kinds of servers, `command`, `args`, and `env` with the
/// host's way to pass the token's variable on.
pub(super) fn standard(launch: &Launch, kind: Option<&str>, token: Option<&str>) -> Entry {
    let mut entry = Entry::new();
    if let Some(kind) = kind {
        entry.insert("type".into(), kind.into());
    }
    entry.insert("command".into(), launch.command.clone().into());
    entry.insert("args".into(), launch.arguments.clone().into());
    if let Some(token) = token.filter(|_| !launch.is_sandbox()) {
        entry.insert("env".into(), json!({ "OT_API_TOKEN": token }));
    }
    entry
}

/// The command line of an entry: `command` or `cmd` with `args`, or `command` as one list.
pub(super) fn command_line(entry: &Value) -> Vec<String> {
    let words = COMMAND_LINE.iter().filter_map(|field| entry.get(*field)).flat_map(|value| match value {
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        value => value.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>(),
    });
    words.collect()
}

/// True if an entry starts this program: by its usual name, wherever it is, or this very file, whatever its name.
pub(super) fn is_ours(entry: &Value) -> bool {
    let line = command_line(entry);
    let Some(command) = line.first() else { return false };
    let file = command.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = env!("CARGO_PKG_NAME");
    file.eq_ignore_ascii_case(name)
        || file.eq_ignore_ascii_case(&format!("{name}.exe"))
        || std::env::current_exe().is_ok_and(|program| program.as_os_str() == command.as_str())
}

/// An existing entry of ours with a new command line. What the user added to it stays.
pub(super) fn updated(existing: &Value, launch: &Launch, make: impl Fn(&Launch) -> Entry) -> Entry {
    let arguments: Vec<String> = command_line(existing).into_iter().skip(1).collect();
    let fresh = make(&launch.keeping(&arguments));
    let mut entry = existing.as_object().cloned().unwrap_or_default();
    for (field, value) in fresh {
        let is_command_line = COMMAND_LINE.contains(&field.as_str());
        // A file that lists no arguments means an empty list.
        let is_same = !entry.contains_key(&field) && value == json!([]);
        if is_command_line && !is_same {
            entry.insert(field, value);
        }
    }
    entry
}
