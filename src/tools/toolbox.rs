//! The tools that are served, and how a call goes through them. One for the process: nothing in it belongs to one call.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::api::Effect;
use crate::api::client::Client;
use crate::api::error::{Error, Refusal};
use crate::api::token::{Token, TokenSource};

use super::answer::{LinkKind, Report};
use super::claim::{Claim, Exchanged};
use super::context::{Call, Context};
use super::creation::Creations;
use super::failure::{Denial, Failure, Trouble};
use super::hints::Situation;
use super::mentions::{has_word, with_word};
use super::operator::Operator;
use super::person::HumanStep;
use super::schema::Object;
use super::{Entry, all, arguments, schema};

/// Hosts cut a call at 60 s: whatever happens, it is answered before.
pub const CALL_LIMIT: Duration = Duration::from_secs(48);

/// How long after that a write is waited for that has not come back by itself.
const OVERTIME: Duration = Duration::from_secs(1);

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

    /// The input schema as it is published: plainer than what is enforced.
    #[must_use]
    pub fn published_input(&self) -> Object {
        schema::published(self.input().clone())
    }

    fn takes(&self, parameter: &str) -> bool {
        self.input().get("properties").is_some_and(|parameters| parameters.get(parameter).is_some())
    }

    /// What a model reads of it.
    pub fn description(&self) -> &str {
        &self.schema.get_or_init(self.entry.input).1
    }
}

