//! `opentrain-mcp drift [FILE|URL]`

use std::process::ExitCode;

use serde_json::Value;
use url::Url;

use crate::answer::text::count;
use crate::answer::visible::visible;
use crate::api::client::{Client, is_loopback};
use crate::config::Config;
use crate::drift::{FIELDS_LEFT_OUT, LEFT_OUT, compare};

use super::{Fault, deadline, print};

/// The path at which the API describes itself.
const SERVED: &str = "/api/public/v1/openapi.json";

/// Compares an OpenAPI document with our operations. Exit status 1 if they differ.
pub(super) async fn run(config: &Config, document: Option<&str>) -> Result<ExitCode, Fault> {
    let url = match document {
        Some(text) => Url::parse(text).ok().filter(|url| ["https", "http"].contains(&url.scheme())),
        None => Some(config.origin.join(SERVED)?),
    };
    let (from, text) = match (url, document) {
        (Some(url), _) => (url.to_string(), fetch(config, url).await?),
        (None, file) => {
            let file = file.unwrap_or_default();
            (file.to_owned(), std::fs::read_to_string(file).map_err(|fault| format!("{file}: {fault}"))?)
        }
    };
    // Some editors write a byte order mark at the start of a file.
    let text = text.trim_start_matches('\u{feff}');
    let document: Value = serde_json::from_str(text).map_err(|fault| format!("{from} is no JSON: {fault}"))?;
    let differences = compare(&document).map_err(|fault| format!("{from}: {fault}"))?;
    for difference in &differences {
        print(&visible(&difference.to_string()))?;
    }
    if differences.is_empty() {
        print(&format!("{from}: no difference."))?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("\n{from}: {}.", count(differences.len(), "difference")))?;
    print("Left out on purpose:")?;
    LEFT_OUT.iter().try_for_each(|(endpoint, why)| print(&format!("  {endpoint}: {why}")))?;
    FIELDS_LEFT_OUT
        .iter()
        .try_for_each(|(endpoint, fields, why)| print(&format!("  {endpoint} {}: {why}", fields.join(", "))))?;
    Ok(ExitCode::FAILURE)
}

async fn fetch(config: &Config, url: Url) -> Result<String, Fault> {
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(format!("{url}: plain http is for this machine only, since anybody could answer").into());
    }
    let origin = Url::parse(&url.origin().ascii_serialization())?;
    let client = Client::new(Box::new(origin), config.flags.timeout).through(config.proxies.clone());
    let reply = client.fetch(url, deadline()).await?;
    Ok(reply.text().to_owned())
}
