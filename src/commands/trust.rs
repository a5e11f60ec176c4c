//! `opentrain-mcp trust`

use std::process::ExitCode;

use crate::answer::visible::visible;
use crate::config::Config;

use super::{Fault, print};

/// Stores that the saved token may be sent through the proxy and the root certificates that the environment names.
pub(super) fn run(config: &Config) -> Result<ExitCode, Fault> {
    let Some((transport, file)) = config.route.trust()? else {
        print(
            "There is nothing to trust: the stored token is held back only while the environment names both a proxy \
             (HTTPS_PROXY, ALL_PROXY) and roots of trust (SSL_CERT_FILE, SSL_CERT_DIR).",
        )?;
        return Ok(ExitCode::SUCCESS);
    };
    print(&format!(
        "Trusted: the stored token may go through the proxy {} with the certificates in {}.",
        visible(&transport.proxy),
        visible(&transport.roots.join(", "))
    ))?;
    print(&format!("To take this back, remove it from {}.", visible(&file.display().to_string())))?;
    Ok(ExitCode::SUCCESS)
}
