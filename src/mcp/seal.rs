//! Seals the state that a client carries from one round of a call to the next (`requestState`, revision 2026-07-28).

use rmcp::model::RequestStateCodec;

/// Seals the state between two rounds. A client can neither change a sealed state nor use it for another tool, other
/// arguments, another token or another principal. On stdio the key lives as long as the process.
pub(crate) struct Seal(pub(super) RequestStateCodec);

/// No key could be created.
#[derive(Debug, thiserror::Error)]
#[error("no key for requestState: {0}")]
pub struct SealError(String);

impl Seal {
    pub(crate) fn new() -> Result<Self, SealError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|fault| SealError(fault.to_string()))?;
        RequestStateCodec::try_new(key).map(Self).map_err(|fault| SealError(fault.to_string()))
    }

    /// Seals with the first key and opens with each. A key is named by its hash, so the order may differ between replicas.
    #[cfg(feature = "http")]
    pub(crate) fn shared(keys: &[[u8; 32]]) -> Result<Self, SealError> {
        let name = |key: &[u8; 32]| crate::api::hex::sha256(key, 16);
        let first = keys.first().map(name).unwrap_or_default();
        let ring = keys.iter().map(|key| (name(key), key.to_vec()));
        RequestStateCodec::new_with_keyring(first, ring).map(Self).map_err(|fault| SealError(fault.to_string()))
    }
}
