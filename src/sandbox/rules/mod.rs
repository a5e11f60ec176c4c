//! What happens in the world: claims, requests to a person, decisions, hires, drafts, and what happens by itself. The
//! rules know nothing of HTTP, and return facts, not answers.

pub(crate) mod ask;
pub(crate) mod claim;
pub(crate) mod decide;
pub(crate) mod drafts;
pub(crate) mod hire;
pub(crate) mod life;
pub(crate) mod tell;
