//! Receives an HTTP reply: its head, its body within the size limit, and its classification as success or error.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, DATE, HeaderName, LOCATION, RETRY_AFTER};
use jiff::Timestamp;

use super::error::{Error, Refusal, Unreadable};
use super::reply::Reply;
use super::room::{Permit, Room, SMALL};
use super::surrogates::without_lone_surrogates;
use super::threads;
use super::token::Token;
use super::wire::Facts;
use super::wording::{Wording, wording};

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// The most characters of a body that is not an error envelope.
const SHOWN_TEXT: usize = 200;
/// The byte order mark that some servers write before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A reply whose head has arrived.
pub(super) struct Head {
    status: StatusCode,
    date: Option<Timestamp>,
    retry_after: Option<Duration>,
    /// The operation that it answers.
    facts: &'static Facts,
    /// The secrets that are masked in the reply.
    secrets: Vec<Token>,
    /// True to read the reply completely, at any memory cost.
    whole: bool,
}

impl Head {
    pub(super) fn of(response: &reqwest::Response, facts: &'static Facts, secrets: Vec<Token>, whole: bool) -> Self {
        let date = header(response, DATE).and_then(http_date);
        let retry_after = header(response, RETRY_AFTER).and_then(|text| delay(text, date));
        Self { status: response.status(), date, retry_after, facts, secrets, whole }
    }

    fn unreadable(&self, what: Wording, truncated: bool) -> Error {
        let (status, retry_after) = (self.status.as_u16(), self.retry_after);
        let what = wording!("OpenTrain answered {} with {}", status, what);
        Error::Unreadable(Box::new(Unreadable { status, what, truncated, retry_after }))
    }
}

fn header(response: &reqwest::Response, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Reads a reply to its end by the time limit, masks secrets in it, and classifies it.
pub(super) async fn receive(
    mut response: reqwest::Response,
    head: Head,
    limit: Duration,
    room: Option<&Room>,
) -> Result<Reply, Error> {
    if head.status.is_redirection() {
        let mut to = header(&response, LOCATION).unwrap_or("nowhere").to_owned();
        head.secrets.iter().for_each(|secret| secret.mask(&mut to));
        return Err(head.unreadable(wording!("a redirect to {}; redirects are not followed", to), false));
    }
    if let Some(coding) = header(&response, CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return Err(
            head.unreadable(wording!("a compressed body ({}), although none was asked for", coding.to_owned()), false)
        );
    }
    let reading = tokio::time::timeout(limit, whole_body(&mut response, room));
    let timed_out = || Error::TimedOut { waited: limit, sent: true };
    let (body, permit) = reading.await.map_err(|_| timed_out())?.map_err(|fault| match fault {
        BodyFault::TooLarge => head.unreadable(too_large(head.facts.smaller), false),
        BodyFault::Broken(fault) if fault.is_timeout() => timed_out(),
        BodyFault::Broken(_) => head.unreadable("a body that ends in the middle".into(), true),
    })?;
    let broken = head.unreadable("a body that could not be read".into(), false);
    let reply = threads::apart(body.len(), move || sort(&head, body)).await.unwrap_or(Err(broken))?;
    Ok(reply.in_room(permit))
}

fn too_large(smaller: &'static str) -> Wording {
    let way_out = if smaller.is_empty() { Wording::default() } else { wording!("; {} makes it smaller", smaller) };
    wording!("more than {} MiB, which is not read{}", MAX_BODY >> 20, way_out)
}

/// Turns a success into a reply, and everything else into an error.
fn sort(head: &Head, body: Vec<u8>) -> Result<Reply, Error> {
    let status = head.status.as_u16();
    let mut body = text_of(body).ok_or_else(|| head.unreadable("a body that is not UTF-8".into(), false))?;
    head.secrets.iter().for_each(|secret| secret.mask(&mut body));
    if head.status.is_success() {
        return Reply::new(status, head.date, body, head.facts.evidence, head.whole);
    }
    if let Some(refusal) = Refusal::read(status, &body, head.retry_after, head.facts.dialect) {
        return Err(Error::Refused(Box::new(refusal)));
    }
    Err(match body.trim() {
        page if page.starts_with('<') => head.unreadable("a page of HTML".into(), false),
        "" => head.unreadable("no readable error".into(), false),
        text => {
            let shown: String = text.chars().take(SHOWN_TEXT).collect();
            head.unreadable(wording!("no readable error but this text: {}", shown), false)
        }
    })
}

/// Decodes the body as text: removes a byte order mark and replaces invalid UTF-8.
fn text_of(body: Vec<u8>) -> Option<String> {
    let text = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    match without_lone_surrogates(text) {
        std::borrow::Cow::Owned(mended) => String::from_utf8(mended).ok(),
        std::borrow::Cow::Borrowed(text) if text.len() == body.len() => String::from_utf8(body).ok(),
        std::borrow::Cow::Borrowed(text) => std::str::from_utf8(text).ok().map(str::to_owned),
    }
}

enum BodyFault {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads the body up to the size limit, as soon as there is room for it. A body of unknown length needs the most.
async fn whole_body(
    response: &mut reqwest::Response,
    room: Option<&Room>,
) -> Result<(Vec<u8>, Option<Permit>), BodyFault> {
    let take = async |bytes| match room {
        Some(room) => room.take(bytes).await,
        None => None,
    };
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    if announced > MAX_BODY {
        return Err(BodyFault::TooLarge);
    }
    let mut permit = take(announced).await;
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(BodyFault::Broken)? {
        let length = body.len() + chunk.len();
        if length > MAX_BODY {
            return Err(BodyFault::TooLarge);
        }
        if permit.is_none() && length > SMALL {
            permit = take(MAX_BODY).await;
        }
        body.extend_from_slice(&chunk);
    }
    Ok((body, permit))
}

/// Parses an IMF-fixdate (RFC 9110, 5.6.7), such as `Fri, 12 Jun 2026 10:00:00 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
fn delay(text: &str, now: Option<Timestamp>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?.duration_since(now.unwrap_or_else(Timestamp::now));
    Duration::try_from(until).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = http_date("Fri, 12 Jun 2026 10:00:00 GMT");
        assert_eq!(now.unwrap().to_string(), "2026-06-12T10:00:00Z");
        assert_eq!(delay("7", now), Some(Duration::from_secs(7)));
        assert_eq!(delay("Fri, 12 Jun 2026 10:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(delay("Fri, 12 Jun 2026 09:00:00 GMT", now), None);
        assert_eq!(delay("soon", now), None);
    }

    #[test]
    fn a_body_over_the_limit_names_what_makes_it_smaller() {
        assert_eq!(
            too_large("status or jobId").to_string(),
            "more than 16 MiB, which is not read; status or jobId makes it smaller"
        );
        assert_eq!(too_large("").to_string(), "more than 16 MiB, which is not read");
    }

    #[test]
    fn a_body_is_text_whatever_precedes_or_cuts_it() {
        for (body, text) in [
            (&b"{}"[..], Some("{}")),
            (b"\xEF\xBB\xBF{}", Some("{}")),
            (b"\xEF\xBB\xBF[\"\\ud83d\"]", Some("[\"\\ufffd\"]")),
            (b"\xFF", None),
        ] {
            assert_eq!(text_of(body.to_vec()).as_deref(), text, "{body:?}");
        }
    }
}
