//! A person with a browser without scripts: opens pages, fills in a form, presses its button.

use html5gum::{StartTag, Token, Tokenizer};
use url::{Url, form_urlencoded};

/// A page as it came, after redirects.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    /// The texts of its `<code>` elements.
    pub(crate) codes: Vec<String>,
    url: Url,
    forms: Vec<Form>,
}

#[derive(Default)]
struct Form {
    action: String,
    /// What is sent unless somebody changes it.
    fields: Vec<(String, String)>,
    /// Boxes that may be ticked.
    boxes: Vec<(String, String)>,
}

/// Opens a page and presses its first button; gives the page that comes then.
pub(crate) async fn press(url: &str) -> String {
    let page = Page::open(url).await;
    assert_eq!(page.status, 200, "{}", page.html);
    page.press(&[]).await.html
}

fn browser() -> reqwest::Client {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Page {
    pub(crate) async fn open(url: &str) -> Self {
        Self::of(browser().get(url)).await
    }

    /// Presses the button of the first form, after these fields were filled in.
    pub(crate) async fn press(&self, filled: &[(&str, &str)]) -> Self {
        let form = self.forms.first().unwrap_or_else(|| panic!("a button was expected: {}", self.html));
        let kept = form.fields.iter().filter(|(name, _)| !filled.iter().any(|(filled, _)| filled == name));
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).extend_pairs(filled).finish();
        let request = browser().post(self.url.join(&form.action).unwrap()).body(body);
        Self::of(request.header("Content-Type", "application/x-www-form-urlencoded")).await
    }

    /// What may be ticked under this name.
    pub(crate) fn choices(&self, name: &str) -> Vec<&str> {
        let boxes = self.forms.iter().flat_map(|form| &form.boxes);
        boxes.filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, url) = (response.status().as_u16(), response.url().clone());
        let html = response.text().await.unwrap();
        let mut page = Self { status, html: String::new(), codes: Vec::new(), url, forms: Vec::new() };
        let mut is_code = false;
        for Ok(token) in Tokenizer::new(&html) {
            match token {
                Token::StartTag(tag) => {
                    is_code = tag.name.as_slice() == b"code";
                    page.begin(&tag);
                }
                Token::String(text) if is_code => page.codes.push(String::from_utf8(text.to_vec()).unwrap()),
                Token::EndTag(_) => is_code = false,
                _ => {}
            }
        }
        page.html = html;
        page
    }

    fn begin(&mut self, tag: &StartTag<()>) {
        let attribute =
            |name: &str| tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned());
        if tag.name.as_slice() == b"form" {
            self.forms.push(Form { action: attribute("action").unwrap(), ..Form::default() });
        }
        let (b"input", Some(form)) = (tag.name.as_slice(), self.forms.last_mut()) else { return };
        let (Some(name), Some(value)) = (attribute("name"), attribute("value")) else { return };
        let is_box = attribute("type").is_some_and(|kind| kind == "checkbox" || kind == "radio");
        if !is_box || attribute("checked").is_some() {
            form.fields.push((name.clone(), value.clone()));
        }
        if is_box {
            form.boxes.push((name, value));
        }
    }
}
