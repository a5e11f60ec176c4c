//! Ways to show a URL to the user, tried in this order: `InputRequiredResult` (2026-07-28), `elicitation/create` in URL
//! mode (2025-11-25), the plain answer. "Accept" means only that the page was opened, so the answer afterwards always
//! reports OpenTrain's state.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use rmcp::model::{
    CallToolResponse, CustomNotification, ElicitRequestParams, ElicitationAction, InputRequiredResult, InputResponses,
    ServerNotification,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::json;
use tokio::time::Instant;

use crate::answer::{self, After, HumanStep};
use crate::engine::resume::resume;

use super::host::{Delivery, Host};
use super::server::{Outcome, Request, Server, cancelled};
use super::state::{PERSON, REFUSAL_ROOM, Waits};
use super::uses::Continued;

/// The time that a call may take beyond the wait for its user.
pub(crate) const MARGIN: Duration = Duration::from_secs(8);

/// A call that the client repeats after a page was opened.
pub(crate) struct Resumed {
    pub(super) after: After,
    /// The time that the call has already waited.
    pub(super) waited: Duration,
    pub(super) accepted: bool,
    /// The key of the state's use.
    pub(super) key: String,
}

/// True if the user has opened the page.
pub(super) fn is_opened(responses: Option<&InputResponses>) -> bool {
    responses.and_then(|responses| responses.get(PERSON)?.get("action")?.as_str()) == Some("accept")
}

impl Server {
    /// Continues a repeated call. After an accept it polls at least once; after any other reply it sends nothing that
    /// could change anything. It never asks again.
    pub(crate) async fn resume(
        &self,
        request: &Request,
        resumed: Resumed,
        host: Host,
        context: &RequestContext<RoleServer>,
    ) -> Result<Continued, ErrorData> {
        let Some(served) = self.toolbox.find(&request.name, &request.arguments) else {
            return Err(self.unknown(&request.name));
        };
        let Resumed { after, waited, accepted, key } = resumed;
        if let (false, After::TryAgain { refused, .. }) = (accepted, &after) {
            let refusal = self.toolbox.repeat(served, refused, &request.call).await;
            return Ok(Continued::Now(Box::new(Err(refusal))));
        }
        let left = if accepted { self.toolbox.services.human_wait.saturating_sub(waited) } else { Duration::ZERO };
        if let After::Call { .. } = &after {
            return self.wait(request, &after, left, context).await.map(|outcome| Continued::Now(Box::new(outcome)));
        }
        self.use_once(request, key, self.repeated(request, after, left).boxed(), host, context).await
    }

    /// Makes the refused call again, also when nobody waits for its end any more.
    fn repeated(
        &self,
        request: &Request,
        after: After,
        left: Duration,
    ) -> impl Future<Output = Outcome> + Send + 'static {
        let (toolbox, until) = (Arc::clone(&self.toolbox), until(request, left));
        let Request { name, arguments, call } = request.clone();
        async move {
            match toolbox.find(&name, &arguments) {
                Some(served) => resume(&toolbox, served, &arguments, &after, &call, until).await,
                // The caller has found it already.
                None => Err(answer::Failure::default()),
            }
        }
    }

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
            (Some(step), Delivery::InputRequired) => match self.page_required(&request, step) {
                Some(result) => return Ok(result.into()),
                None => outcome,
            },
            (Some(step), Delivery::Elicitation) => match self.elicit(&request, step, context).await? {
                Some(later) => later,
                None => outcome,
            },
            _ => outcome,
        };
        Ok(self.result(outcome, host).into())
    }

    /// Without a state, the client gets the plain answer with the link.
    fn page_required(&self, request: &Request, step: &HumanStep) -> Option<InputRequiredResult> {
        let waits = Waits::Page(step.after.within(REFUSAL_ROOM));
        self.input_required(request, waits, url_request(step, String::new()))
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

    /// Polls until the state changes or `left` has passed.
    async fn wait(
        &self,
        request: &Request,
        after: &After,
        left: Duration,
        context: &RequestContext<RoleServer>,
    ) -> Result<Outcome, ErrorData> {
        let served = self.toolbox.find(&request.name, &request.arguments).ok_or_else(|| self.unknown(&request.name))?;
        let until = until(request, left);
        tokio::select! {
            outcome = resume(&self.toolbox, served, &request.arguments, after, &request.call, until) => Ok(outcome),
            () = context.ct.cancelled() => Err(cancelled()),
        }
    }
}

/// The moment at which a wait of `left` ends, within the time of the call.
fn until(request: &Request, left: Duration) -> Instant {
    (Instant::now() + left).min(request.call.deadline - MARGIN / 4)
}

fn url_request(step: &HumanStep, elicitation_id: String) -> ElicitRequestParams {
    ElicitRequestParams::UrlElicitationParams {
        meta: None,
        message: step.ask.to_string(),
        url: step.link.page.as_str().to_owned(),
        elicitation_id,
    }
}
