//! The commands of the binary, one file each: they put the parts together and run them. Start with `start`.

#[cfg(feature = "http")]
mod agents;
mod approvals;
mod ask;
mod audit;
mod call;
mod check;
mod demo;
mod drift;
mod fault;
mod freeze;
#[cfg(feature = "http")]
mod http;
mod install;
mod ledger;
mod log;
mod login;
mod logout;
mod notify;
mod reconcile;
mod sandbox;
mod terminal;
mod tools;
mod traces;
mod trust;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::visible::visible;
use crate::answer::{Shown, quoted_to, shown};
use crate::api::client::{Client, Endpoint};
use crate::api::token::{InMemory, TokenSource};
use crate::cli::{Cli, Task, completions, logs_json};
use crate::config::{Config, Confirm, Environment, LogFormat, RecordPlace};
use crate::engine::{Services, Toolbox};
use crate::guard::Operator;
use crate::guard::freeze::UNREACHABLE;
use crate::guard::policy::{Policy, Toolsets};
use crate::mcp::{Server, stdio};
use crate::sandbox::{Embedded, Faults, UserSecret};
use crate::tools::{CATALOG, family_names};

use fault::Fault;
use log::Log;
use terminal::{print, print_whole};
use traces::Traces;

/// Runs a command line. Says on stderr why a command cannot run, in the format of the log, with status 2.
#[must_use]
pub fn start(line: Vec<OsString>) -> ExitCode {
    leave_no_core_dump();
    let environment = Environment::of_process();
    let cli = match Cli::read(&line) {
        Ok(cli) => cli,
        Err(fault) if !fault.use_stderr() => fault.exit(),
        Err(fault) => {
            let text = fault.to_string();
            return refuse(text.trim_start_matches("error: ").trim_end(), logs_json(&line, &environment));
        }
    };
    let as_json = cli.flags.log_format == LogFormat::Json;
    run(cli, &environment).unwrap_or_else(|fault| {
        let causes = std::iter::successors(Some(&*fault as &dyn std::error::Error), |error| error.source());
        // One line, so that no word of others in it can begin a line of its own.
        let message = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
        refuse(&message.split_whitespace().collect::<Vec<_>>().join(" "), as_json)
    })
}

/// A crash must not write the token to the disk. It cannot be told before the settings are read whether there is a token.
#[cfg(unix)]
fn leave_no_core_dump() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Neither call fails on a system that has it; on another one there is nothing that could be done.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A program that collects dumps takes no heed of the limit.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(not(unix))]
fn leave_no_core_dump() {}

fn refuse(message: &str, as_json: bool) -> ExitCode {
    let message = terminal::masked(message);
    let line = if as_json {
        let fields = serde_json::json!({ "message": message });
        serde_json::json!({ "level": "ERROR", "fields": fields, "target": "opentrain_mcp" }).to_string()
    } else {
        format!("opentrain-mcp: {}", visible(&message))
    };
    // If stderr is closed, there is no other place to say so.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
    ExitCode::from(2)
}

fn run(cli: Cli, environment: &Environment) -> Result<ExitCode, Fault> {
    // The stop switch works even with invalid settings.
    match &cli.task {
        Some(Task::Freeze { reason }) => return freeze::freeze(&cli.flags, environment, reason),
        Some(Task::Thaw) => return freeze::thaw(&cli.flags, environment),
        _ => {}
    }
    let mut config = Config::read(&cli.flags, environment)?;
    let overriding = config.credentials.overriding_variable();
    if matches!(cli.task, Some(Task::Login | Task::Logout)) {
        // Only the saved account matters, at its own base.
        config = Config::read(&cli.flags, &environment.without_token())?;
    }
    terminal::mask(config.credentials.clone());
    let log = Log::start(&config.flags, Arc::clone(&config.credentials))?;
    // One thread is faster, because calls mostly wait: with a second thread each call would also wait for that one to
    // wake. Blocking work (syncing files, locks) has its own threads.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(perform(cli.task.unwrap_or(Task::Serve), &config, environment, overriding));
    // A read of stdin cannot be cancelled: the process does not wait for it.
    runtime.shutdown_background();
    log.finish();
    done
}

