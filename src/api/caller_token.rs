//! The token that a caller over HTTP sends with its request. It is the only one that the request may use: nothing is read
//! from files, nothing is stored, and no claim is open.

use super::token::{AccountLock, Token, TokenSource};
use super::wording::Wording;

/// The longest token that is taken.
const LONGEST: usize = 512;

impl Token {
    /// Accepts a personal API token from a caller, `ot_pat_<publicId>_<secret>`, and no other text.
    #[must_use]
    pub fn of_caller(text: &str) -> Option<Self> {
        let (public, secret) = text.strip_prefix("ot_pat_")?.split_once('_')?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let is_whole = !public.is_empty() && !secret.is_empty() && text.len() <= LONGEST;
        if is_plain && is_whole { Self::new(text).ok() } else { None }
    }
}

/// The token of one request.
#[derive(Clone, Debug)]
pub struct CallerToken(Token);

impl CallerToken {
    /// The source of this token.
    #[must_use]
    pub const fn of(token: Token) -> Self {
        Self(token)
    }
}

impl TokenSource for CallerToken {
    fn current(&self) -> Option<Token> {
        Some(self.0.clone())
    }

    fn found_in(&self) -> Wording {
        "this request".into()
    }

    fn lock(&self) -> Result<Box<dyn AccountLock>, String> {
        Err("a caller's own token is never stored".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_personal_tokens_are_taken() {
        assert!(Token::of_caller("ot_pat_c3f9_s3cr3tpart99").is_some());
        for wrong in [
            "",
            "ot_pat_",
            "ot_pat_c3f9",
            "ot_pat__x",
            "ot_pat_x_",
            "ot_clm_a_b",
            "otm_a_b",
            "ot_pat_a_b c",
            "ot_pat_a_b\u{e9}",
        ] {
            assert!(Token::of_caller(wrong).is_none(), "{wrong}");
        }
        assert!(Token::of_caller(&format!("ot_pat_a_{}", "x".repeat(LONGEST))).is_none());
    }
}
