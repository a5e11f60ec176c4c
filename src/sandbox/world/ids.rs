//! Makes ids that are as opaque as real ones, and the same in every run.

use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Ids {
    made: BTreeMap<&'static str, u64>,
}

const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ROOM: u64 = 62 * 62 * 62 * 62;
/// The first id is `7Rtd`.
const FIRST: u64 = ((7 * 62 + 27) * 62 + 55) * 62 + 39;
/// The step to the next id. It shares no factor with `ROOM`, so every id comes once before one repeats.
const STRIDE: u64 = 6_700_417;

impl Ids {
    pub(crate) fn next(&mut self, kind: &'static str) -> String {
        let made = self.made.entry(kind).or_default();
        let mut rest = (FIRST + *made % ROOM * STRIDE) % ROOM;
        *made += 1;
        let mut digits = [b'0'; 4];
        for digit in digits.iter_mut().rev() {
            *digit = usize::try_from(rest % 62).ok().and_then(|place| DIGITS.get(place)).copied().unwrap_or(b'0');
            rest /= 62;
        }
        format!("{kind}_{}", String::from_utf8_lossy(&digits))
    }
}
