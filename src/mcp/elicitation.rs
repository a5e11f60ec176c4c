//! Ways to show a URL to the user, tried in this order: `InputRequiredResult` (2026-07-28), `elicitation/create` in URL
//! mode (2025-11-25), the plain answer. "Accept" means only that the page was opened, so the answer afterwards always
//! reports OpenTrain's state.

use std::collections::BTreeMap;

use rmcp::model::{
    CallToolResponse, CustomNotification, ElicitRequest, ElicitRequestParams, ElicitationAction, InputRequest,
    InputRequiredResult, ServerNotification,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::json;
use tokio::time::Instant;

use crate::answer::{self, HumanStep};

use super::host::{Host, PageDelivery};
use super::resumption::PERSON;
use super::server::{Outcome, Request, Server, cancelled};

impl Server {
    /// Shows the user's step in the best way that the host supports, and returns the result.
    pub(crate) async fn show_step(
        &self,
        request: Request,
        outcome: Outcome,
        host: Host,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let step = match &outcome {
            Ok(answer) => answer.step.as_ref(),
            Err(failure) => failure.step.as_ref(),
        };
        let step = step.filter(|_| !self.toolbox.services.human_wait.is_zero());
        let outcome = match (step, host.page_delivery()) {
            (Some(step), PageDelivery::InputRequired) => match self.input_required(&request, step) {
                Some(result) => return Ok(result.into()),
                None => outcome,
            },
            (Some(step), PageDelivery::Elicitation) => match self.elicit(&request, step, context).await? {
                Some(later) => later,
                None => outcome,
            },
            _ => outcome,
        };
        Ok(self.result(outcome, host).into())
    }

    fn input_required(&self, request: &Request, step: &HumanStep) -> Option<InputRequiredResult> {
        // Without a state the client gets the plain answer with the link.
        let state = self.sealed(request, &step.after)?;
        let asked = InputRequest::Elicitation(ElicitRequest::new(url_request(step, String::new())));
        Some(InputRequiredResult::new(Some(BTreeMap::from([(PERSON.to_owned(), asked)])), Some(state)))
    }

    /// Asks the user while the call is open. Returns `None` if that fails; the plain answer then contains the link.
    async fn elicit(
        &self,
        request: &Request,
        step: &HumanStep,
        context: &RequestContext<RoleServer>,
    ) -> Result<Option<Outcome>, ErrorData> {
        let began = Instant::now();
        let Ok(id) = getrandom::u64() else { return Ok(None) };
        let url = step.link.page.url().clone();
        let id = format!("{id:016x}");
        let asking =
            context.peer.elicit_url_with_timeout(step.ask.as_str(), url, &id, Some(self.toolbox.services.human_wait));
        let action = tokio::select! {
            action = asking => action,
            () = self.closing().cancelled() => return Ok(None),
            () = context.ct.cancelled() => return Err(cancelled()),
        };
        match action {
            Ok(ElicitationAction::Accept) => {}
            Ok(_) => return Ok(None),
            Err(fault) => {
                tracing::debug!(%fault, "the host did not bring the page before its user");
                return Ok(None);
            }
        }
        let left = self.toolbox.services.human_wait.saturating_sub(began.elapsed());
        let outcome = self.wait(request, &step.after, left, context).await?;
        // The elicitation is complete when the user has decided; the page may still be open.
        if outcome.as_ref().is_ok_and(|answer| answer.outcome != Some(answer::Outcome::PendingApproval)) {
            let done =
                CustomNotification::new("notifications/elicitation/complete", Some(json!({ "elicitationId": id })));
            let _ = context.peer.send_notification(ServerNotification::CustomNotification(done)).await;
        }
        Ok(Some(outcome))
    }
}

fn url_request(step: &HumanStep, elicitation_id: String) -> ElicitRequestParams {
    ElicitRequestParams::UrlElicitationParams {
        meta: None,
        message: step.ask.to_string(),
        url: step.link.page.as_str().to_owned(),
        elicitation_id,
    }
}
