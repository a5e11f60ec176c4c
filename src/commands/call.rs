//! `opentrain-mcp call TOOL [JSON]`

use std::io::Read;
use std::process::ExitCode;

use crate::answer::Object;
use crate::mcp::client::Client;
use crate::mcp::{Server, stdio};

use super::terminal::asker;
use super::{Fault, print, print_whole};

/// Makes one call like a host, and prints the complete result, however large.
pub(super) async fn run(server: Server, tool: &str, arguments: &str, as_json: bool) -> Result<ExitCode, Fault> {
    let arguments = read(arguments)?;
    let client = Client::connect_asking(server.clone().unbounded(), asker()).await?;
    if server.withholds(tool) {
        return Err(format!(
            "{tool} is not served with these settings: look at --toolsets and --tool-prefix (`opentrain-mcp tools` lists \
             what is)"
        )
        .into());
    }
    let called = tokio::select! {
        called = client.call(tool, arguments) => called.map_err(|fault| masked(&server, fault.to_string()))?,
        // A reply that delivers credentials once is awaited even after a signal.
        () = stdio::stopped() => {
            server.close().await;
            return Err("stopped before the answer came".into());
        }
    };
    if as_json {
        print_whole(&masked(&server, serde_json::to_string_pretty(&called.result)?))?;
    } else {
        print(called.text)?;
    }
    Ok(if called.is_error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn masked(server: &Server, text: String) -> String {
    String::from_utf8_lossy(&server.masked(text.into_bytes())).into_owned()
}

fn read(arguments: &str) -> Result<Object, Fault> {
    let mut text = arguments.to_owned();
    if arguments == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    serde_json::from_str(&text).map_err(|fault| format!("the arguments are not a JSON object: {fault}").into())
}