async fn perform(
    task: Task,
    config: &Config,
    environment: &Environment,
    overriding: Option<&'static str>,
) -> Result<ExitCode, Fault> {
    #[cfg(feature = "http")]
    if let (Task::Serve, Some(address)) = (&task, config.flags.http.http) {
        return http::run(config, address).await;
    }
    match task {
        Task::Serve => {
            warn(config);
            ledger::connect(config).await?;
            greet();
            let traces = Traces::start(config)?;
            let toolbox = Arc::new(toolbox_over(config, |embedded| embedded, |client| traces.over(client))?);
            if let Some(notifier) = toolbox.services.notifier.clone() {
                tokio::spawn(notify::watch(Arc::downgrade(&toolbox), notifier));
            }
            let served = Box::pin(stdio::serve(Server::new(toolbox)?)).await;
            traces.end().await;
            served?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Demo => demo::run().await,
        Task::Tools { json } => tools::run(&toolbox(config)?, json),
        Task::Call { tool, arguments, json } => {
            warn(config);
            // The user asked for one complete answer, so memory is not limited.
            let toolbox = toolbox_over(config, Embedded::for_one_call, Client::reading_whole)?;
            call::run(Server::new(Arc::new(toolbox))?, &tool, &arguments, json).await
        }
        Task::Check { live: true } => check::live::run(config).await,
        Task::Check { live: false } => check::run(config).await,
        Task::Completions { shell } => {
            print_whole(&completions(shell))?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Drift { document } => drift::run(config, document.as_deref()).await,
        Task::Trust => trust::run(config),
        Task::Login => login::run(config, overriding).await,
        Task::Logout => logout::run(config, overriding).await,
        Task::Approvals { json } => approvals::run(config, json).await,
        Task::Reconcile(options) => reconcile::run(config, &options).await,
        Task::Audit { file } => audit::run(config, file.as_deref()).await,
        #[cfg(feature = "http")]
        Task::Agents(task) => agents::run(&task, config),
        // `run` has done these already.
        Task::Freeze { .. } | Task::Thaw => Ok(ExitCode::SUCCESS),
        Task::Install(options) => install::install(&options, environment, config.flags.arguments()),
        Task::Uninstall(options) => install::uninstall(&options, environment),
        Task::Sandbox { listen, assumptions } => sandbox::run(listen, config, assumptions).await,
    }
}

/// The tools over OpenTrain or over this user's sandbox.
fn toolbox(config: &Config) -> Result<Toolbox, Fault> {
    toolbox_over(config, |embedded| embedded, |client| client)
}

/// Like `toolbox`, with a change to the sandbox or the client.
fn toolbox_over(
    config: &Config,
    embed: impl FnOnce(Embedded) -> Embedded,
    change: impl FnOnce(Client) -> Client,
) -> Result<Toolbox, Fault> {
    Ok(Toolbox::new(services_over(config, embed, change)?, CATALOG))
}

fn services_over(
    config: &Config,
    embed: impl FnOnce(Embedded) -> Embedded,
    change: impl FnOnce(Client) -> Client,
) -> Result<Services, Fault> {
    let flags = &config.flags;
    let (endpoint, tokens): (Box<dyn Endpoint>, Arc<dyn TokenSource>) = if flags.sandbox {
        let embedded = Embedded::new(flags.sandbox_port, UserSecret::in_folder(config.state_folder.clone()))
            .with_faults(faults(config)?);
        (Box::new(embed(embedded)), Arc::new(InMemory::with(crate::sandbox::default_token())))
    } else {
        (Box::new(config.origin.clone()), config.credentials.clone())
    };
    let client = change(Client::new(endpoint, flags.timeout).through(config.proxies.clone()));
    let mut services = Services::new(client, tokens, operator(config)?, flags.human_wait, flags.sandbox);
    services.notifier = notify::Messenger::of(config);
    Ok(services)
}

/// The faults that the sandbox simulates.
fn faults(config: &Config) -> Result<Faults, Fault> {
    let Some(text) = &config.flags.sandbox_fault else { return Ok(Faults::none()) };
    Ok(Faults::parse(text).map_err(|fault| format!("{}: {fault}", config.flags.source("sandbox-fault")))?)
}

fn operator(config: &Config) -> Result<Operator, Fault> {
    let flags = &config.flags;
    let toolsets = match &flags.toolsets {
        Some(list) => {
            Toolsets::parse(list, &family_names()).map_err(|fault| format!("{}: {fault}", flags.source("toolsets")))?
        }
        None => Toolsets::default(),
    };
    let policy = Policy {
        read_only: flags.read_only,
        toolsets,
        max_milestone: flags.max_milestone_usd,
        max_day: flags.max_day_usd,
        person_confirms: flags.confirm == Confirm::Person,
        duplicate_window: flags.duplicate_window,
        prefix: flags.tool_prefix.clone().unwrap_or_default(),
        tools: None,
    };
    Ok(Operator { policy, ledger: Arc::new(ledger::of(config)?), private_folder: config.private_folder.clone() })
}

/// Builds the server from the settings.
///
/// # Errors
/// If a setting is invalid.
pub fn server(config: &Config) -> Result<Server, Fault> {
    Ok(Server::new(Arc::new(toolbox(config)?))?)
}

/// The time limit of a command's own request, including retries.
fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(45)
}

/// Prints what this program is, if stdin is a terminal. A host has no terminal.
fn greet() {
    if std::io::stdin().is_terminal() {
        let _ = writeln!(
            anstream::stderr(),
            "This is an MCP server: a host (Claude Code, VS Code, …) starts it and talks to it on stdin. To try it by hand: \
             opentrain-mcp demo, opentrain-mcp check, opentrain-mcp --help. Ctrl-C ends it."
        );
    }
}

/// Prints warnings about the token's source, and about missing features.
fn warn(config: &Config) {
    let notices = config.credentials.notices();
    for notice in missing(config) {
        tracing::warn!("{notice}");
    }
    for notice in notices {
        tracing::warn!("{notice}");
    }
}

/// The features that are unavailable because the machine or the user has no folder for them.
fn missing(config: &Config) -> Vec<Shown> {
    let mut missing = Vec::new();
    if config.switches.is_empty() {
        missing.push(UNREACHABLE.into());
    }
    if config.record == RecordPlace::Missing {
        missing.push(
            "writes are not recorded: there is no home folder (HOME, XDG_STATE_HOME); --audit-log FILE names a place, \
             --no-record says that none is wanted"
                .into(),
        );
    }
    missing.extend(ledger::problem(config).map(|why| {
        let why = quoted_to(&why, 400);
        shown!("two servers of this user could create the same milestone in the same instant: {}", why)
    }));
    missing
}
