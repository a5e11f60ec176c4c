//! The bearer token. It cannot be printed, and it is masked wherever a reply repeats it.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock, RwLock};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::hex::sha256;
use super::mask::{self, Search};
use super::wording::Wording;

/// The text that replaces a token.
const MASK: &str = "[token hidden]";
/// Prefixes of credentials that are never sent as a bearer token (reference: concepts/authentication).
const FOREIGN: [(&str, &str); 4] = [
    ("ot_clm_", "a claim token"),
    ("ot_cat_", "the token of a claim page"),
    ("ot_ptk_", "a token of the Platform API, another product"),
    ("whsec_", "a webhook's signing secret"),
];
/// The shortest secret part that is searched for. A shorter one would match ordinary words.
const SHORTEST_SECRET: usize = 8;

/// Prefixes of tokens that have a public part before the secret one (reference: concepts/authentication).
const KINDS: [&str; 2] = ["ot_pat_", "ot_clm_"];

/// A personal API token, `ot_pat_<publicId>_<secret>`, or a claim token, `ot_clm_…`, which is exchanged for one
/// (reference: concepts/authentication). Its `Debug` output shows nothing.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Token(Arc<Secret>);

struct Secret {
    text: SecretString,
    /// Finds the whole token, and then its secret part, which stands in every form of the whole.
    searches: OnceLock<Vec<Search>>,
}

impl Token {
    fn of(text: &str) -> Self {
        Self(Arc::new(Secret { text: SecretString::from(text), searches: OnceLock::new() }))
    }

    /// Accepts a token from a setting or a reply.
    ///
    /// # Errors
    /// If the text contains characters that a header cannot carry.
    pub fn new(text: &str) -> Result<Self, NotAToken> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NotAToken::Unwritable);
        }
        Ok(Self::of(text))
    }

    /// Accepts a bearer token, but no credential with the prefix of another kind.
    ///
    /// # Errors
    /// The problem with the text.
    pub fn bearing(text: &str) -> Result<Self, NotAToken> {
        let token = Self::new(text)?;
        match FOREIGN.iter().find(|(prefix, _)| token.expose().starts_with(prefix)) {
            Some((prefix, what)) => Err(NotAToken::Foreign { prefix, what }),
            None => Ok(token),
        }
    }

    /// A token from our own code, such as the sandbox's.
    #[must_use]
    pub fn fixed(text: &'static str) -> Self {
        Self::of(text)
    }

    /// The value of the `Authorization` header.
    #[must_use]
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.expose())
    }

    /// The token itself, for comparing and for binding a sealed state. Never show it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.text.expose_secret()
    }

    /// The kind of the token by its prefix.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.expose() {
            text if text.starts_with("ot_pat_") => "personal API token",
            _ => "token of an unknown kind",
        }
    }

    /// A name for the owner that may be shown: the token's public id, or the first eight hex digits of its SHA-256 if
    /// it has none.
    #[must_use]
    pub fn principal(&self) -> String {
        match self.parts() {
            Some((public, secret)) if !public.is_empty() && !secret.is_empty() => public.to_owned(),
            _ => sha256(self.expose().as_bytes(), 8),
        }
    }

    /// The public id and the secret part.
    fn parts(&self) -> Option<(&str, &str)> {
        KINDS.iter().find_map(|kind| self.expose().strip_prefix(kind))?.split_once('_')
    }

    /// Replaces this token and its secret part in `text`, in every form, and nothing else. JSON stays valid JSON.
    pub fn mask(&self, text: &mut String) {
        if self.stands_in(text) {
            self.searches().iter().for_each(|search| search.hide(text, MASK));
        }
    }

    /// True if `text` contains this token or its secret part.
    #[must_use]
    pub fn stands_in(&self, text: &str) -> bool {
        self.searches().last().is_some_and(|search| search.stands_in(text))
    }

    fn searches(&self) -> &[Search] {
        self.0.searches.get_or_init(|| {
            let texts = [Some(self.expose()), self.parts().map(|(_, secret)| secret)].into_iter().flatten();
            texts.filter(|text| text.len() >= SHORTEST_SECRET).map(Search::of).collect()
        })
    }
}

