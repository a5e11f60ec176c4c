//! Pages for the user, and the check whether a URL belongs to OpenTrain.

use serde::{Deserialize, Serialize};
use url::Url;

use super::text::visible;

/// A page for the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The user's task on the page.
    pub kind: LinkKind,
    /// The complete URL.
    pub url: String,
    /// True on the configured OpenTrain app, and for payments on Stripe. Users are not sent to any other page.
    pub verified: bool,
}

/// The user's task on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Take over an account that an agent registered.
    Claim,
    /// Confirm or decline an agent's request.
    Approval,
    /// Add a payment method.
    Billing,
    /// Make an API key that has the missing scope.
    Key,
    /// Pay at Stripe.
    Checkout,
    /// See a published job.
    Job,
    /// See and edit a draft.
    Draft,
}

impl LinkKind {
    /// The link's title for the user.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Claim => "Claim this OpenTrain account",
            Self::Approval => "Decide on OpenTrain",
            Self::Billing => "Add a payment method on OpenTrain",
            Self::Key => "Make an OpenTrain API key",
            Self::Checkout => "Buy OpenTrain credits",
            Self::Job => "See the job on OpenTrain",
            Self::Draft => "See the draft on OpenTrain",
        }
    }
}

impl Link {
    /// A link from the API. It is verified only on the configured origin and over https, or on loopback if the origin
    /// itself is there. A payment page may also be on Stripe.
    #[must_use]
    pub fn new(kind: LinkKind, url: &str, app: Option<&Url>) -> Self {
        let verified = Url::parse(url).is_ok_and(|link| {
            (app.is_some_and(|app| link.origin() == app.origin()) || (kind == LinkKind::Checkout && is_stripe(&link)))
                && link.username().is_empty()
                && link.password().is_none()
        });
        Self { kind, url: url.to_owned(), verified }
    }

    /// The URL with hidden characters made visible.
    #[must_use]
    pub fn visible_url(&self) -> String {
        visible(&self.url)
    }

    /// Formats `lead` and the URL. An unverified URL is marked as such and nobody is asked to open it.
    #[must_use]
    pub fn describe(&self, lead: &str) -> String {
        let url = self.visible_url();
        if self.verified {
            return format!("{lead}: {url}");
        }
        format!(
            "The link is on another host: {url} (unverified: this host is not the configured OpenTrain app). Do not send \
             the user there; what is to be done is found in the app itself."
        )
    }
}

/// True for a Stripe page over https on the default port.
fn is_stripe(link: &Url) -> bool {
    let host = link.host_str().unwrap_or_default();
    link.scheme() == "https"
        && link.port().is_none()
        && (host == "checkout.stripe.com" || host.ends_with(".stripe.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_to_pay_on_may_be_stripes() {
        let app: Url = "https://app.opentrain.ai".parse().unwrap();
        let verified = |kind, url: &str| Link::new(kind, url, Some(&app)).verified;
        for good in
            ["https://checkout.stripe.com/c/pay/cs_live_1#x", "https://buy.stripe.com/1", "https://app.opentrain.ai/x"]
        {
            assert!(verified(LinkKind::Checkout, good), "{good}");
        }
        for bad in [
            "http://checkout.stripe.com/c",
            "https://checkout.stripe.com:8443/c",
            "https://checkout.stripe.com@evil.example/c",
            "https://me@checkout.stripe.com/c",
            "https://checkout.stripe.com.evil.example/c",
            "https://evilstripe.com/c",
            "https://stripe.com/c",
            "x",
        ] {
            assert!(!verified(LinkKind::Checkout, bad), "{bad}");
        }
        assert!(!verified(LinkKind::Job, "https://checkout.stripe.com/c/pay/cs_live_1"));
        assert!(verified(LinkKind::Draft, "https://app.opentrain.ai/job-post?jobId=1"));
    }
}
