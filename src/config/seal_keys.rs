//! The keys with which replicas seal what a client carries from one round of a call to the next.

use std::fmt;

use super::environment::Environment;
use super::error::{ConfigError, refused};
use super::source::Source;

/// The variable. It is secret, so it is no flag.
pub const SEAL_KEYS: &str = "OPENTRAIN_SEAL_KEYS";

/// Keys of 32 bytes: the first one seals, each one opens. `Debug` shows only how many.
#[derive(Clone, Default)]
pub struct SealKeys(Vec<[u8; 32]>);

impl SealKeys {
    /// Reads the keys.
    pub(super) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let Some(list) = environment.get(SEAL_KEYS) else { return Ok(Self::default()) };
        let keys = list.split(',').map(|key| of_hex(key.trim())).collect::<Option<Vec<_>>>();
        let keys = keys.ok_or_else(|| {
            let problem = "must be keys of 32 bytes in hex (64 digits), separated by commas, such as `openssl rand -hex 32` \
                           prints";
            refused(&Source::Variable(SEAL_KEYS.into()), problem)
        })?;
        Ok(Self(keys))
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[[u8; 32]] {
        &self.0
    }
}

fn of_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} keys", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<SealKeys, ConfigError> {
        SealKeys::read(&Environment::of([(SEAL_KEYS.to_owned(), value.to_owned())]))
    }

    #[test]
    fn keys_are_hex_and_never_shown() {
        let (one, two) = ("0a".repeat(32), "FF".repeat(32));
        let keys = read(&format!("{one}, {two}")).unwrap();
        assert_eq!(keys.keys(), [[10; 32], [255; 32]]);
        assert_eq!(format!("{keys:?}"), "2 keys");
        assert!(read("").unwrap().keys().is_empty());
        for wrong in ["0a", &format!("{one},"), &"g".repeat(64), &"é".repeat(32)] {
            let fault = read(wrong).unwrap_err().to_string();
            assert!(fault.contains(SEAL_KEYS) && !fault.contains(wrong), "{fault}");
        }
    }
}
