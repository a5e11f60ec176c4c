//! Bytes as hexadecimal digits.

use ring::digest::{SHA256, digest};

/// The bytes in lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The first hexadecimal digits of the SHA-256 of these bytes, 64 at most: a name for what is too long or too secret to be
/// one.
#[must_use]
pub fn sha256(bytes: &[u8], digits: usize) -> String {
    let mut hash = hex(digest(&SHA256, bytes).as_ref());
    hash.truncate(digits);
    hash
}
