//! The tool that lists events, one sentence each.

use crate::answer::lines::{PageRange, each_of_page};
use crate::answer::{Answer, Shown, id, shown};
use crate::api::reply::{Read, Reply};
use crate::api::updates::PollUpdates;
use crate::engine::{Context, OneRequest, tools};
use crate::tools::nouns::event::{kinds, line, note_decisions};
use crate::tools::nouns::people::People;

tools![PollUpdates];

impl OneRequest for PollUpdates {
    const TITLE: &'static str = "Read what happened";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let events = read.output.events.items();
        let people = People::of(context);
        note_decisions(events, context).await;
        let has_more = read.output.has_more.is_true();
        // What comes last is the latest, so it is counted as it is.
        let range = PageRange { has_previous: has_more && self.cursor.is_some(), has_next: has_more };
        let summary = match (kinds(events), has_more) {
            (None, false) => "Nothing new that this token may see.".into(),
            (None, true) => shown!("{}.", range.describe_none("events that this token may see")),
            (Some(kinds), _) => shown!("{}: {}.", range.describe(events.len(), "event", ""), kinds),
        };
        let more = if has_more { "More follow. " } else { "" };
        let cursor = read.output.next_cursor.text().or(self.cursor.as_deref());
        let next = cursor.map_or_else(Shown::default, |cursor| {
            let call = context.next(&[("poll_updates", shown!("cursor \"{}\"", id(cursor)))]);
            shown!("Keep this cursor. {}{}", more, call)
        });
        Answer { lines: each_of_page(events, |event| line(event, &people)), next, ..Answer::new(summary, read.object) }
    }
}
