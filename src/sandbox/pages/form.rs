//! What a form or a link sends.

use url::form_urlencoded;

/// Names and values, in order.
pub(crate) struct Sent(Vec<(String, String)>);

impl Sent {
    /// Reads `application/x-www-form-urlencoded`: a form's body, or a query.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Reads the query of a request, where there is one.
    pub(crate) fn query(query: Option<String>) -> Self {
        Self::read(query.unwrap_or_default().as_bytes())
    }

    /// The value of `name`, if there is one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of `name`.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}
