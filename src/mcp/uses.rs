//! The use of a sealed state: the call that it allows is made once, by whichever server, and a later use gets the same
//! answer. The answer is kept as text, since another server may give it.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use rmcp::model::CallToolResult;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};

use crate::answer::unconfirmed::NOT_CONFIRMED;
use crate::answer::{Failure, Outcome as Ended, Rendered, ToolError};
use crate::api::Effect;
use crate::api::error::Error;
use crate::api::wording::wording;
use crate::engine::once::{Done, Once, Use, Used};

use super::host::Host;
use super::server::{Outcome, Request, Server, cancelled, result};

/// What became of a use of a state.
pub(crate) enum Continued {
    /// The call was made now.
    Now(Box<Outcome>),
    /// It was made before, and this is its answer; or it cannot be told.
    Earlier(CallToolResult),
}

impl Server {
    /// The answer of the call that used this state before, here or at another server that shares the ledger.
    pub(super) async fn answer_of_earlier_use(
        &self,
        request: &Request,
        key: &str,
        host: Host,
    ) -> Option<CallToolResult> {
        let services = &self.toolbox.services;
        let (once, ledger) = (services.memory.of::<Once>(), &services.operator.ledger);
        let earlier = once.earlier(ledger, key, request.call.deadline).await.transpose()?;
        Some(self.given_again(request, earlier, host).await)
    }

    /// Makes the call that a state allows, unless it was made before. The call goes on when its caller goes away.
    pub(super) async fn use_once(
        &self,
        request: &Request,
        key: String,
        call: BoxFuture<'static, Outcome>,
        host: Host,
        context: &RequestContext<RoleServer>,
    ) -> Result<Continued, ErrorData> {
        let services = &self.toolbox.services;
        // A read may be made twice, and needs no ledger.
        let served = self.toolbox.find(&request.name, &request.arguments);
        let is_write = served.is_some_and(|served| served.facts().effect != Effect::Read);
        let ledger = is_write.then(|| Arc::clone(&services.operator.ledger));
        let (its, once) = (Use { key, until: request.call.deadline, ledger }, services.memory.of::<Once>());
        let keeper = self.clone();
        let call = async move {
            let result = Box::new(call.await);
            let answer = is_final(&result).then(|| keeper.kept((*result).clone()));
            Done { result, answer }
        };
        // Boxed, since the future of every call would be as large as the largest.
        let used = tokio::select! {
            used = once.run(its, services.running.begin(), call.boxed()).boxed() => used,
            () = context.ct.cancelled() => return Err(cancelled()),
        };
        let kept = match used {
            Ok(Used::Now(outcome)) => return Ok(Continued::Now(outcome)),
            Ok(Used::Earlier(kept)) => Ok(kept),
            Err(error) => Err(error),
        };
        Ok(Continued::Earlier(self.given_again(request, kept, host).await))
    }

    /// An outcome as text, without secrets.
    fn kept(&self, outcome: Outcome) -> String {
        let text = serde_json::to_vec(&self.rendered(outcome)).unwrap_or_default();
        String::from_utf8(self.masked(text)).unwrap_or_default()
    }

    /// An answer that was kept, for this host.
    async fn given_again(&self, request: &Request, kept: Result<String, ToolError>, host: Host) -> CallToolResult {
        let rendered = kept.and_then(|text| {
            serde_json::from_str::<Rendered>(&text).map_err(|fault| {
                let what = wording!("the answer of its first use cannot be read ({})", fault.to_string());
                Error::Unreachable { what, sent: true }.into()
            })
        });
        let error = match rendered {
            Ok(rendered) => return result(rendered, host.takes_links()),
            Err(error) => error,
        };
        let failure = match self.toolbox.find(&request.name, &request.arguments) {
            Some(served) => self.toolbox.failure(served, &error, &request.call).await,
            // A state is sealed for a tool that is served.
            None => Failure::default(),
        };
        self.result(Err(failure), host)
    }
}

/// False for a failure that certainly changed nothing: the call may be made again. A person's no stays a no.
fn is_final(outcome: &Outcome) -> bool {
    match outcome {
        Ok(_) => true,
        Err(Failure { outcome, reason, .. }) => *outcome != Ended::NotDone || reason.as_deref() == Some(NOT_CONFIRMED),
    }
}
