//! What the binary does: each command puts the parts together and runs them.

mod audit;
mod call;
mod check;
mod demo;
mod drift;
mod freeze;
mod install;
mod log;
mod logout;
mod sandbox;
mod terminal;
mod tools;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::client::{Client, Endpoint};
use crate::api::token::{InMemory, TokenSource};
use crate::cli::{Cli, Task};
use crate::config::{Config, Environment, OperatorConfig, RecordPlace};
use crate::mcp::{Server, stdio};
use crate::sandbox::{Embedded, Faults};
use crate::tools::audit::AuditLog;
use crate::tools::creation::Locks;
use crate::tools::freeze::{Switch, UNREACHABLE};
use crate::tools::policy::{Policy, Toolsets};
use crate::tools::{Operator, Toolbox};

use log::Log;
use terminal::{print, print_whole};

/// What makes a command impossible, with its causes.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Runs what was typed.
///
/// # Errors
/// When a setting cannot be used, or the command cannot be begun.
pub fn run(cli: Cli) -> Result<ExitCode, Fault> {
    let environment = Environment::of_process();
    let mut config = Config::read(&cli.typed.0, &environment)?;
    let overriding = config.credentials.overriding_variable();
    if matches!(cli.task, Some(Task::Logout)) {
        // The saved account alone is meant, with the base that belongs to it.
        config = Config::read(&cli.typed.0, &environment.without_token())?;
    }
    if let Some(task @ (Task::Install(_) | Task::Uninstall(_))) = &cli.task {
        return install::run(task, &environment, cli.typed.arguments());
    }
    let log = Log::start(&config.log, Arc::clone(&config.credentials))?;
    // One thread: calls wait, they do not compute. A second one makes each of them wait for it to wake, too; what blocks
    // (files that are synced, locks) has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(perform(cli.task.unwrap_or(Task::Serve), &config, overriding));
    // A read of stdin cannot be called back: the process does not wait for it.
    runtime.shutdown_background();
    log.finish();
    done
}

async fn perform(task: Task, config: &Config, overriding: Option<&'static str>) -> Result<ExitCode, Fault> {
    match task {
        Task::Serve => {
            warn(config);
            greet();
            stdio::serve(server(config)?).await?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Demo => demo::run().await,
        Task::Tools { json } => tools::run(&toolbox(config)?, json),
        Task::Call { tool, arguments, json } => {
            warn(config);
            // A person who asks for one answer wants all of it, whatever memory it takes.
            let toolbox = toolbox_over(config, Client::reading_whole)?;
            call::run(Server::new(Arc::new(toolbox))?, &tool, &arguments, json).await
        }
        Task::Check => check::run(config).await,
        Task::Freeze { reason } => freeze::freeze(config, &reason),
        Task::Drift { document } => drift::run(config, document.as_deref()).await,
        Task::Logout => logout::run(config, overriding).await,
        Task::Thaw => freeze::thaw(config),
        Task::Audit { file } => audit::run(config, file.as_deref()),
        // `run` has done these two: they need no settings.
        Task::Install(_) | Task::Uninstall(_) => Ok(ExitCode::SUCCESS),
        Task::Sandbox { listen, assumptions } => sandbox::run(listen, config, assumptions).await,
    }
}

/// The tools over what is configured: OpenTrain, or the sandbox of this user.
fn toolbox(config: &Config) -> Result<Toolbox, Fault> {
    toolbox_over(config, |client| client)
}

/// The same, over a client that is changed first.
fn toolbox_over(config: &Config, change: impl FnOnce(Client) -> Client) -> Result<Toolbox, Fault> {
    let (endpoint, tokens): (Box<dyn Endpoint>, Arc<dyn TokenSource>) = match &config.sandbox {
        Some(sandbox) => {
            let embedded = Embedded::new(sandbox.port, config.user.clone()).with_faults(faults(config)?);
            (Box::new(embedded), Arc::new(InMemory::with(crate::sandbox::default_token())))
        }
        None => (Box::new(config.origin.clone()), config.credentials.clone()),
    };
    let client = change(Client::new(endpoint, config.timeout).through(config.proxies.clone()));
    Ok(Toolbox::new(client, tokens, operator(&config.operator)?, config.human_wait, config.sandbox.is_some()))
}

/// The faults that a sandbox is to play.
fn faults(config: &Config) -> Result<Faults, Fault> {
    match &config.sandbox_faults {
        Some((text, source)) => Ok(Faults::parse(text).map_err(|fault| format!("{source}: {fault}"))?),
        None => Ok(Faults::none()),
    }
}

fn operator(config: &OperatorConfig) -> Result<Operator, Fault> {
    let toolsets = match &config.toolsets {
        Some((list, source)) => Toolsets::parse(list).map_err(|fault| format!("{source}: {fault}"))?,
        None => Toolsets::default(),
    };
    let policy = Policy {
        read_only: config.read_only,
        toolsets,
        max_milestone: config.max_milestone,
        max_day: config.max_day,
        duplicate_window: config.duplicate_window,
        prefix: config.tool_prefix.clone(),
    };
    Ok(Operator {
        policy,
        audit: record(&config.record, config.max_day.is_some())?.map(Arc::new),
        switch: Switch::at(config.switches.clone()),
        locks: Locks::shared_in(config.state_folder.as_ref().map(|folder| folder.join("locks"))),
        private_folder: config.private_folder.clone(),
    })
}

/// The record of writes; one that a limit is counted from has to be kept.
fn record(place: &RecordPlace, is_counted: bool) -> Result<Option<AuditLog>, Fault> {
    let log = match place {
        RecordPlace::Named(path) => AuditLog::named(path.clone()),
        RecordPlace::Default(path) => AuditLog::by_default(path.clone(), is_counted),
        RecordPlace::Missing | RecordPlace::Off => return Ok(None),
    };
    let path = place.path().unwrap_or(Path::new("")).display();
    Ok(Some(log.map_err(|fault| format!("the audit log {path} cannot be written: {fault}"))?))
}

fn server(config: &Config) -> Result<Server, Fault> {
    Ok(Server::new(Arc::new(toolbox(config)?))?)
}

/// When a command that asks OpenTrain by itself gives up, retries and all.
fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(45)
}

/// Tells a person at a terminal what this is. A host has no terminal.
fn greet() {
    if std::io::stdin().is_terminal() {
        let _ = writeln!(
            anstream::stderr(),
            "This is an MCP server: a host (Claude Code, VS Code, …) starts it and speaks to it on stdin. To try it by hand: \
             opentrain-mcp demo, opentrain-mcp check, opentrain-mcp --help. Ctrl-C ends it."
        );
    }
}

/// Says on stderr what is odd about where the token comes from, and what this server has to do without.
fn warn(config: &Config) {
    if config.operator.switches.is_empty() {
        tracing::warn!("{UNREACHABLE}");
    }
    if config.operator.record == RecordPlace::Missing {
        tracing::warn!(
            "writes are not recorded: there is no home folder (HOME, XDG_STATE_HOME); --audit-log FILE names a place, \
             --no-record says that none is wanted"
        );
    }
    for notice in config.credentials.notices() {
        tracing::warn!("{notice}");
    }
}
