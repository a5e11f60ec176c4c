//! `opentrain-mcp drift [FILE|URL]`

use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use crate::api::client::Client;
use crate::config::Config;
use crate::drift::{FIELDS_LEFT_OUT, LEFT_OUT, compare};
use crate::tools::text::count;

use super::{Fault, print};

/// Where the API describes itself.
const SERVED: &str = "/api/public/v1/openapi.json";

/// Compares an OpenAPI document with our operations. Exit status 1 when something differs.
pub(super) async fn run(config: &Config, document: Option<&str>) -> Result<ExitCode, Fault> {
    let (from, text) = match document {
        Some(url) if url.starts_with("https://") || url.starts_with("http://") => {
            (url.to_owned(), fetch(config, Url::parse(url)?).await?)
        }
        Some(file) => (file.to_owned(), std::fs::read_to_string(file).map_err(|fault| format!("{file}: {fault}"))?),
        None => {
            let url = config.origin.join(SERVED)?;
            (url.to_string(), fetch(config, url).await?)
        }
    };
    let document: Value = serde_json::from_str(&text).map_err(|fault| format!("{from} is no JSON: {fault}"))?;
    let differences = compare(&document).map_err(|fault| format!("{from}: {fault}"))?;
    for difference in &differences {
        print(&difference.to_string())?;
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
    let origin = Url::parse(&url.origin().ascii_serialization())?;
    let client = Client::new(Box::new(origin), config.timeout);
    let reply = client.fetch(url, Instant::now() + Duration::from_secs(45)).await?;
    Ok(reply.text().to_owned())
}
