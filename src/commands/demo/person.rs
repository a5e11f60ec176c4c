//! The demo's person: opens a link and presses the button of the page, over HTTP, as a browser without scripts does.

use url::Url;

use super::super::Fault;

pub(super) struct Person {
    browser: reqwest::Client,
}

/// What a person sees of a page.
pub(super) struct Page {
    pub(super) title: String,
    /// What the button says, if there is one.
    pub(super) button: Option<String>,
    action: Option<Url>,
}

impl Person {
    pub(super) fn new() -> Result<Self, Fault> {
        // Set already when an API client was made before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self { browser: reqwest::Client::builder().no_proxy().build()? })
    }

    pub(super) async fn open(&self, url: &str) -> Result<Page, Fault> {
        let response = self.browser.get(url).send().await?.error_for_status()?;
        Page::of(response).await
    }

    pub(super) async fn press(&self, page: &Page) -> Result<Page, Fault> {
        let action = page.action.clone().ok_or("the page has no button")?;
        let response = self.browser.post(action).send().await?.error_for_status()?;
        Page::of(response).await
    }
}

impl Page {
    async fn of(response: reqwest::Response) -> Result<Self, Fault> {
        let url = response.url().clone();
        let html = response.text().await?;
        let action = between(&html, "action=\"", "\"").and_then(|path| url.join(path).ok());
        let button = between(&html, "<button>", "</button>").map(str::to_owned);
        Ok(Self {
            title: between(&html, "<h1>", "</h1>").unwrap_or("a page without a heading").to_owned(),
            button,
            action,
        })
    }
}

/// What stands between two marks; enough for the sandbox's own pages.
fn between<'a>(html: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    html.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map(|(inner, _)| inner)
}
