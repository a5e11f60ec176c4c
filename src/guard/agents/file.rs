//! `agents.toml`: one table for each agent. Edits keep comments and order. A key that is not known is refused, since a
//! limit that is misspelt must not be without effect.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rust_decimal::Decimal;
use toml_edit::{DocumentMut, Item, Table, value};

use super::agent::{Agent, Agents};
use super::key::{KeyHash, NewKey};
use crate::api::amount;
use crate::files;
use crate::guard::policy::{Limits, Toolsets};

const HEADER: &str = "# Agents that may call this server over HTTP. `opentrain-mcp agents` writes it; limits may be edited\n\
                      # by hand, and a running server takes them up at once. A key stands here only as its SHA-256.\n\n";
/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest name of an agent.
const LONGEST_NAME: usize = 64;

/// The reason why the file cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {
    /// It cannot be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// It is not TOML.
    #[error("{0}: {1}")]
    Toml(PathBuf, #[source] toml_edit::TomlError),
    /// An entry is wrong.
    #[error("{path}: agent {agent}: {problem}")]
    Entry {
        /// The file.
        path: PathBuf,
        /// The agent's name.
        agent: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The wanted change is not possible.
    #[error("{0}")]
    Refused(String),
}

/// The file, open for a change. Other processes wait until it is closed.
pub struct AgentFile {
    path: PathBuf,
    document: DocumentMut,
    agents: Agents,
    _lock: File,
}

impl Agents {
    /// Reads the file. A file that is not there has no agents. `families` are the valid toolsets.
    ///
    /// # Errors
    /// If the file cannot be read, or an entry is wrong.
    pub fn read(path: &Path, families: &[&str]) -> Result<Self, AgentsError> {
        parse(path, &text(path)?, families).map(|(_, agents)| agents)
    }
}

fn text(path: &Path) -> Result<String, AgentsError> {
    match files::read_named(path) {
        Ok(bytes) => {
            String::from_utf8(bytes).map_err(|fault| AgentsError::Io(path.to_owned(), io::Error::other(fault)))
        }
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(fault) => Err(AgentsError::Io(path.to_owned(), fault)),
    }
}

fn parse(path: &Path, text: &str, families: &[&str]) -> Result<(DocumentMut, Agents), AgentsError> {
    let document: DocumentMut = text.parse().map_err(|fault| AgentsError::Toml(path.to_owned(), fault))?;
    let wrong = |agent: &str, problem| AgentsError::Entry { path: path.to_owned(), agent: agent.to_owned(), problem };
    let mut all: Vec<Agent> = Vec::new();
    for (name, item) in document.iter() {
        let table = item.as_table().ok_or_else(|| wrong(name, "it must be a table, such as [pipeline]".into()))?;
        all.push(agent(name, table, families).map_err(|problem| wrong(name, problem))?);
    }
    let mut ids = HashSet::new();
    if let Some(twice) = all.iter().find(|agent| !ids.insert(&agent.id)) {
        return Err(wrong(&twice.name, format!("the id {} stands twice in the file", twice.id)));
    }
    Ok((document, Agents::of(all)))
}

fn agent(name: &str, table: &Table, families: &[&str]) -> Result<Agent, String> {
    check_name(name)?;
    let mut agent = Agent {
        name: name.to_owned(),
        id: text_of(table, "id")?.ok_or("id is missing")?,
        hash: text_of(table, "key_sha256")?
            .and_then(|hex| KeyHash::from_hex(&hex))
            .ok_or("key_sha256 must have 64 hex digits")?,
        limits: Limits::default(),
        created: time(table, "created")?,
        expires: time(table, "expires")?,
        revoked: time(table, "revoked")?,
    };
    for (key, item) in table {
        let limits = &mut agent.limits;
        match key {
            "id" | "key_sha256" | "created" | "expires" | "revoked" => {}
            "read_only" => limits.read_only = item.as_bool().ok_or("read_only must be true or false")?,
            "toolsets" => limits.toolsets = Some(toolsets(item, families)?),
            "max_milestone_usd" => limits.max_milestone = Some(dollars(key, item)?),
            "max_day_usd" => limits.max_day = Some(dollars(key, item)?),
            "confirm" => limits.person_confirms = person_confirms(item)?,
            _ => {
                return Err(format!(
                    "{key} is not known; there are id, key_sha256, created, expires, revoked, read_only, toolsets, \
                     max_milestone_usd, max_day_usd and confirm"
                ));
            }
        }
    }
    Ok(agent)
}

fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let fits = !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_plain);
    if fits { Ok(()) } else { Err(format!("a name has 1 to {LONGEST_NAME} letters, digits, -, _ or .")) }
}

