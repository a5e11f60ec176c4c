//! Tools for contracts.

mod all;
mod budget;
mod end;
mod lines;
mod listing;
mod one;
mod page;
mod tally;

use crate::api::contracts::EndContract;
use crate::engine::tools;

use all::ListContractsPage;
use one::GetContractPage;

tools![ListContractsPage, GetContractPage, EndContract];
