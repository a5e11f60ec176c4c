//! The demo's person, who opens links and presses buttons over HTTP, like a browser without scripts.

use html5gum::{HtmlString, StartTag, Token, Tokenizer};
use http::header::CONTENT_TYPE;
use url::{Url, form_urlencoded};

use super::super::Fault;

pub(super) struct Person {
    browser: reqwest::Client,
}

/// The visible parts of a page.
pub(super) struct Page {
    pub(super) title: String,
    /// A new key, if the page shows one.
    pub(super) key: Option<String>,
    url: Url,
    forms: Vec<Form>,
}

struct Form {
    /// The text of the button.
    button: String,
    /// The URL to which the form is sent.
    action: String,
    /// The default values of the fields.
    fields: Vec<(String, String)>,
}

impl Person {
    pub(super) fn new() -> Result<Self, Fault> {
        // Fails if an API client has already installed a provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self { browser: reqwest::Client::builder().no_proxy().build()? })
    }

    pub(super) async fn open(&self, url: &str) -> Result<Page, Fault> {
        let response = self.browser.get(url).send().await?.error_for_status()?;
        Page::of(response).await
    }

    /// Fills in `typed` and presses the button named `text`.
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
        let mut page = Self { title: String::new(), key: None, url, forms: Vec::new() };
        let mut open = Vec::new();
        for Ok(token) in Tokenizer::new(&html) {
            match token {
                Token::StartTag(tag) => {
                    page.begin(&tag);
                    open.push(tag.name);
                }
                Token::String(text) => page.read(&open, &String::from_utf8_lossy(&text)),
                // Void elements such as <input> have no end tag; they end with their parent.
                Token::EndTag(tag) => {
                    open.truncate(open.iter().rposition(|name| *name == tag.name).unwrap_or(open.len()));
                }
                _ => {}
            }
        }
        Ok(page)
    }

    /// Begins a form or one of its fields. A field without a value or an unchecked box is not sent.
    fn begin(&mut self, tag: &StartTag<()>) {
        let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        match (tag.name.as_slice(), self.forms.last_mut()) {
            (b"form", _) => {
                let action = attribute(b"action").unwrap_or_default();
                self.forms.push(Form { button: String::new(), action, fields: Vec::new() });
            }
            (b"input", Some(form)) => {
                let is_sent = attribute(b"type").as_deref() != Some("checkbox") || attribute(b"checked").is_some();
                if let (true, Some(name), Some(value)) = (is_sent, attribute(b"name"), attribute(b"value")) {
                    form.fields.push((name, value));
                }
            }
            _ => {}
        }
    }

    /// Reads text inside the `open` elements.
    fn read(&mut self, open: &[HtmlString], text: &str) {
        let is_in = |name: &[u8]| open.iter().any(|open| open.as_slice() == name);
        if is_in(b"h1") {
            self.title.push_str(text);
        } else if is_in(b"button") {
            if let Some(form) = self.forms.last_mut() {
                form.button.push_str(text);
            }
        } else if is_in(b"pre") && is_in(b"code") {
            self.key.get_or_insert_default().push_str(text);
        }
    }

    /// The path of the page's address.
    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// The texts of all buttons.
    pub(super) fn buttons(&self) -> String {
        self.forms.iter().map(|form| format!("[{}]", form.button)).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn offers(&self, text: &str) -> bool {
        self.forms.iter().any(|form| form.button == text)
    }
}
