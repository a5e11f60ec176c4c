//! Links to pages for the user, and the check whether a page belongs to OpenTrain.

use serde::{Deserialize, Serialize};
use url::Url;

use super::page::Page;
use super::shown::{Hole, Shown, quoted};
use crate::shown;

/// A link to a page for the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The user's task on the page.
    pub kind: LinkKind,
    /// The page.
    #[serde(rename = "url")]
    pub page: Page,
    /// True on the configured OpenTrain app, and for payments on Stripe. Users are not sent to any other page.
    pub verified: bool,
}

/// The address that OpenTrain gave for a page.
#[derive(Clone, Debug)]
pub enum Address {
    /// A page.
    Page(Link),
    /// Something that is not the address of a page. It is quoted, and nobody is sent there.
    Unusable(Shown),
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
    /// Formats `lead` and the page. A page that is not verified is marked as such and nobody is asked to open it.
    #[must_use]
    pub fn describe(&self, lead: impl Hole) -> Shown {
        if self.verified {
            return shown!("{}: {}", lead, self.page);
        }
        shown!(
            "The link is on another host: {} (unverified: this host is not the configured OpenTrain app). {}",
            self.page,
            LEAVE_IT
        )
    }
}

const LEAVE_IT: &str = "Do not send the user there; what is to be done is found in the app itself.";

impl Address {
    /// Reads an address from the API. The page is verified only on the configured origin. A payment page may also be on
    /// Stripe.
    #[must_use]
    pub fn new(kind: LinkKind, address: &str, app: Option<&Url>) -> Self {
        let Some(page) = Page::parse(address) else { return Self::Unusable(quoted(address)) };
        let verified = app.is_some_and(|app| page.is_on(app)) || (kind == LinkKind::Checkout && page.is_checkout());
        Self::Page(Link { kind, page, verified })
    }

    /// The link, if the address is that of a page.
    #[must_use]
    pub const fn link(&self) -> Option<&Link> {
        match self {
            Self::Page(link) => Some(link),
            Self::Unusable(_) => None,
        }
    }

    /// The link, if the user may be sent there.
    #[must_use]
    pub fn verified(&self) -> Option<&Link> {
        self.link().filter(|link| link.verified)
    }

    /// Formats `lead` and the page, or says why nobody is sent there.
    #[must_use]
    pub fn describe(&self, lead: &'static str) -> Shown {
        match self {
            Self::Page(link) => link.describe(lead),
            Self::Unusable(address) => {
                shown!("OpenTrain's link is not the address of a page: {} (unverified). {}", address, LEAVE_IT)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_to_pay_on_may_be_stripes() {
        let app: Url = "https://app.opentrain.ai".parse().unwrap();
        let verified = |kind, url: &str| Address::new(kind, url, Some(&app)).verified().is_some();
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
