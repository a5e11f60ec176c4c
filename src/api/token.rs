//! The bearer token: held so that it cannot be printed, and masked wherever an answer repeats it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Put where a token was.
const MASK: &str = "[token hidden]";
/// A secret part shorter than this is not searched for: it would hide ordinary words.
const SHORTEST_SECRET: usize = 8;

/// A personal API token, `ot_pat_<publicId>_<secret>` (reference: concepts/authentication). Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Takes a token as it was set.
    ///
    /// # Errors
    /// When it holds characters that no token has (it could not be sent as a header).
    pub fn new(text: &str) -> Result<Self, NotAToken> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAToken);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// A token that stands in our own code, such as the sandbox's.
    #[must_use]
    pub fn fixed(text: &'static str) -> Self {
        Self(SecretString::from(text))
    }

    /// The value of the `Authorization` header.
    #[must_use]
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0.expose_secret())
    }

    /// The token itself, for comparing and for binding something to it. Never to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What kind of token its prefix says it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.expose() {
            text if text.starts_with("ot_pat_") => "personal API token",
            text if text.starts_with("ot_ptk_") => "Platform API token (another product: it does not work here)",
            text if text.starts_with("ot_clm_") => "claim token (never a bearer token: it does not work here)",
            _ => "token of an unknown kind",
        }
    }

    /// Hides this token and its secret part in a JSON text, also where it stands in JSON's escapes.
    pub fn mask_json(&self, json: &mut String) {
        self.mask(json);
        // ASCII in escapes is rare, and the only way in which a token could still be there.
        if json.contains("\\u00")
            && let Ok(mut value) = serde_json::from_str(json)
            && self.mask_value(&mut value)
        {
            *json = value.to_string();
        }
    }

    fn mask_value(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => {
                let before = text.len();
                self.mask(text);
                text.len() != before
            }
            Value::Array(items) => self.mask_each(items.iter_mut()),
            Value::Object(fields) => self.mask_each(fields.values_mut()),
            _ => false,
        }
    }

    fn mask_each<'a>(&self, values: impl Iterator<Item = &'a mut Value>) -> bool {
        values.filter_map(|value| self.mask_value(value).then_some(())).count() > 0
    }

    /// Hides this token and its secret part in `text`, and nothing else.
    pub fn mask(&self, text: &mut String) {
        let token = self.expose();
        let secret = token.strip_prefix("ot_pat_").and_then(|rest| rest.split_once('_')).map(|(_, secret)| secret);
        for needle in [Some(token), secret].into_iter().flatten() {
            if needle.len() >= SHORTEST_SECRET && text.contains(needle) {
                *text = text.replace(needle, MASK);
            }
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(hidden)")
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// The text is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is one word of printable ASCII, such as ot_pat_…")]
pub struct NotAToken;

/// Where the token of a call comes from.
pub trait TokenSource: Send + Sync {
    /// The token in use.
    fn current(&self) -> Option<Token>;
    /// Looks again, since the one in use was refused: another process may have put a new one in its place.
    fn reload(&self) -> Option<Token>;
    /// What a person should know of where it comes from: an unreadable file, a file that others can read.
    fn notices(&self) -> Vec<String>;
}

/// One that never changes.
impl TokenSource for Token {
    fn current(&self) -> Option<Token> {
        Some(self.clone())
    }

    fn reload(&self) -> Option<Token> {
        self.current()
    }

    fn notices(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_the_token_and_its_secret_part_and_nothing_else() {
        let token = Token::new(" ot_pat_c3f9_s3cr3tpart99\n").unwrap();
        let mut text = "ot_pat_c3f9_s3cr3tpart99, s3cr3tpart99, ot_pat_c3f9********bd21, c3f9".to_owned();
        token.mask(&mut text);
        assert_eq!(text, "[token hidden], [token hidden], ot_pat_c3f9********bd21, c3f9");
    }

    #[test]
    fn masks_what_stands_in_escapes_too_and_keeps_the_rest() {
        let token = Token::new("ot_pat_c3f9_s3cr3tpart99").unwrap();
        let mut json = r#"{"b":[1.50,"\u0073\u0033cr3tpart99"],"a":"\u00e9"}"#.to_owned();
        token.mask_json(&mut json);
        assert_eq!(json, r#"{"b":[1.50,"[token hidden]"],"a":"é"}"#);
        let mut other = r#"{"a":"\u00e9 s3cr3t"}"#.to_owned();
        token.mask_json(&mut other);
        assert_eq!(other, r#"{"a":"\u00e9 s3cr3t"}"#);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Token::new("ot_pat_c3f9_s3cr3tpart99")), "Ok(Token(hidden))");
    }
}
