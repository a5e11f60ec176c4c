//! Claims, requests to a person, decisions, hires, drafts, and what happens as time passes. The rules must not know
//! HTTP: they return facts, not answers.

pub(crate) mod ask;
pub(crate) mod claim;
pub(crate) mod decide;
pub(crate) mod drafts;
pub(crate) mod hire;
pub(crate) mod life;
pub(crate) mod tell;
