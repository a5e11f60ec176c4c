//! `opentrain-mcp install` and `opentrain-mcp uninstall`: edit each host's file and say what to do next.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::answer::{Joined, Shown, id, quoted_to, shown};
use crate::cli::{Install, Uninstall};
use crate::config::Environment;
use crate::install::{
    self, Change, DEFAULT_NAME, HOSTS, Host, InstallError, Launch, Location, Machine, SANDBOX_NAME, SENTENCES, System,
    our_names, snippet,
};

use super::Fault;
use super::terminal::{BAD, GOOD, HEADING, padded, path_of, print, print_whole, styled};

/// Describes this user's machine.
fn machine(environment: &Environment) -> Result<Machine, Fault> {
    let environment = environment.clone();
    let variable = move |name: &str| environment.variable(name).map(str::to_owned);
    let machine = Machine::new(System::current(), variable);
    Ok(machine.ok_or("there is no home folder (HOME, or USERPROFILE on Windows), so no host can be found")?)
}

/// A host's file. `is_found` is false for a named host that is not on this machine.
struct Target {
    host: &'static Host,
    location: Location,
    is_found: bool,
}

/// The files of the named hosts, or of all hosts that are found.
fn targets(machine: &Machine, names: &[String]) -> Vec<Target> {
    let hosts = HOSTS.iter().filter(|host| names.is_empty() || names.iter().any(|name| name == host.name));
    let targets = hosts.flat_map(|host| {
        let found = host.found(machine);
        let is_found = !found.is_empty();
        let expected = host.expected(machine).filter(|_| !is_found && !names.is_empty());
        let locations = found.into_iter().chain(expected);
        locations.map(move |location| Target { host, location, is_found })
    });
    targets.collect()
}

