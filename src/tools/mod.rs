//! The tools: one file for each family, and the table of families.
//!
//! A family's file formats its answers. `engine` runs the calls; `guard` checks the operator's rules.

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
pub mod overview;
pub mod prompts;
pub mod proposals;
pub mod resources;
pub mod team;
pub mod tokens;
pub mod updates;
pub mod webhooks;
pub mod writers;

use crate::engine::catalog::Catalog;
use crate::engine::{Entry, Family, SchemaMaker};

/// Declares the table of families in listing order. `on_request` marks a family that reaches outside the account
/// without human approval; it is served only if the operator names it.
macro_rules! families {
    ($($family:ident $($how:ident)?),+ $(,)?) => {
        /// All families in listing order.
        pub const FAMILIES: &[Family] = &[$(Family::new(stringify!($family), $family::TOOLS)$(.$how())?),+];
        /// The schema generators of all families.
        pub const SCHEMAS: &[&[SchemaMaker]] = &[$($family::SCHEMAS),+];
    };
}

families![
    overview,
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

/// The content of the server.
pub const CATALOG: &Catalog = &Catalog {
    families: FAMILIES,
    instructions: instructions::INSTRUCTIONS,
    prompts: prompts::PROMPTS,
    resources: resources::RESOURCES,
};

/// Every tool there is.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().flat_map(|family| family.tools)
}

/// The names of all families.
#[must_use]
pub fn family_names() -> Vec<&'static str> {
    FAMILIES.iter().map(|family| family.name).collect()
}