fn text_of(table: &Table, key: &str) -> Result<Option<String>, String> {
    let Some(item) = table.get(key) else { return Ok(None) };
    Ok(Some(item.as_str().ok_or_else(|| format!("{key} must be a text in quotes"))?.to_owned()))
}

fn time(table: &Table, key: &str) -> Result<Option<Timestamp>, String> {
    let Some(item) = table.get(key) else { return Ok(None) };
    let text = item.as_str().map(str::to_owned).or_else(|| item.as_datetime().map(ToString::to_string));
    let time = text.and_then(|text| text.parse().ok());
    time.map(Some).ok_or_else(|| format!("{key} must be a time such as \"2026-12-31T00:00:00Z\""))
}

fn toolsets(item: &Item, families: &[&str]) -> Result<Toolsets, String> {
    let names: Option<Vec<&str>> = item.as_array().and_then(|names| names.iter().map(|name| name.as_str()).collect());
    let list = names.ok_or("toolsets must be a list of names, such as [\"contracts\", \"milestones\"]")?.join(",");
    Toolsets::parse(&list, families).map_err(|problem| format!("toolsets: {problem}"))
}

fn person_confirms(item: &Item) -> Result<bool, String> {
    match item.as_str() {
        Some("person") => Ok(true),
        Some("host") => Ok(false),
        _ => Err("confirm must be \"host\" or \"person\"".into()),
    }
}

/// An amount, exactly as it is written. A float is refused: it cannot hold every amount.
fn dollars(key: &str, item: &Item) -> Result<Decimal, String> {
    let text = item.as_str().map(str::to_owned).or_else(|| item.as_integer().map(|number| number.to_string()));
    let amount = text.as_deref().and_then(amount::plain).filter(|amount| !amount.is_sign_negative());
    amount.ok_or_else(|| format!("{key} must be an amount in USD in quotes, such as \"500\" or \"99.50\""))
}

impl AgentFile {
    /// Opens the file for a change and locks it.
    ///
    /// # Errors
    /// If it cannot be locked or read, or an entry is wrong.
    pub fn open(path: &Path, families: &[&str]) -> Result<Self, AgentsError> {
        let fault = |fault| AgentsError::Io(path.to_owned(), fault);
        let path = files::named(path).map_err(fault)?;
        let folder = path.parent().ok_or_else(|| fault(io::Error::other("it is in no folder")))?;
        files::private_folder(folder).map_err(fault)?;
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let lock = files::open_log(Path::new(&lock)).map_err(fault)?;
        files::lock(&lock, PATIENCE).map_err(fault)?;
        let text = text(&path)?;
        let (document, agents) = parse(&path, &text, families)?;
        Ok(Self { path, document, agents, _lock: lock })
    }

    /// Adds an agent and makes its key. `toolsets` are valid names of families.
    ///
    /// # Errors
    /// If there is such an agent already, or the file cannot be written.
    pub fn add(
        mut self,
        name: &str,
        limits: &Limits,
        toolsets: &[String],
        expires: Option<Timestamp>,
    ) -> Result<NewKey, AgentsError> {
        check_name(name).map_err(AgentsError::Refused)?;
        if self.document.contains_key(name) {
            return Err(AgentsError::Refused(format!(
                "there is an agent {name} already: `opentrain-mcp agents rotate {name}` gives it another key"
            )));
        }
        let mut table = Table::new();
        if self.document.to_string().trim().is_empty() {
            table.decor_mut().set_prefix(HEADER);
        }
        let key = new_key(&mut table)?;
        if let Some(end) = expires {
            table.insert("expires", value(end.to_string()));
        }
        if limits.read_only {
            table.insert("read_only", value(true));
        }
        if !toolsets.is_empty() {
            table.insert("toolsets", value(toolsets.iter().collect::<toml_edit::Array>()));
        }
        for (name, amount) in [("max_milestone_usd", limits.max_milestone), ("max_day_usd", limits.max_day)] {
            if let Some(amount) = amount {
                table.insert(name, value(amount.to_string()));
            }
        }
        if limits.person_confirms {
            table.insert("confirm", value("person"));
        }
        self.document.insert(name, Item::Table(table));
        self.save()?;
        Ok(key)
    }

    /// Makes another key for an agent. The old one stops working; a revoked agent works again.
    ///
    /// # Errors
    /// If there is no such agent, or the file cannot be written.
    pub fn rotate(mut self, name: &str, expires: Option<Timestamp>) -> Result<NewKey, AgentsError> {
        let had_an_end = self.agent(name)?.expires.is_some();
        if had_an_end && expires.is_none() {
            return Err(AgentsError::Refused(format!(
                "the key of {name} expires: give --expires for the new one, too"
            )));
        }
        let table = self.table(name)?;
        table.remove("revoked");
        let key = new_key(table)?;
        if let Some(end) = expires {
            table.insert("expires", value(end.to_string()));
        }
        self.save()?;
        Ok(key)
    }

