//! Asks the user for a yes before a call takes effect, in a form that the host shows. Only a yes in the form counts:
//! "accept" alone means that the form was sent.

use std::sync::Arc;

use futures::FutureExt;
use rmcp::model::{ElicitRequestParams, ElicitationSchema, InputRequiredResult, InputResponses};
use rmcp::service::{RequestContext, ServiceError};
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::{Failure, Shown, Unconfirmed};

use crate::engine::mark;

use super::elicitation::MARGIN;
use super::host::{Delivery, Host};
use super::server::{Outcome, Request, Server, cancelled};
use super::state::{PERSON, Waits};
use super::uses::Continued;

/// The field of the form.
pub(super) const YES: &str = "confirm";

/// How a person was asked.
pub(super) enum Asked {
    /// The client asks, and repeats the call.
    Later(InputRequiredResult),
    /// The person has answered, or cannot be asked.
    Now(Result<(), Unconfirmed>),
}

impl Server {
    /// Asks the user in the way that the host supports.
    pub(super) async fn ask_for_a_yes(
        &self,
        request: &Request,
        question: &Shown,
        host: Host,
        context: &RequestContext<RoleServer>,
    ) -> Result<Asked, ErrorData> {
        let Some(form) = form(question) else { return Ok(Asked::Now(Err(Unconfirmed::CannotAsk))) };
        Ok(match host.form_delivery() {
            Delivery::InputRequired => self
                .input_required(request, Waits::Yes(mark(question)), form)
                .map_or(Asked::Now(Err(Unconfirmed::CannotAsk)), Asked::Later),
            Delivery::Elicitation => Asked::Now(self.elicit_a_yes(request, form, context).await?),
            Delivery::Answer => Asked::Now(Err(Unconfirmed::CannotAsk)),
        })
    }

    /// Makes a call to which the user has said yes, or refuses it. Its state is spent with that.
    pub(super) async fn after_the_form(
        &self,
        request: &mut Request,
        mark: String,
        responses: Option<&InputResponses>,
        key: String,
        host: Host,
        context: &RequestContext<RoleServer>,
    ) -> Result<Continued, ErrorData> {
        let answer = answer_in(responses);
        request.call.confirmed = answer.is_ok().then_some(mark);
        let (toolbox, its) = (Arc::clone(&self.toolbox), request.clone());
        let call = async move {
            let Some(served) = toolbox.find(&its.name, &its.arguments) else {
                // The state was sealed for a tool that was found.
                return Err(Failure::default());
            };
            match answer {
                Ok(()) => toolbox.call(served, its.arguments.clone(), &its.call).await,
                Err(why) => Err(toolbox.unconfirmed(served, why, &its.arguments, &its.call).await),
            }
        };
        self.use_once(request, key, call.boxed(), host, context).await
    }

    pub(super) async fn unconfirmed(&self, request: &Request, why: Unconfirmed) -> Result<Outcome, ErrorData> {
        let served = self.toolbox.find(&request.name, &request.arguments).ok_or_else(|| self.unknown(&request.name))?;
        Ok(Err(self.toolbox.unconfirmed(served, why, &request.arguments, &request.call).await))
    }

    /// Asks while the call is open.
    async fn elicit_a_yes(
        &self,
        request: &Request,
        form: ElicitRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Result<(), Unconfirmed>, ErrorData> {
        let left = (request.call.deadline - MARGIN).saturating_duration_since(Instant::now());
        let wait = self.toolbox.services.human_wait.min(left);
        let in_vain = Err(Unconfirmed::NoAnswer(wait));
        if wait.is_zero() {
            return Ok(in_vain);
        }
        let answered = tokio::select! {
            answered = context.peer.create_elicitation_with_timeout(form, Some(wait)) => answered,
            () = self.closing().cancelled() => return Ok(in_vain),
            () = context.ct.cancelled() => return Err(cancelled()),
        };
        Ok(match answered {
            Ok(result) => {
                let action = serde_json::to_value(&result.action).unwrap_or_default();
                verdict(action.as_str(), result.content.as_ref())
            }
            Err(ServiceError::Timeout { .. }) => in_vain,
            Err(fault) => {
                tracing::debug!(%fault, "the host did not bring the form before its user");
                Err(Unconfirmed::CannotAsk)
            }
        })
    }
}

/// The person's answer in a repeated call.
fn answer_in(responses: Option<&InputResponses>) -> Result<(), Unconfirmed> {
    let answer = responses.and_then(|responses| responses.get(PERSON));
    let action = answer.and_then(|answer| answer.get("action")?.as_str());
    verdict(action, answer.and_then(|answer| answer.get("content")))
}

fn verdict(action: Option<&str>, content: Option<&Value>) -> Result<(), Unconfirmed> {
    let yes = content.and_then(|content| content.get(YES));
    match action {
        Some("accept") if yes == Some(&Value::Bool(true)) => Ok(()),
        Some("accept" | "decline") => Err(Unconfirmed::Declined),
        _ => Err(Unconfirmed::Closed),
    }
}

/// The form: the question, and one box that is not ticked. `None` if rmcp does not accept its schema. The default counts:
/// without one, Codex and Copilot CLI show a choice in which yes comes first, and a mere Enter takes it.
fn form(question: &Shown) -> Option<ElicitRequestParams> {
    let schema = ElicitationSchema::builder().required_bool_property(YES, |field| {
        field.title("Yes, do this").description("Nothing is sent without a yes.").with_default(false)
    });
    Some(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.to_string(),
        requested_schema: schema.build().ok()?,
    })
}
