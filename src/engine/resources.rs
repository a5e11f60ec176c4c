//! Resources: which ones are offered, and the content of one, which is what its tool says.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::percent_decode_str;

use crate::answer::{Answer, Failure, Object, Shown, quoted, shown};
use crate::guard::ledger::Line;

use super::call::Call;
use super::catalog::{Resource, Source, Today};
use super::toolbox::Toolbox;

/// The longest value in a URI, in bytes.
const LONGEST: usize = 200;

/// A URI that was read.
pub enum Content {
    /// There is nothing under this URI.
    Unknown,
    /// What the tool says.
    Said(Box<Result<Answer, Failure>>),
}

/// The resources whose tool is served.
pub fn offered(toolbox: &Toolbox) -> impl Iterator<Item = &'static Resource> {
    let resources = toolbox.catalog().resources;
    resources.iter().filter(|resource| match resource.source {
        Source::Tool(tool) => toolbox.names().lists(tool),
        Source::Today(_) => true,
    })
}

/// Reads the resource at `uri`.
pub async fn read(toolbox: &Arc<Toolbox>, uri: &str, call: &Call) -> Content {
    let Some((resource, arguments)) = offered(toolbox).find_map(|resource| Some((resource, arguments(resource, uri)?)))
    else {
        return Content::Unknown;
    };
    let tool = match resource.source {
        Source::Tool(tool) => tool,
        Source::Today(words) => return Content::Said(Box::new(Ok(today(toolbox, words, call).await))),
    };
    let Some(entry) = toolbox.entry_of(tool) else { return Content::Unknown };
    match toolbox.run(entry, arguments, call.clone()).await {
        Err(failure) if failure.status == Some(404) => Content::Unknown,
        result => Content::Said(Box::new(result)),
    }
}

/// What the caller wrote today. Nobody sees the writes of another.
async fn today(toolbox: &Toolbox, words: fn(&Today) -> Vec<Shown>, call: &Call) -> Answer {
    let services = &toolbox.services;
    let token = services.tokens.current();
    let (base, principal) = (services.base().await, services.caller(token.as_ref()));
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let (date, begins) = (today.to_string(), today.to_zoned(TimeZone::UTC).ok().map(|begins| begins.timestamp()));
    let record = match services.operator.ledger.record(begins).await {
        Ok(record) => record,
        Err(fault) => {
            return Answer::new(
                shown!("The record of writes could not be read: {}.", quoted(&fault.to_string())),
                Object::new(),
            );
        }
    };
    let is_own = |line: &Line| line.at.starts_with(&date) && line.base == base && line.principal == principal;
    let own = |lines: Vec<Line>| lines.into_iter().filter(is_own).collect();
    let today = Today {
        writes: record.writes.into_iter().filter(|write| is_own(&write.before)).collect(),
        decisions: own(record.decisions),
        refusals: own(record.refusals),
        used: services.used_today(token.as_ref(), call).await,
        date: date.clone(),
    };
    let mut lines = words(&today).into_iter();
    let summary = lines.next().unwrap_or_default();
    Answer { lines: lines.collect(), ..Answer::new(summary, Object::new()) }
}

/// The arguments of the tool, if `uri` is one of this resource.
fn arguments(resource: &Resource, uri: &str) -> Option<Object> {
    let (before, parameter) = resource.parts();
    let value = uri.strip_prefix(before)?;
    let Some(parameter) = parameter else { return value.is_empty().then(Object::new) };
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let is_one = !value.is_empty() && value.len() <= LONGEST && value.chars().all(|letter| letter.is_ascii_graphic());
    // A slash or a question mark would lead to another path of the API.
    (is_one && !value.contains(['/', '?', '#']))
        .then(|| Object::from_iter([(parameter.to_owned(), value.into_owned().into())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_uri_of_the_template_fits() {
        let resource = Resource {
            uri: "opentrain://contracts/{contractId}",
            name: "contract",
            title: "",
            description: "",
            source: Source::Tool("get_contract"),
            values: None,
        };
        let id = |uri: &str| Some(arguments(&resource, uri)?.get("contractId")?.as_str()?.to_owned());
        assert_eq!(id("opentrain://contracts/ctr_8Kq2").as_deref(), Some("ctr_8Kq2"));
        assert_eq!(id("opentrain://contracts/ctr%5F8Kq2").as_deref(), Some("ctr_8Kq2"));
        for other in ["", "a/b", "a%2Fb", "a?b", "a%20b", "%ff", &"x".repeat(201)] {
            assert_eq!(id(&format!("opentrain://contracts/{other}")), None, "{other}");
        }
        assert_eq!(id("opentrain://jobs/ctr_8Kq2"), None);
    }
}
