//! Seals the state that a client carries from one round of a call to the next (`requestState`, revision 2026-07-28).

use rmcp::model::RequestStateCodec;

/// Seals the state between two rounds. A client can neither change a sealed state nor use it for another tool, other
/// arguments or another token. The key lives as long as the process.
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
}
