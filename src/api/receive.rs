//! Receives an HTTP reply: its head, its body within the size limit, and its classification as success or error.

use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, DATE, HeaderName, LOCATION, RETRY_AFTER};
use jiff::Timestamp;

use super::error::{Error, Refusal, Unreadable};
use super::reply::Reply;
use super::surrogates::without_lone_surrogates;
use super::token::Token;
use super::wording::{Wording, wording};
use super::{Dialect, Evidence, threads};

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// The most characters of a body that is not an error envelope.
const SHOWN_TEXT: usize = 200;
/// The byte order mark that some servers write before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The facts of a request that are needed to read its reply.
pub(super) struct Expected {
    /// The secrets that are masked in the reply.
    pub(super) secrets: Vec<Token>,
    /// The time limit.
    pub(super) limit: Duration,
    /// The format of errors.
    pub(super) dialect: Dialect,
    /// The proof of success.
    pub(super) evidence: Evidence,
    /// Names the parameters that make the reply smaller.
    pub(super) smaller: &'static str,
    /// True to read the reply completely, at any memory cost.
    pub(super) whole: bool,
}

/// The status and headers of a reply.
struct Head {
    status: StatusCode,
    date: Option<Timestamp>,
    retry_after: Option<Duration>,
}

impl Head {
    fn of(response: &reqwest::Response) -> Self {
        let date = header(response, DATE).and_then(http_date);
        let retry_after = header(response, RETRY_AFTER).and_then(|text| delay(text, date));
        Self { status: response.status(), date, retry_after }
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

/// Reads a reply to its end, masks secrets in it, and classifies it.
pub(super) async fn receive(mut response: reqwest::Response, expected: Expected) -> Result<Reply, Error> {
    let head = Head::of(&response);
    if head.status.is_redirection() {
        let mut to = header(&response, LOCATION).unwrap_or("nowhere").to_owned();
        expected.secrets.iter().for_each(|secret| secret.mask(&mut to));
        return Err(head.unreadable(wording!("a redirect to {}; redirects are not followed", to), false));
    }
    if let Some(coding) = header(&response, CONTENT_ENCODING).filter(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return Err(
            head.unreadable(wording!("a compressed body ({}), although none was asked for", coding.to_owned()), false)
        );
    }
    let body = whole_body(&mut response).await.map_err(|fault| match fault {
        BodyFault::TooLarge => head.unreadable(too_large(expected.smaller), false),
        BodyFault::Broken(fault) if fault.is_timeout() => Error::TimedOut { waited: expected.limit, sent: true },
        BodyFault::Broken(_) => head.unreadable("a body that ends in the middle".into(), true),
    })?;
    let broken = head.unreadable("a body that could not be read".into(), false);
    threads::apart(body.len(), move || sort(&head, body, &expected)).await.unwrap_or(Err(broken))
}

fn too_large(smaller: &'static str) -> Wording {
    let way_out = if smaller.is_empty() { Wording::default() } else { wording!("; {} makes it smaller", smaller) };
    wording!("more than {} MiB, which is not read{}", MAX_BODY >> 20, way_out)
}

/// Turns a success into a reply, and everything else into an error.
fn sort(head: &Head, body: Vec<u8>, expected: &Expected) -> Result<Reply, Error> {
    let status = head.status.as_u16();
    let mut body = text_of(body).ok_or_else(|| head.unreadable("a body that is not UTF-8".into(), false))?;
    expected.secrets.iter().for_each(|secret| secret.mask(&mut body));
    if head.status.is_success() {
        return Reply::new(status, head.date, body, expected.evidence, expected.whole);
    }
    if let Some(refusal) = Refusal::read(status, &body, head.retry_after, expected.dialect) {
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

/// Reads the body up to the size limit.
async fn whole_body(response: &mut reqwest::Response) -> Result<Vec<u8>, BodyFault> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    if announced > MAX_BODY {
        return Err(BodyFault::TooLarge);
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(BodyFault::Broken)? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(BodyFault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
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
