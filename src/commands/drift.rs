//! `opentrain-mcp drift [FILE|URL]`

use std::io::Read as _;
use std::process::ExitCode;

use serde_json::Value;
use url::Url;

use crate::answer::text::count;
use crate::answer::{Joined, quoted_to, shown};
use crate::api::client::{Client, is_loopback};
use crate::config::Config;
use crate::drift::{FIELDS_LEFT_OUT, LEFT_OUT, compare};

use super::{Fault, deadline, print};

/// The path at which the API describes itself.
const SERVED: &str = "/api/public/v1/openapi.json";

/// The largest document that is read, in bytes: as large as a reply of the API may be.
const LARGEST: u64 = 16 << 20;
/// The most differences that are shown.
const MOST_SHOWN: usize = 1_000;

/// Compares an OpenAPI document with our operations. Exit status 1 if they differ.
pub(super) async fn run(config: &Config, document: Option<&str>) -> Result<ExitCode, Fault> {
    let url = match document {
        Some(text) => Url::parse(text).ok().filter(|url| ["https", "http"].contains(&url.scheme())),
        None => Some(config.origin.join(SERVED)?),
    };
    let (from, text) = match (url, document) {
        (Some(url), _) => (quoted_to(url.as_str(), 400), fetch(config, url).await?),
        (None, file) => {
            let file = file.unwrap_or_default();
            let name = quoted_to(file, 400);
            let text = read(file).map_err(|fault| format!("{name}: {fault}"))?;
            (name, text)
        }
    };
    // Some editors write a byte order mark at the start of a file.
    let text = text.trim_start_matches('\u{feff}');
    let document: Value = serde_json::from_str(text).map_err(|fault| format!("{from} is no JSON: {fault}"))?;
    let differences = compare(&document).map_err(|fault| format!("{from}: {fault}"))?;
    for difference in differences.iter().take(MOST_SHOWN) {
        print(difference.shown())?;
    }
    if differences.len() > MOST_SHOWN {
        print(shown!("… and {} more", differences.len() - MOST_SHOWN))?;
    }
    if differences.is_empty() {
        print(shown!("{}: no difference.", from))?;
        return Ok(ExitCode::SUCCESS);
    }
    print(shown!("\n{}: {}.", from, count(differences.len(), "difference")))?;
    print("Left out on purpose:")?;
    LEFT_OUT.iter().try_for_each(|(endpoint, why)| print(shown!("  {}: {}", endpoint, why)))?;
    FIELDS_LEFT_OUT.iter().try_for_each(|(endpoint, fields, why)| {
        print(shown!("  {} {}: {}", endpoint, fields.iter().joined(", "), why))
    })?;
    Ok(ExitCode::FAILURE)
}

/// Reads a file up to the limit; a device or a pipe may never end.
fn read(file: &str) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(file)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
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
