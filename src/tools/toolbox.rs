//! The tools that are served, and how a call goes through them. One for the process: nothing in it belongs to one call.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use url::Url;

use crate::api::Effect;
use crate::api::client::Client;
use crate::api::error::Error;
use crate::api::token::{Token, TokenSource};

use super::answer::{LinkKind, Report};
use super::audit::{AuditLog, Figure, Writing};
use super::context::{Call, Context};
use super::creation::InFlight;
use super::failure::{Denial, Failure, Trouble};
use super::freeze::Switch;
use super::hints::Situation;
use super::person::HumanStep;
use super::policy::Policy;
use super::schema::Object;
use super::{Entry, all, arguments};

/// Hosts cut a call at 60 s: whatever happens, it is answered before.
pub const CALL_LIMIT: Duration = Duration::from_secs(48);

/// A tool that is served, with what is made of its types once.
pub struct Served {
    /// The row.
    pub entry: &'static Entry,
    schema: OnceLock<(Object, String)>,
}

impl Served {
    const fn new(entry: &'static Entry) -> Self {
        Self { entry, schema: OnceLock::new() }
    }

    /// Every tool there is.
    #[must_use]
    pub fn all() -> Vec<Self> {
        all().map(Self::new).collect()
    }

    /// The strict input schema.
    pub fn input(&self) -> &Object {
        &self.schema.get_or_init(self.entry.input).0
    }

    /// What a model reads of it.
    pub fn description(&self) -> &str {
        &self.schema.get_or_init(self.entry.input).1
    }
}

/// What the operator of this server has decided.
#[derive(Default)]
pub struct Operator {
    /// The rules.
    pub policy: Policy,
    /// Where every write is recorded.
    pub audit: Option<Arc<AuditLog>>,
    /// What stops all writes.
    pub switch: Option<Switch>,
}

impl Operator {
    /// The rules in force, each in words.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let mut rules = self.policy.told();
        rules.extend(self.switch.as_ref().and_then(|switch| switch.check().err()).map(|denial| denial.message));
        rules
    }

    /// Lets a write through, on record, or says why not.
    pub(super) async fn begin(&self, context: &Context, figure: Option<Figure>) -> Result<Writing, Denial> {
        if let Some(switch) = &self.switch {
            switch.check()?;
        }
        if let Some(figure) = &figure {
            self.policy.check_milestone(figure.amount)?;
        }
        match &self.audit {
            Some(audit) => audit.begin(context, figure, &self.policy).await,
            None => Ok(Writing::unrecorded()),
        }
    }
}

/// The tools that are served, and what they need to work.
pub struct Toolbox {
    pub(super) client: Client,
    pub(super) tokens: Arc<dyn TokenSource>,
    pub(super) operator: Operator,
    pub(super) in_flight: InFlight,
    served: Vec<Served>,
    /// Whether nothing is real.
    pub sandbox: bool,
    /// How long a call may wait for a person.
    pub human_wait: Duration,
}

impl Toolbox {
    /// Serves what the operator's policy lists.
    #[must_use]
    pub fn new(
        client: Client,
        tokens: Arc<dyn TokenSource>,
        operator: Operator,
        human_wait: Duration,
        sandbox: bool,
    ) -> Self {
        let served = operator.policy.listed().map(Served::new).collect();
        Self { client, tokens, operator, in_flight: InFlight::default(), served, sandbox, human_wait }
    }

