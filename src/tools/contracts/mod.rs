//! Tools for contracts.

mod budget;
mod end;
mod lines;
mod listing;
mod one;
mod tally;

use crate::api::contracts::EndContract;
use crate::engine::tools;

use listing::ListContractsPage;
use one::GetContractPage;

tools![ListContractsPage, GetContractPage, EndContract,];
