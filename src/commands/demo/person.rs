//! The demo's person: opens a link and presses the button of the page, over HTTP, as a browser without scripts does.

use url::Url;

use super::super::Fault;

pub(super) struct Person {
    browser: reqwest::Client,
}

/// What a person sees of a page.
pub(super) struct Page {
    pub(super) title: String,
    url: Url,
    /// The buttons: what each says, and where it leads.
    buttons: Vec<(String, String)>,
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

    /// Presses the button that says `text`.
    pub(super) async fn press(&self, page: &Page, text: &str) -> Result<Page, Fault> {
        let button = page.buttons.iter().find(|(says, _)| says == text);
        let (_, action) = button.ok_or_else(|| format!("the page \"{}\" has no button [{text}]", page.title))?;
        let response = self.browser.post(page.url.join(action)?).send().await?.error_for_status()?;
        Page::of(response).await
    }
}

impl Page {
    async fn of(response: reqwest::Response) -> Result<Self, Fault> {
        let url = response.url().clone();
        let html = response.text().await?;
        let title = between(&html, "<h1>", "</h1>").unwrap_or("a page without a heading").to_owned();
        let forms = html.split("<form").skip(1);
        let buttons = forms.filter_map(|form| {
            let action = between(form, "action=\"", "\"")?;
            Some((between(form, "<button>", "</button>")?.to_owned(), action.to_owned()))
        });
        Ok(Self { title, url, buttons: buttons.collect() })
    }

    /// What the buttons say.
    pub(super) fn buttons(&self) -> String {
        self.buttons.iter().map(|(says, _)| format!("[{says}]")).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn offers(&self, text: &str) -> bool {
        self.buttons.iter().any(|(says, _)| says == text)
    }
}

/// What stands between two marks; enough for the sandbox's own pages.
fn between<'a>(html: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    html.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map(|(inner, _)| inner)
}
