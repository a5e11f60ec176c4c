//! The tool that answers "What is waiting?" in one call, for a caller with no memory. It reads everything at once; a part
//! that cannot be read says so, and the rest still comes. Start reading at `GetOverview::run`.

mod money;
mod reads;
mod section;
mod today;
mod waiting;
mod work;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Object, Shown, ToolError, id, shown};
use crate::api::account::{GetAuthStatus, TokenFacts};
use crate::engine::{Context, Tool, tools};
use crate::tools::nouns::event::note_decisions;
use crate::tools::nouns::people::People;
use crate::tools::nouns::standing::{Stop, stops};

use reads::Reads;
use section::Section;

tools![GetOverview];

/// Start here. What waits for the user (approvals with links, payments), what waits for you (messages, proposals, drafts),
/// money, work that is late or used up, what happened since last time, today's date, and what would stop a write.
#[derive(Deserialize, JsonSchema)]
struct GetOverview {
    /// The "since" of your last overview.
    since: Option<String>,
}

/// The overview: one object for each section.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Overview {
    /// Pass it as since the next time.
    #[expect(dead_code, reason = "it is read for its schema only")]
    since: Option<String>,
    /// What would stop a write.
    #[expect(dead_code, reason = "it is read for its schema only")]
    stops: Option<Vec<Map<String, Value>>>,
}

impl Tool for GetOverview {
    type On = GetAuthStatus;
    type Output = Overview;
    const NAME: &'static str = "get_overview";
    const TITLE: &'static str = "See what needs attention";

    async fn run(self, context: &Context) -> Result<Answer, ToolError> {
        let reads = Reads::all(self.since.as_deref(), context).await?;
        let people = People::of(context);
        for contract in reads.contracts.iter().flatten() {
            people.see_contract(contract);
        }
        let scopes: Vec<&str> = reads
            .status
            .as_ref()
            .ok()
            .and_then(|status| status.token.get())
            .map(TokenFacts::scope_names)
            .unwrap_or_default();
        let stops =
            if reads.status.is_ok() { stops(&scopes, reads.features.as_ref().ok(), context).await } else { Vec::new() };
        let used = context.services.used_today(context.token.as_ref(), &context.call).await;
        // Those that were looked up are on record already.
        if let (Ok(updates), 1..) = (&reads.updates, reads.approvals.others) {
            note_decisions(updates.events.items(), context).await;
        }
        let sections = [
            waiting::for_the_user(&reads, &stops, &people, context).await,
            waiting::for_you(&reads, &people),
            money::section(&reads),
            work::section(&reads),
            work::since_last_time(&reads, self.since.as_deref(), &people),
        ];
        Ok(answer(&reads, sections, &stops, used, context))
    }
}

fn answer(reads: &Reads, sections: [Section; 5], stops: &[Stop], used: Option<Shown>, context: &Context) -> Answer {
    let now = reads.now.unwrap_or_else(Timestamp::now);
    let mut object = Object::from_iter([("today".into(), today::data(now, context))]);
    let waits = |section: &Section| {
        let known = if section.unread.is_empty() { "" } else { " known" };
        shown!("{}{}", section.steps + section.groups.iter().map(|group| group.total).sum::<usize>(), known)
    };
    let [theirs, yours, _, work, _] = &sections;
    let mut answer = Answer::new(
        shown!(
            "{} Waiting for the user: {}. Waiting for you: {}. Work to look at: {}.",
            today::line(now, context),
            waits(theirs),
            waits(yours),
            waits(work)
        ),
        Object::new(),
    );
    answer.lines.extend(stops.iter().map(|stop| shown!("WOULD STOP WRITES: {}", stop.text)));
    if let Err(fault) = &reads.status {
        answer.lines.push(shown!("! What this token may do could not be read ({}).", fault));
    }
    answer.lines.extend(context.services.limits().into_iter().chain(used).map(|limit| shown!("Limit: {}.", limit)));
    let stop = |stop: &Stop| json!({ "reason": stop.reason, "text": stop.text });
    object.insert("stops".into(), stops.iter().map(stop).collect());
    answer.links.extend(stops.iter().filter_map(|stop| stop.link.clone()));
    for section in sections {
        let key = section.key;
        let fitted = section.fit(context.names());
        answer.lines.extend(fitted.lines);
        answer.links.extend(fitted.links);
        object.insert(key.into(), fitted.data);
    }
    object.insert("since".into(), json!(reads.next_since()));
    answer.object = object;
    answer.next = reads.next_since().map_or_else(Shown::default, |since| {
        shown!("Next time: {}(since \"{}\").", context.names().listed(GetOverview::NAME), id(since))
    });
    answer
}
