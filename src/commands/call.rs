//! `opentrain-mcp call TOOL [JSON]`

use std::io::Read;
use std::process::ExitCode;

use crate::mcp::client::Client;
use crate::mcp::{Server, stdio};
use crate::tools::schema::Object;

use super::{Fault, print};

/// Makes one call as a host would, and prints what a host would get.
pub(super) async fn run(server: Server, tool: &str, arguments: &str, as_json: bool) -> Result<ExitCode, Fault> {
    let arguments = read(arguments)?;
    let client = Client::connect(server.clone()).await?;
    let called = tokio::select! {
        called = client.call(tool, arguments) => called?,
        // What delivers credentials once is waited for all the same.
        () = stdio::stopped() => {
            server.close().await;
            return Err("stopped before the answer came".into());
        }
    };
    print(&if as_json { serde_json::to_string_pretty(&called.result)? } else { called.text })?;
    Ok(if called.is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(arguments: &str) -> Result<Object, Fault> {
    let mut text = arguments.to_owned();
    if arguments == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    serde_json::from_str(&text).map_err(|fault| format!("the arguments are not a JSON object: {fault}").into())
}