    /// Revokes the key of an agent. The agent stays in the file, so that no other one gets its name by accident.
    ///
    /// # Errors
    /// If there is no such agent, or the file cannot be written.
    pub fn revoke(mut self, name: &str) -> Result<(), AgentsError> {
        self.table(name)?.insert("revoked", value(now()));
        self.save()
    }

    fn agent(&self, name: &str) -> Result<&Agent, AgentsError> {
        self.agents.all().iter().find(|agent| agent.name == name).ok_or_else(|| unknown(name))
    }

    fn table(&mut self, name: &str) -> Result<&mut Table, AgentsError> {
        self.document.get_mut(name).and_then(Item::as_table_mut).ok_or_else(|| unknown(name))
    }

    fn save(self) -> Result<(), AgentsError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let saved =
            files::unnamed(folder).and_then(|file| files::put(file, self.document.to_string().as_bytes(), &self.path));
        saved.map_err(|fault| AgentsError::Io(self.path.clone(), fault))
    }
}

fn unknown(name: &str) -> AgentsError {
    AgentsError::Refused(format!("there is no agent {name}; `opentrain-mcp agents list` shows all"))
}

fn new_key(table: &mut Table) -> Result<NewKey, AgentsError> {
    let key = NewKey::make().map_err(|fault| AgentsError::Refused(format!("no random bytes for a key: {fault}")))?;
    table.insert("id", value(&key.id));
    table.insert("key_sha256", value(key.hash().hex()));
    table.insert("created", value(now()));
    Ok(key)
}

/// The time, to the second.
fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILIES: [&str; 2] = ["contracts", "milestones"];

    fn read(text: &str) -> Result<Agents, AgentsError> {
        parse(Path::new("agents.toml"), text, &FAMILIES).map(|(_, agents)| agents)
    }

    #[test]
    fn an_edit_keeps_what_the_operator_wrote() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a/agents.toml");
        let open = || AgentFile::open(&path, &FAMILIES).unwrap();
        let limits = Limits { read_only: true, max_day: Some(Decimal::from(5)), ..Limits::default() };
        let key = open().add("ci", &limits, &["contracts".into()], None).unwrap();
        let written = std::fs::read_to_string(&path).unwrap().replace("max_day_usd", "# for May\nmax_day_usd");
        assert!(!written.contains(key.text.rsplit('_').next().unwrap()), "no secret in {written}");
        std::fs::write(&path, &written).unwrap();
        open().add("other", &Limits::default(), &[], None).unwrap();
        let next = open().rotate("ci", None).unwrap();
        open().revoke("other").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("# for May\nmax_day_usd = \"5\"") && text.starts_with("# Agents"), "{text}");
        let agents = Agents::read(&path, &FAMILIES).unwrap();
        let now = Timestamp::now();
        assert!(agents.admit(&key.text, now).is_none() && agents.admit(&next.text, now).is_some());
        assert_eq!(agents.admit(&next.text, now).unwrap().limits.max_day, Some(Decimal::from(5)));
        assert!(agents.all()[1].revoked.is_some());
        assert!(open().add("ci", &limits, &[], None).is_err() && open().revoke("nobody").is_err());
    }

    #[test]
    fn a_wrong_entry_says_what_is_right() {
        let hash = "0".repeat(64);
        let entry = |line: &str| format!("[ci]\nid = \"a\"\nkey_sha256 = \"{hash}\"\n{line}\n");
        assert_eq!(
            read(&entry("max_day_usd = \"12.50\"")).unwrap().all()[0].limits.max_day,
            Some(Decimal::new(1250, 2))
        );
        for (line, part) in [
            ("max_day_usd = 12.5", "\"99.50\""),
            ("max_dai_usd = \"5\"", "max_dai_usd is not known"),
            ("toolsets = [\"contract\"]", "there are contracts, milestones"),
            ("read_only = \"yes\"", "true or false"),
            ("expires = \"soon\"", "2026-12-31"),
        ] {
            let fault = read(&entry(line)).unwrap_err().to_string();
            assert!(fault.contains(part) && fault.contains("agent ci"), "{fault}");
        }
        assert!(read(&format!("{}{}", entry(""), entry("").replace("[ci]", "[b]"))).is_err(), "one id for two");
        assert!(read("ci = 1").is_err() && read("[ci]\n").is_err() && read("[").is_err());
        assert!(read("").unwrap().all().is_empty());
    }
}
