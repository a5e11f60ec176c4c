//! Answers of the API, as several operations and as refusals.
#![no_main]

use opentrain_mcp::api::approvals::GetApproval;
use opentrain_mcp::api::contracts::{GetContract, ListContracts};
use opentrain_mcp::api::messages::ReadMessages;
use opentrain_mcp::api::milestones::CreateMilestone;
use opentrain_mcp::api::reply::fuzz;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    fuzz::<ListContracts>(body);
    fuzz::<GetContract>(body);
    fuzz::<CreateMilestone>(body);
    fuzz::<GetApproval>(body);
    fuzz::<ReadMessages>(body);
});
