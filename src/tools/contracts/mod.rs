//! Tools for contracts.

mod all;
mod budget;
mod end;
mod lines;
mod listing;
mod one;
mod page;
mod tally;

use crate::engine::tools;

use all::ListContractsPage;
use end::End;
use one::GetContractPage;

tools![ListContractsPage, GetContractPage, End];