    /// The tools in the order in which they are listed.
    #[must_use]
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// The tool of that name, if it is served.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Served> {
        self.served.iter().find(|served| served.entry.name == name)
    }

    /// `text` without the sentences that name a tool which is not served here.
    #[must_use]
    pub fn only_served(&self, text: &str) -> String {
        let missing: Vec<&str> = all().map(|entry| entry.name).filter(|name| self.find(name).is_none()).collect();
        if !missing.iter().any(|name| text.contains(name)) {
            return text.to_owned();
        }
        let lines = text.lines().map(|line| {
            let sentences =
                line.split_inclusive(". ").filter(|sentence| !missing.iter().any(|name| sentence.contains(name)));
            sentences.collect::<String>().trim_end().to_owned()
        });
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// Ends what is still open on the record as unknown: the process stops.
    pub fn close(&self) {
        if let Some(audit) = &self.operator.audit {
            audit.close();
        }
    }

    /// The limits in force, each in words.
    #[must_use]
    pub fn limits(&self) -> Vec<String> {
        self.operator.told()
    }

    /// The token in use now.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.tokens.current()
    }

    /// The refusal of a tool that only read-only mode keeps from being listed; `None` for a name that means nothing here.
    #[must_use]
    pub fn refuse(&self, name: &str, call: &Call) -> Option<Report> {
        let entry = self.operator.policy.withheld(name)?;
        Some(self.report(entry, &Denial::read_only().into(), None, None, call))
    }

    /// Performs one call; the arguments are read against the tool's schema first. Dropping the future gives a read up,
    /// upstream too; a write that has begun goes on to its end, since what it does cannot be called back.
    pub async fn call(self: &Arc<Self>, served: &Served, arguments: Object, call: &Call) -> Report {
        let entry = served.entry;
        let arguments = match arguments::fit(served.input(), arguments) {
            Ok(arguments) => arguments,
            Err(fault) => return self.report(entry, &Error::from(fault).into(), None, None, call),
        };
        if entry.effect == Effect::Read {
            return self.run(entry, arguments, call.clone()).await;
        }
        let (toolbox, its_call) = (Arc::clone(self), call.clone());
        let write = tokio::spawn(async move { toolbox.run(entry, arguments, its_call).await });
        write.await.unwrap_or_else(|fault| {
            let broken = Error::Unreachable { what: format!("the call broke off ({fault})"), sent: true };
            self.report(entry, &broken.into(), None, None, call)
        })
    }

    /// Performs a call with arguments that fit. A token that was refused is looked for once more: another process may
    /// have put a new one in its place, and a 401 has changed nothing.
    async fn run(self: &Arc<Self>, entry: &'static Entry, arguments: Object, call: Call) -> Report {
        let token = self.tokens.current();
        let report = self.run_with(self.context(entry, arguments.clone(), token.clone(), call.clone())).await;
        let refused = matches!(&report.result, Err(failure) if failure.status == Some(401));
        if refused
            && let Some(new) = self.tokens.reload()
            && token.as_ref() != Some(&new)
        {
            return self.run_with(self.context(entry, arguments, Some(new), call)).await;
        }
        report
    }

    /// What a call of `entry` works with.
    pub(super) fn context(
        self: &Arc<Self>,
        entry: &'static Entry,
        arguments: Object,
        token: Option<Token>,
        call: Call,
    ) -> Context {
        Context { toolbox: Arc::clone(self), entry, arguments, token, call, remark: OnceLock::new() }
    }

    async fn run_with(&self, context: Context) -> Report {
        match (context.entry.run)(context.arguments.clone(), &context).await {
            Ok(mut answer) => {
                let step = answer.step.take();
                Report { result: Ok(answer), step }
            }
            Err(trouble) => self.failed(context, &trouble).await,
        }
    }

    /// Puts what went wrong into a report.
    pub(super) async fn failed(&self, context: Context, trouble: &Trouble) -> Report {
        let app = self.client.origin().await.ok();
        self.report(context.entry, trouble, context.remark.into_inner(), app.as_ref(), &context.call)
    }

    fn report(
        &self,
        entry: &Entry,
        trouble: &Trouble,
        remark: Option<String>,
        app: Option<&Url>,
        call: &Call,
    ) -> Report {
        let notices = self.tokens.notices();
        let situation = Situation {
            effect: entry.effect,
            gate: entry.gate,
            ids: entry.ids,
            app,
            notices: &notices,
            after_claim: call.after_claim,
        };
        let mut failure = Failure::new(trouble, &situation);
        if let Some(remark) = remark {
            failure.hint = format!("{} {remark}", failure.hint);
        }
        failure.hint = self.only_served(&failure.hint);
        let step = human_step(&failure);
        Report { result: Err(failure), step }
    }
}

/// The page that a person has to open before the refused call can go through. A page on a host that is not the app's is
/// told, but nobody is sent there.
fn human_step(failure: &Failure) -> Option<HumanStep> {
    let (kind, ask) = match failure.reason.as_deref()? {
        "account_claim_required" => (
            LinkKind::Claim,
            "An agent wants to act on an OpenTrain account that no person owns yet. Open this page to claim the account.",
        ),
        "payment_method_required" => (
            LinkKind::Billing,
            "An agent asks for money on OpenTrain, and there is no way to pay yet. Open this page to add one.",
        ),
        _ => return None,
    };
    let link = failure.links().into_iter().find(|link| link.kind == kind && link.verified)?;
    Some(HumanStep::try_again(link, ask))
}
