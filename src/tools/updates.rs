//! The tool that lists events, one sentence each.

use crate::answer::lines::each_of_page;
use crate::answer::text::count;
use crate::answer::{Answer, Shown, id, shown};
use crate::api::reply::{Read, Reply};
use crate::api::updates::PollUpdates;
use crate::engine::{Context, OneRequest, tools};
use crate::tools::nouns::event::{kinds, line};
use crate::tools::nouns::people::People;

tools![PollUpdates];

impl OneRequest for PollUpdates {
    const TITLE: &'static str = "Read what happened";

    async fn render(&self, read: Read<Self>, _: &Reply, context: &Context) -> Answer {
        let events = read.output.events.items();
        let people = People::of(context);
        let summary = match kinds(events) {
            None => "Nothing new that this token may see.".into(),
            Some(kinds) => shown!("{}: {}.", count(events.len(), "event"), kinds),
        };
        let more = if read.output.has_more.is_true() { "More is there already. " } else { "" };
        let cursor = read.output.next_cursor.text().or(self.cursor.as_deref());
        let next = cursor.map_or_else(Shown::default, |cursor| {
            let call = context.next(&[("poll_updates", shown!("cursor \"{}\"", id(cursor)))]);
            shown!("Keep this cursor. {}{}", more, call)
        });
        Answer { lines: each_of_page(events, |event| line(event, &people)), next, ..Answer::new(summary, read.object) }
    }
}
