//! `opentrain-mcp logout`

use std::process::ExitCode;

use crate::answer::shown;
use crate::api::agent::RevokeOwnToken;
use crate::api::client::{Caller, Client};
use crate::api::token::{StoredAccount, TokenSource};
use crate::config::Config;

use super::{Fault, deadline, print};

/// Revokes the saved token, then removes it and its base from the file: only after OpenTrain has revoked it.
/// `overriding` is the variable whose token is used in place of the saved one, if one is set.
pub(super) async fn run(config: &Config, overriding: Option<&'static str>) -> Result<ExitCode, Fault> {
    if config.flags.sandbox {
        return Err(
            "the sandbox keeps no account on the disk, so there is nothing to log out from; for the real one, leave \
                    out --sandbox (OPENTRAIN_SANDBOX)"
                .into(),
        );
    }
    let lock = config.credentials.lock()?;
    let account = lock.stored();
    let Some(token) = account.token else {
        if lock.is_taken() {
            let notices = config.credentials.notices();
            let why = if notices.is_empty() { "it has a claim token only".into() } else { notices.join("; ") };
            let what = "the account in the credential file can be neither revoked nor forgotten from here";
            return Err(format!("{what}: {why}").into());
        }
        print("There is no account to forget in the credential file.")?;
        return Ok(ExitCode::SUCCESS);
    };
    let client = Client::new(Box::new(config.origin.clone()), config.flags.timeout).through(config.proxies.clone());
    // Neither token is sent as a header, so both are masked in the answer.
    let deadline = deadline();
    let caller = Caller { token: Some(&token), claim_token: account.claim_token.as_ref(), ..Caller::nobody(deadline) };
    client.send(&RevokeOwnToken { token: token.expose().to_owned() }, caller).await?;
    lock.store(StoredAccount::default())?;
    print("Revoked and forgotten: the token no longer works anywhere.")?;
    if let Some(variable) = overriding {
        print(shown!("The token in {} is another thing: it is still in use here.", variable))?;
    }
    Ok(ExitCode::SUCCESS)
}