/// The tools that are served, and what they need to work.
pub struct Toolbox {
    pub(super) client: Client,
    pub(super) tokens: Arc<dyn TokenSource>,
    pub(super) operator: Operator,
    pub(super) creations: Creations,
    pub(super) claim: Claim,
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
        Self {
            client,
            tokens,
            operator,
            creations: Creations::default(),
            claim: Claim::default(),
            served,
            sandbox,
            human_wait,
        }
    }

    /// The tools in the order in which they are listed.
    #[must_use]
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// The tool of that name, if it is served. OpenTrain's own names (`opentrain_…`) are taken too.
    #[must_use]
    pub fn find(&self, name: &str, arguments: &Object) -> Option<&Served> {
        let known = self.entry_named(name, arguments)?;
        self.served.iter().find(|served| served.entry.name == known.name)
    }

    /// Whether a tool can be called here: no text names one that cannot.
    #[must_use]
    pub fn serves(&self, tool: &str) -> bool {
        self.served.iter().any(|served| served.entry.name == tool)
    }

    /// The tool that a caller means by `name`: as it is listed, or as OpenTrain's own server calls it. Where that has one
    /// tool for two of ours, the arguments tell which is meant.
    fn entry_named(&self, name: &str, arguments: &Object) -> Option<&'static Entry> {
        if let Some(listed) = name.strip_prefix(&self.operator.policy.prefix)
            && let Some(entry) = all().find(|entry| entry.name == listed)
        {
            return Some(entry);
        }
        let official = name.strip_prefix("opentrain_")?;
        let given =
            |field: &Value| field.as_str().and_then(|field| arguments.get(field)).is_some_and(|value| !value.is_null());
        let meant = |entry: &&'static Entry| {
            let (input, _) = (entry.input)();
            input.get("required").and_then(Value::as_array).is_some_and(|fields| fields.iter().all(given))
        };
        let mut same = all().filter(|entry| entry.official == official);
        let first = same.next()?;
        Some(same.find(meant).unwrap_or(first))
    }

    /// The name under which a tool is listed.
    #[must_use]
    pub fn listed_name(&self, entry: &Entry) -> String {
        format!("{}{}", self.operator.policy.prefix, entry.name)
    }

    /// The tools that are served and would be refused, by why: each reason once, in the order of the first of its tools.
    #[must_use]
    pub fn refused<W: PartialEq>(&self, why: impl Fn(&Entry) -> Option<W>) -> Vec<(W, Vec<String>)> {
        let mut refused: Vec<(W, Vec<String>)> = Vec::new();
        for entry in self.served.iter().map(|served| served.entry) {
            let Some(why) = why(entry) else { continue };
            match refused.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(self.listed_name(entry)),
                None => refused.push((why, vec![self.listed_name(entry)])),
            }
        }
        refused
    }

    /// `text` of ours as it is told here: without the sentences that name a tool which is not served, and with every
    /// other under the name by which it is listed.
    #[must_use]
    pub fn told_here(&self, text: &str) -> String {
        let missing: Vec<&str> = all().map(|entry| entry.name).filter(|name| !self.serves(name)).collect();
        let mut text = text.to_owned();
        if missing.iter().any(|name| has_word(&text, name)) {
            let lines = text.lines().map(|line| {
                let sentences = line.split_inclusive(". ");
                let kept = sentences.filter(|sentence| !missing.iter().any(|name| has_word(sentence, name)));
                kept.collect::<String>().trim_end().to_owned()
            });
            text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        }
        if self.operator.policy.prefix.is_empty() {
            return text;
        }
        self.served
            .iter()
            .fold(text, |text, served| with_word(&text, served.entry.name, &self.listed_name(served.entry)))
    }

    /// The process stops: waits for tokens that are just being delivered, and ends what is still open on the record as
    /// unknown.
    pub async fn close(&self) {
        self.claim.settled().await;
        self.save_again().await;
        if let Some(notice) = self.tokens.take_notice() {
            tracing::warn!("{notice}");
        } else if self.tokens.is_unsaved() {
            tracing::error!("{}", self.tokens.notices().join("; "));
        }
        if let Some(audit) = &self.operator.audit {
            audit.close().await;
        }
    }

    /// The limits in force, each in words.
    #[must_use]
    pub fn limits(&self) -> Vec<String> {
        self.operator.told()
    }

    /// That all writes are stopped, in words, while they are.
    #[must_use]
    pub fn frozen(&self) -> Option<String> {
        self.operator.switch.check().err().map(|denial| denial.message)
    }

    /// Whether there is a tool of that name in a family that the operator does not serve.
    #[must_use]
    pub fn withholds(&self, name: &str) -> bool {
        let is_served = self.serves(name) || self.operator.policy.withheld(name).is_some();
        !is_served && all().any(|entry| entry.name == name)
    }

    /// Hides the secrets of this process in a text that leaves it.
    pub fn mask(&self, text: &mut String) {
        for secret in self.tokens.secrets() {
            secret.mask(text);
        }
    }

    /// The token in use now.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.tokens.current()
    }

    /// The refusal of a tool that only read-only mode keeps from being listed; `None` for a name that means nothing here.
    #[must_use]
    pub fn refuse(&self, name: &str, arguments: &Object, call: &Call) -> Option<Report> {
        let entry = self.operator.policy.withheld(self.entry_named(name, arguments)?.name)?;
        Some(self.report(entry, &Denial::read_only().into(), Around::default(), call))
    }

    /// Tells a refusal again, with nothing sent: nothing has changed that could lift it.
    pub async fn tell_again(&self, served: &Served, refused: &Refusal, call: &Call) -> Report {
        let app = self.client.origin().await.ok();
        let refused = Error::Refused(Box::new(refused.clone()));
        self.report(served.entry, &refused.into(), Around { app: app.as_ref(), ..Around::default() }, call)
    }

    /// Performs one call; the arguments are read against the tool's schema first. Dropping the future gives a read up,
    /// upstream too; a write that has begun goes on to its end, since what it does cannot be called back.
    pub async fn call(self: &Arc<Self>, served: &Served, arguments: Object, call: &Call) -> Report {
        let entry = served.entry;
        let arguments = match arguments::fit(served.input(), arguments) {
            Ok(arguments) => arguments,
            Err(fault) => return self.report(entry, &Error::from(fault).into(), Around::default(), call),
        };
        if entry.effect == Effect::Read {
            return self.run(entry, arguments, call.clone()).await;
        }
        let (toolbox, its_call) = (Arc::clone(self), call.clone());
        let write = tokio::spawn(Box::pin(async move { toolbox.run(entry, arguments, its_call).await }));
        let broken = match tokio::time::timeout_at(call.deadline + OVERTIME, write).await {
            Ok(Ok(report)) => return report,
            Ok(Err(fault)) => Error::Unreachable { what: format!("the call broke off ({fault})"), sent: true },
            // What holds it up is not OpenTrain, which has a limit of its own: the record, for instance. It goes on.
            Err(_) => Error::TimedOut { waited: CALL_LIMIT + OVERTIME, sent: true },
        };
        self.report(entry, &broken.into(), Around::default(), call)
    }

    /// Performs a call with arguments that fit. A token that was refused is looked for once more: another process may
    /// have put a new one in its place, and a 401 has changed nothing.
    async fn run(self: &Arc<Self>, entry: &'static Entry, arguments: Object, call: Call) -> Report {
        self.save_again().await;
        let token = self.tokens.current();
        let report = self.run_with(self.context(entry, arguments.clone(), token.clone(), call.clone())).await;
        let refused = matches!(&report.result, Err(failure) if failure.status == Some(401));
        if refused && let (Some(new), notes) = self.renewed(token.as_ref(), &call).await {
            let mut report = self.run_with(self.context(entry, arguments, Some(new), call)).await;
            report.add(notes);
            return report;
        }
        report
    }

    /// Saves a token that was delivered once and could not be saved then.
    async fn save_again(&self) {
        if self.tokens.is_unsaved() {
            let tokens = Arc::clone(&self.tokens);
            // It may panic no more than it may fail: the token stays in use, and the next call tries again.
            let _ = tokio::task::spawn_blocking(move || tokens.save_again()).await;
        }
    }

    /// Another token than the one that was refused: one that another process has put in its place, or the one that a
    /// claim has earned meanwhile. With it, what the caller has to know of how it came.
    async fn renewed(self: &Arc<Self>, refused: Option<&Token>, call: &Call) -> (Option<Token>, Vec<String>) {
        let another = |token: Option<Token>| token.filter(|token| Some(token) != refused);
        let found = another(self.reloaded(call).await);
        if found.is_some() || self.tokens.overriding_variable().is_some() {
            return (found, Vec::new());
        }
        // Another call may be fetching it just now, or have fetched it since: what is in use after this counts.
        let notes = match self.exchange_in_time(call).await {
            Exchanged::Claimed { unsaved, unrecorded, .. } => self.claim_notes(unsaved, unrecorded),
            _ => Vec::new(),
        };
        (another(self.tokens.current()), notes)
    }

    /// Looks for the token again. Reading a file blocks, and another call may be writing it just now: that must hold up
    /// nobody else.
    async fn reloaded(&self, call: &Call) -> Option<Token> {
        let tokens = Arc::clone(&self.tokens);
        let reading = tokio::task::spawn_blocking(move || tokens.reload());
        tokio::time::timeout_at(call.deadline, reading).await.ok()?.ok()?
    }

    /// What a call of `entry` works with.
    pub(super) fn context(
        self: &Arc<Self>,
        entry: &'static Entry,
        arguments: Object,
        token: Option<Token>,
        call: Call,
    ) -> Context {
        Context {
            toolbox: Arc::clone(self),
            entry,
            arguments,
            token,
            call,
            remarks: Arc::default(),
            cuts: Arc::default(),
        }
    }

    async fn run_with(&self, context: Context) -> Report {
        let done = match context.secret_argument() {
            Some(argument) => Err(Error::from(argument).into()),
            None => (context.entry.run)(context.arguments.clone(), &context).await,
        };
        let notices = [self.client.take_notice(), self.tokens.take_notice()].into_iter().flatten();
        match done {
            Ok(mut answer) => {
                let entry = context.entry;
                let has_limit =
                    self.served.iter().any(|served| served.entry.name == entry.name && served.takes("limit"));
                answer.cuts = context.take_cuts();
                answer.complete(entry, &self.listed_name(entry), has_limit);
                answer.warnings.extend(notices);
                let step = answer.step.take();
                Report { result: Ok(answer), step }
            }
            Err(trouble) => {
                notices.for_each(|notice| context.remark(Some(notice)));
                self.failed(context, &trouble).await
            }
        }
    }

    /// Puts what went wrong into a report.
    pub(super) async fn failed(&self, context: Context, trouble: &Trouble) -> Report {
        let app = self.client.origin().await.ok();
        let remarks = context.remarks.lock().map(|remarks| remarks.clone()).unwrap_or_default();
        // Where ids come from helps only whoever gave one.
        let gave_an_id = context.arguments.keys().any(|name| name.ends_with("Id"));
        let ids = if gave_an_id { context.entry.ids } else { "" };
        self.report(context.entry, trouble, Around { remarks, app: app.as_ref(), ids }, &context.call)
    }

    fn report(&self, entry: &Entry, trouble: &Trouble, around: Around<'_>, call: &Call) -> Report {
        let notices = self.tokens.notices();
        let situation = Situation {
            effect: entry.effect,
            done: entry.done,
            gate: entry.gate,
            ids: around.ids,
            app: around.app,
            notices: &notices,
            after_claim: call.after_claim,
            can_claim: self.tokens.claim_token().is_some(),
            sandbox: self.sandbox,
        };
        let mut failure = Failure::new(trouble, &situation);
        for remark in around.remarks {
            failure.hint = format!("{} {remark}", failure.hint);
        }
        failure.hint = self.told_here(&failure.hint);
        if failure.field.is_some() && failure.status.is_none() {
            failure.message = self.told_here(&failure.message);
        }
        let step = match trouble {
            Trouble::Api(Error::Refused(refusal)) | Trouble::Unsent(Error::Refused(refusal)) => {
                human_step(&failure, refusal)
            }
            _ => None,
        };
        Report { result: Err(failure), step }
    }
}

/// What is known of a call that failed, besides the trouble.
#[derive(Default)]
struct Around<'a> {
    remarks: Vec<String>,
    app: Option<&'a Url>,
    /// Where the ids that were given come from.
    ids: &'static str,
}

/// The page that a person has to open before the refused call can go through. A page on a host that is not the app's is
/// told, but nobody is sent there.
fn human_step(failure: &Failure, refused: &Refusal) -> Option<HumanStep> {
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
    Some(HumanStep::try_again(link, ask, refused.clone()))
}
