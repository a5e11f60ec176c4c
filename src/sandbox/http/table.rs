//! Lists every operation with its handler. A new operation needs a line here.

use super::route::{Route, route};
use crate::sandbox::routes::{
    account, agent, approvals, contracts, credits, jobs, market, messages, milestones, proposals, team, tokens,
    updates, webhooks,
};
use crate::sandbox::world::Refused;

/// If operations share method and path, the one with a parameter of its own comes first.
pub(crate) fn routes() -> Vec<Route> {
    vec![
        route(account::auth_status),
        route(account::capabilities),
        route(agent::register).precheck(agent::check_identity_type),
        route(agent::start),
        route(agent::exchange),
        route(agent::revoke),
        route(tokens::list),
        route(tokens::revoke),
        route(team::get),
        route(team::invite).needs_claim_to("invite team members").map_invalid(team::invalid),
        route(jobs::draft).map_invalid(Refused::invalid),
        route(jobs::change_draft).map_invalid(Refused::invalid),
        route(jobs::publish),
        route(jobs::change).map_invalid(Refused::invalid),
        route(jobs::close),
        route(jobs::list).map_invalid(jobs::invalid_listing),
        route(market::search),
        route(market::facets),
        route(market::changes),
        route(market::get),
        route(contracts::list),
        route(contracts::get),
        route(contracts::end).needs_claim_to("end contracts"),
        route(milestones::create).needs_claim_to("create milestones"),
        route(milestones::fund).needs_claim_to("fund milestones"),
        route(milestones::release).needs_claim_to("approve milestones"),
        route(approvals::get),
        route(credits::pending),
        route(credits::balance),
        route(credits::ledger),
        route(credits::top_up).needs_claim_to("buy credits"),
        route(credits::look),
        route(proposals::list),
        route(proposals::get),
        route(proposals::interview),
        route(proposals::conversation).needs_claim_to("start conversations"),
        route(proposals::hire).needs_claim_to("hire AI trainers"),
        route(proposals::profile),
        route(proposals::invite).needs_claim_to("invite AI trainers").map_invalid(Refused::invalid),
        route(messages::read).when_query_has("conversationId"),
        route(messages::list),
        route(messages::send).needs_claim_to("send messages").map_invalid(Refused::invalid),
        route(updates::poll),
        route(webhooks::create),
        route(webhooks::list),
        route(webhooks::get),
        route(webhooks::delete),
    ]
}
