//! An agent's key for this server over HTTP: `otm_<id>_<secret>`, letters and digits only. Only its hash is stored.

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

use crate::api::hex::hex;
use crate::api::token::KEY_PREFIX;

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// The id only finds the agent; it is not secret.
const ID_LENGTH: usize = 12;
/// 43 letters of 62 have 256 bits. A hash without salt or stretching is enough for a secret that nobody can guess.
const SECRET_LENGTH: usize = 43;

/// A new key, which is shown once.
pub struct NewKey {
    /// Its public part.
    pub id: String,
    /// The whole key.
    pub text: String,
}

/// The SHA-256 of a whole key.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyHash([u8; 32]);

impl NewKey {
    /// Makes a key.
    ///
    /// # Errors
    /// If the operating system has no random bytes.
    pub fn make() -> Result<Self, getrandom::Error> {
        let (id, secret) = (letters(ID_LENGTH)?, letters(SECRET_LENGTH)?);
        Ok(Self { text: format!("{KEY_PREFIX}{id}_{secret}"), id })
    }

    pub(super) fn hash(&self) -> KeyHash {
        KeyHash::of(&self.text)
    }
}

/// Random letters and digits. Bytes that would make some letters more likely are thrown away.
fn letters(length: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)?;
        let fair = bytes.iter().filter(|byte| usize::from(**byte) < 4 * LETTERS.len());
        let drawn = fair.filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
        text.extend(drawn.take(length - text.len()).map(|letter| char::from(*letter)));
    }
    Ok(text)
}

/// The public part of a key, if the text has the form of one.
pub(super) fn id_of(key: &str) -> Option<&str> {
    let (id, secret) = key.strip_prefix(KEY_PREFIX)?.split_once('_')?;
    let is_plain = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| LETTERS.contains(&byte));
    (is_plain(id, ID_LENGTH) && is_plain(secret, SECRET_LENGTH)).then_some(id)
}

impl KeyHash {
    pub(super) fn of(key: &str) -> Self {
        Self(digest(&SHA256, key.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// Compares in a time that does not depend on the hashes.
    pub(super) fn is(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    pub(super) fn hex(self) -> String {
        hex(&self.0)
    }

    pub(super) fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_has_letters_and_digits_only() {
        let [one, two] = [(); 2].map(|()| NewKey::make().unwrap());
        assert_ne!(one.text, two.text);
        assert_eq!(id_of(&one.text), Some(one.id.as_str()));
        assert_eq!(one.text.len(), 4 + ID_LENGTH + 1 + SECRET_LENGTH);
    }

    #[test]
    fn a_hash_survives_its_hex_form() {
        let hash = KeyHash::of("a");
        assert!(KeyHash::from_hex(&hash.hex()).unwrap().is(hash) && !hash.is(KeyHash::of("b")));
        assert!(KeyHash::from_hex("00").is_none() && KeyHash::from_hex(&"é".repeat(32)).is_none());
    }

    #[test]
    fn other_tokens_are_no_keys() {
        let key = NewKey::make().unwrap().text;
        for text in [
            "",
            "otm_",
            "ot_pat_a_b",
            key.strip_suffix(|_: char| true).unwrap(),
            &format!("{key}x"),
            &key.replace("otm_", "OTM_"),
        ] {
            assert_eq!(id_of(text), None, "{text}");
        }
    }
}