/// Prefixes of secrets that no text may show. The token of a claim page is not secret: it is part of the link that the
/// user opens.
const NEVER_SHOWN: [&str; 5] = ["ot_pat_", "ot_clm_", "ot_ptk_", "whsec_", KEY_PREFIX];
/// How a key begins that an agent has for this server over HTTP.
pub const KEY_PREFIX: &str = "otm_";

/// Masks these secrets in `text`, and every other text that begins like an OpenTrain secret.
pub fn hide_secrets(text: &mut String, secrets: impl IntoIterator<Item = Token>) {
    for secret in secrets {
        secret.mask(text);
    }
    mask::hide_shapes(text, &NEVER_SHOWN, SHORTEST_SECRET, MASK);
}

/// Replaces every text that begins like an OpenTrain secret, no matter whose. A preview such as
/// `ot_pat_c3f9********bd21` stays.
#[must_use]
pub fn hide_tokens(text: &str) -> Cow<'_, str> {
    let mut hidden = text.to_owned();
    if mask::hide_shapes(&mut hidden, &NEVER_SHOWN, SHORTEST_SECRET, MASK) {
        Cow::Owned(hidden)
    } else {
        Cow::Borrowed(text)
    }
}

impl TryFrom<String> for Token {
    type Error = NotAToken;

    fn try_from(text: String) -> Result<Self, NotAToken> {
        Self::new(&text)
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

/// The text cannot be used as the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAToken {
    /// The text cannot be sent as a header.
    #[error("a token is one word of printable ASCII, such as ot_pat_…")]
    Unwritable,
    /// The text is a credential of another kind.
    #[error(
        "this is {what} ({prefix}…), which does not work here: a personal API token (ot_pat_…) is wanted; a person makes \
         one in the OpenTrain app, Settings → API keys"
    )]
    Foreign {
        /// Its prefix.
        prefix: &'static str,
        /// Its kind.
        what: &'static str,
    },
}

/// Supplies the token for calls, and stores an agent's own account.
pub trait TokenSource: Send + Sync {
    /// The token in use.
    fn current(&self) -> Option<Token>;
    /// Loads the token again after OpenTrain refused it: another process may have replaced it.
    fn reload(&self) -> Option<Token> {
        self.current()
    }
    /// Warnings about the token's source: an unreadable file, a file that others can read.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }
    /// The source of the token in use: a variable's name or a file.
    fn found_in(&self) -> Wording;
    /// The claim token, if an agent registered here and no person has claimed the account yet.
    fn claim_token(&self) -> Option<Token> {
        None
    }
    /// Environment variable whose token takes precedence over the saved one, if set.
    fn overriding_variable(&self) -> Option<&'static str> {
        None
    }
    /// True if another process may store a token that would then be in use.
    fn may_be_replaced(&self) -> bool {
        false
    }
    /// Locks the stored account and reserves space for a new one, so that a token that is delivered once is not lost to
    /// another process or a full disk. May block for a few seconds.
    ///
    /// # Errors
    /// The reason why the account cannot be locked or written.
    fn lock(&self) -> Result<Box<dyn AccountLock>, String>;
    /// All secrets that must be masked in outgoing texts.
    fn secrets(&self) -> Vec<Token> {
        self.current().into_iter().chain(self.claim_token()).collect()
    }
    /// True if the account in use could not be saved yet.
    fn is_unsaved(&self) -> bool {
        false
    }
    /// Tries again to save the account. May block for a moment.
    fn save_again(&self) {}
    /// A one-time notice about an account that was saved late.
    fn take_notice(&self) -> Option<String> {
        None
    }
}

