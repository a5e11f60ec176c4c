//! The address of a web page for a person. It is parsed once and printed from the parsed form, so that every program
//! that reads it finds the same host.

use serde::{Deserialize, Serialize};
use url::Url;

/// The longest address, in bytes.
const LONGEST: usize = 2_000;
/// The hosts of payment pages (Stripe's documentation of Checkout and payment links).
const CHECKOUT_HOSTS: [&str; 2] = ["checkout.stripe.com", "buy.stripe.com"];

/// An http(s) address in one form: ASCII, at most 2,000 bytes, without user, backslash or blank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Page(Url);

impl Page {
    /// Parses an address; `None` if programs could read it differently, or if it could carry a sentence of its own.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        let scheme_end = address.find("://")?;
        let scheme = address.get(..scheme_end)?;
        let is_web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
        if !is_web || address.len() > LONGEST || !address.bytes().all(is_of_an_address) {
            return None;
        }
        let url = Url::parse(address).ok()?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.host_str().is_some_and(|host| !host.is_empty())
            && !authority(address).contains('@');
        let page = Self(url);
        (is_plain && page.as_str().len() <= LONGEST && page.as_str().bytes().all(is_of_an_address)).then_some(page)
    }

    /// True if the page is on the same origin as `app`: scheme, host and port.
    #[must_use]
    pub fn is_on(&self, app: &Url) -> bool {
        self.0.origin() == app.origin()
    }

    /// True for a payment page of Stripe, over https on the default port.
    #[must_use]
    pub fn is_checkout(&self) -> bool {
        self.0.scheme() == "https"
            && self.0.port().is_none()
            && self.0.host_str().is_some_and(|host| CHECKOUT_HOSTS.contains(&host))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address as a URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }
}

/// The part between `://` and the path.
fn authority(address: &str) -> &str {
    let after = address.split_once("://").map_or("", |(_, after)| after);
    after.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The characters of an address (RFC 3986) without round brackets, which end a link in Markdown.
const fn is_of_an_address(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b':'
                | b'/'
                | b'?'
                | b'#'
                | b'['
                | b']'
                | b'@'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b'%'
        )
}

/// Only for the server's own state, which comes back sealed.
impl TryFrom<String> for Page {
    type Error = &'static str;

    fn try_from(address: String) -> Result<Self, Self::Error> {
        Self::parse(&address).ok_or("not the address of a page")
    }
}

impl From<Page> for String {
    fn from(page: Page) -> Self {
        page.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> Url {
        "https://app.opentrain.ai".parse().unwrap()
    }

    #[test]
    fn a_page_is_printed_from_its_parsed_form() {
        for (address, printed) in [
            ("https://app.opentrain.ai/approvals/apr_1", "https://app.opentrain.ai/approvals/apr_1"),
            ("HTTPS://APP.OpenTrain.AI:443/x?a=b#c", "https://app.opentrain.ai/x?a=b#c"),
            ("https://app.opentrain.ai", "https://app.opentrain.ai/"),
            ("https://app.opentrain.ai/a/../b", "https://app.opentrain.ai/b"),
            ("http://0x7f.1:8080/x", "http://127.0.0.1:8080/x"),
        ] {
            assert_eq!(Page::parse(address).unwrap().as_str(), printed);
        }
    }

    #[test]
    fn an_ambiguous_address_is_no_page() {
        for address in [
            "",
            "/approvals/apr_1",
            "//app.opentrain.ai/x",
            "javascript:alert(1)//https://app.opentrain.ai",
            "blob:https://app.opentrain.ai/0b1c",
            "view-source:https://app.opentrain.ai/x",
            "ftp://app.opentrain.ai/",
            "https:app.opentrain.ai/x",
            "https:\\\\app.opentrain.ai\\x",
            "https://app.opentrain.ai\\@evil.example/",
            "https://me@app.opentrain.ai/",
            "https://@app.opentrain.ai/",
            "https://:@app.opentrain.ai/",
            "https://app.opentrain.ai/ or pay here: https://evil.example",
            "https://app.opentrain.ai/a\nb",
            " https://app.opentrain.ai/",
            "https://app.opentrain.ai/x)[Pay](https://evil.example",
            "https://app.opentrain.ai/<b>",
            "https://app.opentrain.ai/\u{202e}x",
            "https://ａpp.opentrain.ai/",
            "https:///",
            "https://app.opentrain.ai:99999/",
        ] {
            assert_eq!(Page::parse(address), None, "{address}");
        }
        assert_eq!(Page::parse(&format!("https://app.opentrain.ai/{}", "a".repeat(2_000))), None);
    }

    #[test]
    fn the_origin_is_compared_whole() {
        let is_on = |address: &str| Page::parse(address).unwrap().is_on(&app());
        assert!(is_on("https://app.opentrain.ai/x") && is_on("https://app.opentrain.ai:443/x"));
        for other in [
            "http://app.opentrain.ai/x",
            "https://app.opentrain.ai:8443/x",
            "https://app.opentrain.ai.evil.example/x",
            "https://app.opentrain.ai./x",
            "https://xapp.opentrain.ai/",
            "https://evil.example/@app.opentrain.ai",
        ] {
            assert!(!is_on(other), "{other}");
        }
    }

    #[test]
    fn only_hosts_of_a_closed_list_take_payments() {
        let is_checkout = |address: &str| Page::parse(address).is_some_and(|page| page.is_checkout());
        assert!(
            is_checkout("https://checkout.stripe.com/c/pay/cs_live_1#x") && is_checkout("https://buy.stripe.com/1")
        );
        for other in [
            "http://checkout.stripe.com/c",
            "https://checkout.stripe.com:8443/c",
            "https://checkout.stripe.com@evil.example/c",
            "https://me@checkout.stripe.com/c",
            "https://checkout.stripe.com.evil.example/c",
            "https://evilstripe.com/c",
            "https://stripe.com/c",
            "https://evil.stripe.com/c",
        ] {
            assert!(!is_checkout(other), "{other}");
        }
    }

    #[test]
    fn a_sealed_page_is_checked_again() {
        let page = Page::parse("https://app.opentrain.ai/x").unwrap();
        let sealed = serde_json::to_string(&page).unwrap();
        assert_eq!(sealed, "\"https://app.opentrain.ai/x\"");
        assert_eq!(serde_json::from_str::<Page>(&sealed).unwrap(), page);
        assert!(serde_json::from_str::<Page>("\"https://a b\"").is_err());
    }
}
