//! The demo's person: opens a link and presses the button of the page, over HTTP, as a browser without scripts does.

use http::header::CONTENT_TYPE;
use url::{Url, form_urlencoded};

use super::super::Fault;

pub(super) struct Person {
    browser: reqwest::Client,
}

/// What a person sees of a page.
pub(super) struct Page {
    pub(super) title: String,
    /// A new key, where one is shown.
    pub(super) key: Option<String>,
    url: Url,
    forms: Vec<Form>,
}

struct Form {
    /// What its button says.
    button: String,
    /// Where that leads.
    action: String,
    /// What is sent unless somebody types something else.
    fields: Vec<(String, String)>,
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

    /// Types what is to be typed, and presses the button that says `text`.
    pub(super) async fn press(&self, page: &Page, text: &str, typed: &[(&str, &str)]) -> Result<Page, Fault> {
        let form = page.forms.iter().find(|form| form.button == text);
        let form = form.ok_or_else(|| format!("the page \"{}\" has no button [{text}]", page.title))?;
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).extend_pairs(typed).finish();
        let request = self.browser.post(page.url.join(&form.action)?).body(body);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        Page::of(request.send().await?.error_for_status()?).await
    }
}

impl Page {
    async fn of(response: reqwest::Response) -> Result<Self, Fault> {
        let url = response.url().clone();
        let html = response.text().await?;
        let title = between(&html, "<h1>", "</h1>").unwrap_or("a page without a heading").to_owned();
        let key = between(&html, "<pre><code>", "</code>").map(str::to_owned);
        let forms = html.split("<form").skip(1).filter_map(Form::read).collect();
        Ok(Self { title, key, url, forms })
    }

    /// What the buttons say.
    pub(super) fn buttons(&self) -> String {
        self.forms.iter().map(|form| format!("[{}]", form.button)).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn offers(&self, text: &str) -> bool {
        self.forms.iter().any(|form| form.button == text)
    }
}

impl Form {
    /// Reads what follows `<form`. What has no value, or no check mark, is not sent.
    fn read(html: &str) -> Option<Self> {
        let inputs = html.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        let fields = inputs.filter(|input| !input.contains("checkbox") || input.contains(" checked"));
        let fields = fields.filter_map(|input| {
            let name = between(input, " name=\"", "\"")?;
            Some((name.to_owned(), between(input, " value=\"", "\"")?.to_owned()))
        });
        Some(Self {
            button: between(html, "<button>", "</button>")?.to_owned(),
            action: between(html, "action=\"", "\"")?.to_owned(),
            fields: fields.collect(),
        })
    }
}

/// What stands between two marks; enough for the sandbox's own pages.
fn between<'a>(html: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    html.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).map(|(inner, _)| inner)
}
