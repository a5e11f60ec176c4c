//! `opentrain-mcp trust`

use std::process::ExitCode;

use crate::answer::{quoted_to, shown};
use crate::config::Config;

use super::terminal::path_of;
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
    print(shown!(
        "Trusted: the stored token may go through the proxy {} with the certificates in {}.",
        quoted_to(&transport.proxy, 400),
        quoted_to(&transport.roots.join(", "), 400)
    ))?;
    print(shown!("To take this back, remove it from {}.", path_of(&file)))?;
    Ok(ExitCode::SUCCESS)
}
