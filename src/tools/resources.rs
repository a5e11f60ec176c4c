//! The resources: contracts, jobs and approvals, each in the words of its tool.

use crate::engine::catalog::{Resource, Values};

/// Ids of contracts.
pub const CONTRACTS: Values = Values {
    tool: "list_contracts",
    list: "contracts",
    also: &["/title", "/freelancer/displayName", "/freelancer/country"],
};
/// Ids of the account's own jobs.
pub const JOBS: Values = Values { tool: "list_jobs", list: "jobs", also: &["/title", "/status"] };

/// All resources in listing order.
pub const RESOURCES: &[Resource] = &[
    Resource {
        uri: "opentrain://contracts/{contractId}",
        name: "contract",
        title: "Contract",
        description: "A contract with its trainer, budget and milestones.",
        tool: "get_contract",
        values: Some(&CONTRACTS),
    },
    Resource {
        uri: "opentrain://jobs/{jobId}",
        name: "job",
        title: "Job",
        description: "A published job: what is to be done, by whom, for what pay.",
        tool: "get_job",
        values: Some(&JOBS),
    },
    Resource {
        uri: "opentrain://approvals/{approvalId}",
        name: "approval",
        title: "Approval",
        description: "A request that waits for a person, or the person's decision.",
        tool: "get_approval",
        values: None,
    },
];
