//! Tools for milestones. A milestone is created without money; a person decides on funding and release.

pub mod create;
mod request;

use crate::api::milestones::{RequestMilestoneApproval, RequestMilestoneFunding};
use crate::engine::tools;

use create::CreateMilestoneOnce;
use request::MoneyRequest;

tools![CreateMilestoneOnce, MoneyRequest<RequestMilestoneFunding>, MoneyRequest<RequestMilestoneApproval>];
