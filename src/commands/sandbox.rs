//! `opentrain-mcp sandbox`

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;

use tokio::net::TcpListener;

use crate::answer::{Page, shown};
use crate::config::Config;
use crate::sandbox::{ASSUMPTIONS, Sandbox, UserSecret, roles};

use super::terminal::print_secret;
use super::{Fault, faults, print};

/// Serves the sandbox alone until it is interrupted, or prints what it assumes.
pub(super) async fn run(listen: SocketAddr, config: &Config, only_assumptions: bool) -> Result<ExitCode, Fault> {
    if only_assumptions {
        print(ASSUMPTIONS.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let listener = TcpListener::bind(listen).await.map_err(|fault| match fault.kind() {
        ErrorKind::AddrInUse => format!(
            "{listen} is in use. Give --listen another address; a sandbox that runs there already is joined by \
             --sandbox --sandbox-port {}",
            listen.port()
        ),
        _ => format!("{listen}: {fault}"),
    })?;
    let sandbox = Sandbox::start_with(listener, &UserSecret::in_folder(config.state_folder.clone()), faults(config)?)?;
    print(shown!("SANDBOX, nothing real: {}", Page::parse(sandbox.origin().as_str())))?;
    print("Set OPENTRAIN_API_BASE_URL to it, and OT_API_TOKEN to one of these:")?;
    for role in roles() {
        print_secret(&format!("  {:<14} {}\n  {:<14} {}", role.name, role.token, "", role.purpose))?;
    }
    print("Stop it with Ctrl-C; it forgets everything then.")?;
    sandbox.run().await?;
    Ok(ExitCode::SUCCESS)
}