/// Adds our entry to hosts. `arguments` are the settings given as flags.
pub(super) fn install(options: &Install, environment: &Environment, arguments: Vec<String>) -> Result<ExitCode, Fault> {
    let machine = &machine(environment)?;
    if options.list {
        return list(machine, &options.scope.hosts);
    }
    let launch = &Launch { command: machine.own_path()?, arguments };
    let default = if launch.is_sandbox() { SANDBOX_NAME } else { DEFAULT_NAME };
    let name = options.name.as_deref().unwrap_or(default);
    let targets = targets(machine, &options.scope.hosts);
    if targets.is_empty() {
        return none_found(machine, name, launch);
    }
    let (mut done, mut failed) = (Vec::new(), false);
    for Target { host, location, is_found } in &targets {
        let path = &location.file;
        match install::install(host, path, name, launch, options.scope.dry_run) {
            Ok(change) => {
                print(added(host, path, name, &change, options.scope.dry_run))?;
                if !is_found {
                    print(shown!("  {} was not found on this machine; the file is ready for it.", host.title))?;
                }
                if options.scope.dry_run && change != Change::Nothing {
                    print_whole(&snippet(host, name, launch)?)?;
                }
                done.push(*host);
            }
            Err(error) => {
                failed = true;
                left_alone(host, &error)?;
                print("  Add this to it by hand:")?;
                print_whole(&snippet(host, name, launch)?)?;
            }
        }
    }
    if let Some(manager) = cache_of(&launch.command) {
        print(shown!(
            "Note: this program is in the cache of {}, which may be cleared; the hosts would then not find it. Install it \
             for good, and run install again.",
            manager
        ))?;
    }
    if !options.scope.dry_run && !done.is_empty() {
        next(&done, launch)?;
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// The package manager whose cache contains this program, if any.
fn cache_of(command: &str) -> Option<&'static str> {
    let mut folders = command.split(['/', '\\']);
    folders.find_map(|folder| match folder {
        "_npx" => Some("npx"),
        "archive-v0" | "environments-v2" => Some("uvx"),
        _ => None,
    })
}

/// Describes the change of one file in a sentence or two.
fn added(host: &Host, path: &Path, name: &str, change: &Change, is_trial: bool) -> Shown {
    let (name, path) = (id(name), path_of(path));
    let (add, update) = if is_trial { ("would add", "would update") } else { ("added", "updated") };
    let did = match change {
        Change::Added { .. } => shown!("{} {} to {}.", add, name, path),
        Change::Updated { .. } => shown!("{} {} in {}.", update, name, path),
        Change::Nothing | Change::Removed { .. } => shown!("{} is in {} already. Nothing was changed.", name, path),
    };
    let (Change::Added { copy: Some(copy) } | Change::Updated { copy: Some(copy) }) = change else {
        return shown!("{}: {}", host.title, did);
    };
    let keep = if is_trial { "would be kept" } else { "is" };
    shown!("{}: {} A copy from before {} in {}.", host.title, did, keep, path_of(copy))
}

fn left_alone(host: &Host, error: &InstallError) -> Result<(), Fault> {
    print(shown!("{} {}: {}", styled(BAD, "✗"), host.title, reason(error)))
}

/// Why a file was left alone. What its text, its entries and the system say is quoted.
fn reason(error: &InstallError) -> Shown {
    let said = |what: &dyn std::fmt::Display| quoted_to(&what.to_string(), 400);
    let (path, why) = match error {
        InstallError::File { path, source } => (path, said(source)),
        InstallError::Document { path, source } => (path, said(source)),
        InstallError::NameTaken { path, name, starts } => {
            let why = shown!("{} in it starts another program ({}); choose another --name", id(name), said(starts));
            (path, why)
        }
    };
    shown!("{} was left alone: {}", path_of(path), why)
}

/// Prints the user's next step.
fn next(hosts: &[&Host], launch: &Launch) -> Result<(), Fault> {
    print(shown!("\n{}", styled(HEADING, "Next")))?;
    let mut titles: Vec<&str> = Vec::new();
    for host in hosts {
        if !titles.contains(&host.title) {
            titles.push(host.title);
            print(shown!("  {}: {}", host.title, host.restart))?;
            print(shown!("    {}", host.success))?;
        }
    }
    if !launch.is_sandbox() {
        print(
            "  The server needs an OpenTrain token; `opentrain-mcp check` tells whether there is one. Without a token the \
             assistant can register an account for you: ask it to.",
        )?;
    }
    print(shown!("\n{}", styled(HEADING, "Then say, for example")))?;
    SENTENCES.iter().try_for_each(|sentence| print(shown!("  {}", sentence)))
}

/// No host was found: lists where the program looked, and prints an entry that most hosts accept.
fn none_found(machine: &Machine, name: &str, launch: &Launch) -> Result<ExitCode, Fault> {
    print("No MCP host was found on this machine. These were looked for:")?;
    for host in &HOSTS {
        for location in (host.locations)(machine) {
            print(shown!("  {}  {}", host.title, path_of(&location.file)))?;
        }
    }
    let _ = writeln!(
        anstream::stderr(),
        "No host was found, so no file was written. Name a host to write its file all the same (`opentrain-mcp install \
         --help`), or give it what stands on stdout."
    );
    print("What most hosts read:")?;
    if let Some(host) = HOSTS.first() {
        print_whole(&snippet(host, name, launch)?)?;
    }
    Ok(ExitCode::FAILURE)
}

/// Removes our entries from hosts.
pub(super) fn uninstall(options: &Uninstall, environment: &Environment) -> Result<ExitCode, Fault> {
    let machine = machine(environment)?;
    let (mut removed, mut failed) = (false, false);
    for Target { host, location, .. } in targets(&machine, &options.scope.hosts) {
        match install::uninstall(host, &location.file, options.name.as_deref(), options.scope.dry_run) {
            Ok(Change::Removed { names, restored, copy }) => {
                removed = true;
                let remove = if options.scope.dry_run { "would remove" } else { "removed" };
                let after = match (restored, copy) {
                    _ if options.scope.dry_run => Shown::default(),
                    (true, _) => " The file is what it was before the installation.".into(),
                    (false, Some(copy)) => shown!(
                        " The rest of the file has changed since the installation and stays; the copy from before is in {}.",
                        path_of(&copy)
                    ),
                    (false, None) => Shown::default(),
                };
                let names = names.iter().map(|name| id(name)).joined(", ");
                let file = path_of(&location.file);
                print(shown!("{}: {} {} from {}.{}", host.title, remove, names, file, after))?;
            }
            Ok(_) => {}
            Err(error) => {
                failed = true;
                left_alone(host, &error)?;
                print("  Where an entry in it starts opentrain-mcp, remove it by hand.")?;
            }
        }
    }
    if !removed && !failed {
        print("There was no entry of this server to remove.")?;
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// Lists the hosts with their files.
fn list(machine: &Machine, names: &[String]) -> Result<ExitCode, Fault> {
    for host in HOSTS.iter().filter(|host| names.is_empty() || names.iter().any(|name| name == host.name)) {
        let found = host.found(machine);
        let lead = shown!("{} {}", padded(host.name, 15), padded(host.title, 15));
        if found.is_empty() {
            print(shown!("{} not found", lead))?;
        }
        for location in found {
            let text = std::fs::read_to_string(&location.file);
            let said = |what: &dyn std::fmt::Display| quoted_to(&what.to_string(), 400);
            let state: Shown = match text.as_deref().map(|text| our_names(host, text)) {
                Ok(Ok(ours)) if !ours.is_empty() => {
                    styled(GOOD, shown!("has {}", ours.iter().map(|name| id(name)).joined(", ")))
                }
                Ok(Ok(_)) => "found".into(),
                Ok(Err(error)) => styled(BAD, shown!("found, but {}", said(&error))),
                Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => "found, no file yet".into(),
                Err(fault) => styled(BAD, shown!("found, but its file cannot be read: {}", said(&fault))),
            };
            print(shown!("{} {}  {}", lead, path_of(&location.file), state))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
