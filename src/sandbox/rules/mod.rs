//! What happens: claims, requests to a person, decisions, hires, drafts, and what happens by itself.

pub(crate) mod decide;
pub(crate) mod drafts;
pub(crate) mod hire;
pub(crate) mod life;
pub(crate) mod reading;
