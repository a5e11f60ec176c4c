//! Reads a host's message before rmcp does, for every transport: repairs what is clear, and says what is wrong with the
//! rest.

pub(super) mod json;
pub(super) mod outline;
pub(super) mod params;
