//! The tools: one file for each family, and the table of families.
//!
//! A family's file says how each answer is worded. How a call runs is in `engine`; what the operator allows is in `guard`.

pub mod account;
pub mod agent;
pub mod approvals;
pub mod contracts;
pub mod credits;
pub mod freelancers;
pub mod instructions;
pub mod jobs;
pub mod marketplace;
pub mod messages;
pub mod milestones;
pub mod nouns;
pub mod proposals;
pub mod team;
pub mod tokens;
pub mod updates;
pub mod webhooks;

use crate::engine::catalog::Catalog;
use crate::engine::{Entry, Family, SchemaMaker};

/// The table of families, in the order in which the tools are listed. `on_request` marks a family that reaches outside the
/// account with nobody co-signing: it is served only when the operator names it.
macro_rules! families {
    ($($family:ident $($how:ident)?),+ $(,)?) => {
        /// Every family, in the order in which the tools are listed.
        pub const FAMILIES: &[Family] = &[$(Family::new(stringify!($family), $family::TOOLS)$(.$how())?),+];
        /// How the schemas of every family's tools are made.
        pub const SCHEMAS: &[&[SchemaMaker]] = &[$($family::SCHEMAS),+];
    };
}

families![
    contracts,
    milestones,
    approvals,
    jobs,
    proposals,
    freelancers,
    messages,
    credits,
    updates,
    marketplace,
    account,
    agent,
    webhooks on_request,
    tokens on_request,
    team on_request,
];

/// What a server is made over.
pub const CATALOG: &Catalog = &Catalog { families: FAMILIES, instructions: instructions::INSTRUCTIONS };

/// Every tool there is.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().flat_map(|family| family.tools)
}

/// The names of all families.
#[must_use]
pub fn family_names() -> Vec<&'static str> {
    FAMILIES.iter().map(|family| family.name).collect()
}
