//! `opentrain-mcp agents`

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;

use crate::answer::text::usd;
use crate::answer::{Joined, Shown, id, shown};
use crate::api::token::KEY_PREFIX;
use crate::cli::Agents as Task;
use crate::config::{Config, Confirm, Flags, Source};
use crate::guard::agents::{Agent, AgentFile, Agents, NewKey};
use crate::guard::policy::{Limits, Toolsets};
use crate::tools::family_names;

use super::terminal::{path_of, print_secret};
use super::{Fault, print};

/// Changes or lists the agents.
pub(super) fn run(task: &Task, config: &Config) -> Result<ExitCode, Fault> {
    let path = path(config)?;
    let families = family_names();
    let open = || AgentFile::open(path, &families);
    match task {
        Task::Add { name, expires } => {
            let (limits, toolsets) = limits(&config.flags, &families)?;
            let key = open()?.add(name, &limits, &toolsets, *expires)?;
            hand_over(name, &key)?;
        }
        Task::Rotate { name, expires } => hand_over(name, &open()?.rotate(name, *expires)?)?,
        Task::Revoke { name } => {
            open()?.revoke(name)?;
            print(shown!("Revoked: the key of {} no longer works. Its name stays in {}.", id(name), path_of(path)))?;
        }
        Task::List => list(path, &Agents::read(path, &families)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The file of the agents.
pub(super) fn path(config: &Config) -> Result<&Path, Fault> {
    let missing =
        "there is no home folder for the agents: set --agents FILE (OPENTRAIN_AGENTS), HOME or XDG_CONFIG_HOME";
    config.agents.as_deref().ok_or_else(|| missing.into())
}

/// The limits that were typed. Variables are the server's own settings, which hold for every agent anyway.
fn limits(flags: &Flags, families: &[&str]) -> Result<(Limits, Vec<String>), Fault> {
    let is_typed = |name| matches!(flags.source(name), Source::Flag(_));
    let list = flags.toolsets.as_ref().filter(|_| is_typed("toolsets"));
    if let Some(list) = list {
        Toolsets::parse(list, families).map_err(|fault| format!("--toolsets: {fault}"))?;
    }
    let names = list.map_or("", String::as_str).split(',').map(str::trim).filter(|name| !name.is_empty());
    let limits = Limits {
        read_only: flags.read_only && is_typed("read-only"),
        max_milestone: flags.max_milestone_usd.filter(|_| is_typed("max-milestone-usd")),
        max_day: flags.max_day_usd.filter(|_| is_typed("max-day-usd")),
        person_confirms: flags.confirm == Confirm::Person && is_typed("confirm"),
        ..Limits::default()
    };
    Ok((limits, names.map(str::to_owned).collect()))
}

/// Prints the key alone on stdout, so that a script can take it from there.
fn hand_over(name: &str, key: &NewKey) -> Result<(), Fault> {
    print_secret(&format!("{}\n", key.text))?;
    let says = format!(
        "This key of {name} is not shown again. The client sends it as: Authorization: Bearer {}…",
        key.text.get(..8).unwrap_or_default()
    );
    // Not on stdout, where a script takes the key from.
    let _ = writeln!(anstream::stderr(), "{says}");
    Ok(())
}

fn list(path: &Path, agents: &Agents) -> Result<(), Fault> {
    if agents.all().is_empty() {
        let how = "`opentrain-mcp agents add NAME` makes one";
        print(shown!("No agents in {}; {}", path_of(path), how))?;
    }
    for agent in agents.all() {
        // The beginning of a key is no secret, though it looks like one.
        print_secret(&line(agent, Timestamp::now()))?;
    }
    Ok(())
}

fn line(agent: &Agent, now: Timestamp) -> Shown {
    let limits = &agent.limits;
    let mut parts = vec![id(&agent.name), shown!("{}{}_…", KEY_PREFIX, id(&agent.id))];
    match (agent.revoked, agent.expires) {
        (Some(at), _) => parts.push(shown!("REVOKED {}", id(&at.to_string()))),
        (None, Some(end)) if end <= now => parts.push(shown!("EXPIRED {}", id(&end.to_string()))),
        (None, Some(end)) => parts.push(shown!("until {}", id(&end.to_string()))),
        (None, None) => {}
    }
    if limits.read_only {
        parts.push("read-only".into());
    }
    parts.extend(limits.toolsets.as_ref().and_then(Toolsets::describe));
    parts.extend(limits.max_milestone.map(|limit| shown!("at most {} a milestone", usd(limit))));
    parts.extend(limits.max_day.map(|limit| shown!("at most {} a day", usd(limit))));
    parts.extend(limits.person_confirms.then(|| "a person confirms".into()));
    parts.iter().joined(" · ")
}