/// The locked account. No other process can change it.
pub trait AccountLock: Send {
    /// The currently stored account.
    fn stored(&self) -> StoredAccount;
    /// True if a new account would replace one, usable or not.
    fn is_taken(&self) -> bool;
    /// Replaces the account. The new one is in use at once, and on disk when this returns without an error.
    ///
    /// # Errors
    /// The reason why it could not be saved.
    fn store(self: Box<Self>, account: StoredAccount) -> Result<(), String>;
}

/// An account's tokens, as they are stored.
#[derive(Clone, Debug, Default)]
pub struct StoredAccount {
    /// The bearer token.
    pub token: Option<Token>,
    /// The claim token, which is exchanged for a bearer token after the claim.
    pub claim_token: Option<Token>,
}

/// An account that is stored in memory only, such as the sandbox's.
#[derive(Clone, Debug, Default)]
pub struct InMemory(Arc<RwLock<StoredAccount>>);

impl InMemory {
    /// An account with `token`.
    #[must_use]
    pub fn with(token: Token) -> Self {
        Self(Arc::new(RwLock::new(StoredAccount { token: Some(token), claim_token: None })))
    }

    fn now(&self) -> StoredAccount {
        self.0.read().map(|account| account.clone()).unwrap_or_default()
    }
}

impl TokenSource for InMemory {
    fn current(&self) -> Option<Token> {
        self.now().token
    }

    fn found_in(&self) -> Wording {
        "memory".into()
    }

    fn claim_token(&self) -> Option<Token> {
        self.now().claim_token
    }

    fn lock(&self) -> Result<Box<dyn AccountLock>, String> {
        Ok(Box::new(self.clone()))
    }
}

impl AccountLock for InMemory {
    fn stored(&self) -> StoredAccount {
        self.now()
    }

    fn is_taken(&self) -> bool {
        self.now().token.is_some()
    }

    fn store(self: Box<Self>, account: StoredAccount) -> Result<(), String> {
        if let Ok(mut now) = self.0.write() {
            *now = account;
        }
        Ok(())
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
        let mut json = r#"{"b":[1.50,"\u0073\u0033cr3tpart99"],"s3cr3tpar\u0074\u0039\u0039":"\u00e9"}"#.to_owned();
        token.mask(&mut json);
        assert_eq!(json, r#"{"b":[1.50,"[token hidden]"],"[token hidden]":"\u00e9"}"#);
        let mut other = r#"{"a":"\u00e9 s3cr3t"}"#.to_owned();
        token.mask(&mut other);
        assert_eq!(other, r#"{"a":"\u00e9 s3cr3t"}"#);
    }

    #[test]
    fn the_principal_is_the_public_id_or_a_short_hash() {
        let principal = |text: &str| Token::new(text).unwrap().principal();
        assert_eq!(principal("ot_pat_c3f9_s3cr3t_part99"), "c3f9");
        for (text, hash) in [("s3cr3tpart99", "7e188e5a"), ("ot_pat_s3cr3tpart99", ""), ("ot_pat_s3cr3tpart99_", "")] {
            let shown = principal(text);
            assert!(shown.len() == 8 && shown.starts_with(hash) && !text.contains(&shown), "{text}: {shown}");
        }
    }

    #[test]
    fn hides_what_begins_like_a_token_and_no_example() {
        for (text, hidden) in [
            ("not \"ot_pat_c3f9_s3cr3tpart99\".", "not \"[token hidden]\"."),
            ("A=ot_clm_s3cr3tpart99, whsec_s3cr3tpart99", "A=[token hidden], [token hidden]"),
            ("preview ot_pat_c3f9********bd21", "preview ot_pat_c3f9********bd21"),
            (
                "a personal API token (ot_pat_…), ot_pat_..., ot_clm_",
                "a personal API token (ot_pat_…), ot_pat_..., ot_clm_",
            ),
        ] {
            assert_eq!(hide_tokens(text), hidden);
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Token::new("ot_pat_c3f9_s3cr3tpart99")), "Ok(Token(hidden))");
    }
}
