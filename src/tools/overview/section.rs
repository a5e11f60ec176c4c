//! A section of the overview: a line with counts and sums, and at most ten items. What does not fit is counted, with the
//! tool that lists it.

use serde_json::{Value, json};

use crate::answer::{Joined, Link, Names, Object, Shown, shown};

/// The most items of a section.
const MOST: usize = 10;
/// The most bytes of a section's items in the structure. An approval's address may be long.
const MOST_DATA: usize = 4_000;

/// A section, before it is cut to size.
pub(super) struct Section {
    /// The key of the section in the structure.
    pub(super) key: &'static str,
    /// The heading in the text.
    pub(super) title: &'static str,
    /// Counts and sums, in words.
    pub(super) counts: Vec<Shown>,
    /// The same counts and sums, as data.
    pub(super) facts: Object,
    /// The number of steps that are named elsewhere in the answer.
    pub(super) steps: usize,
    /// The parts that could not be read.
    pub(super) unread: Vec<Shown>,
    /// The items, by kind.
    pub(super) groups: Vec<Group>,
    /// The most bytes of the items in the text.
    pub(super) room: usize,
}

/// Items of one kind.
pub(super) struct Group {
    /// The items that are known in detail.
    pub(super) items: Vec<Item>,
    /// True if all of its items are shown before another group has a second one.
    pub(super) comes_first: bool,
    /// The number of all items, if it is larger.
    pub(super) total: usize,
    /// The tool that lists all of them, with its arguments.
    pub(super) tool: (&'static str, &'static str),
}

/// An item that needs attention.
pub(super) struct Item {
    /// One line.
    pub(super) text: Shown,
    /// The same as data.
    pub(super) data: Value,
    /// The page for the user.
    pub(super) link: Option<Link>,
}

/// A section that was cut to size.
pub(super) struct Fitted {
    pub(super) lines: Vec<Shown>,
    pub(super) data: Value,
    pub(super) links: Vec<Link>,
}

impl Section {
    pub(super) fn new(key: &'static str, title: &'static str, room: usize) -> Self {
        let (counts, facts, unread, groups) = (Vec::new(), Object::new(), Vec::new(), Vec::new());
        Self { key, title, counts, facts, steps: 0, unread, groups, room }
    }

    /// Adds items of one kind. Empty groups are not shown.
    pub(super) fn group(&mut self, items: Vec<Item>, tool: (&'static str, &'static str)) {
        let total = items.len();
        self.groups.push(Group { items, comes_first: false, total, tool });
    }

    /// Adds a count or a sum, in words and as data.
    pub(super) fn count(&mut self, words: Shown, key: &str, value: impl Into<Value>) {
        self.counts.push(words);
        self.facts.insert(key.to_owned(), value.into());
    }

    /// Notes a part that could not be read.
    pub(super) fn cannot_read(&mut self, what: &'static str, why: &Shown) {
        self.unread.push(shown!("{} could not be read ({})", what, why));
    }

    /// Cuts the section to its size and formats it.
    pub(super) fn fit(self, names: &Names) -> Fitted {
        let nothing = if self.unread.is_empty() { "nothing" } else { "nothing known" };
        let counts = if self.counts.is_empty() { nothing.into() } else { self.counts.iter().joined("; ") };
        let mut lines = vec![shown!("{}: {}.", self.title, counts)];
        lines.extend(self.unread.iter().map(|fault| shown!("! {}.", fault)));
        let (mut items, mut pages, mut more) = (Vec::new(), Vec::new(), Vec::new());
        let (mut room, mut data_room) = (self.room, MOST_DATA);
        for (group, share) in self.groups.iter().zip(shares(&self.groups)) {
            let mut given = 0;
            for item in group.items.iter().take(share) {
                let (size, data_size) = (item.text.len() + 3, item.data.to_string().len());
                if size > room || data_size > data_room {
                    break;
                }
                (room, data_room, given) = (room - size, data_room - data_size, given + 1);
                lines.push(shown!("- {}", item.text));
                items.push(item.data.clone());
                pages.extend(item.link.clone());
            }
            let left = group.total - given;
            if left > 0 {
                let (tool, arguments) = group.tool;
                let call = if names.lists(tool) {
                    shown!(": {}({})", names.listed(tool), arguments)
                } else {
                    Shown::default()
                };
                let and = if given > 0 { "… and " } else { "" };
                lines.push(shown!("{}{} more{}", and, left, call));
                more.push(json!({ "more": left, "tool": names.listed(tool) }));
            }
        }
        let mut data = self.facts;
        if !self.unread.is_empty() {
            data.insert("unread".into(), json!(self.unread));
        }
        data.insert("items".into(), items.into());
        if !more.is_empty() {
            data.insert("more".into(), more.into());
        }
        Fitted { lines, data: data.into(), links: pages }
    }
}

/// How many items of each group are shown: one of each, then all of those that come first, then one more of each in turn.
fn shares(groups: &[Group]) -> Vec<usize> {
    let (mut shares, mut left, mut is_first_round) = (vec![0; groups.len()], MOST, true);
    loop {
        let before = left;
        for (share, group) in shares.iter_mut().zip(groups) {
            let more = group.items.len() - *share;
            let wanted = if group.comes_first && !is_first_round { more } else { more.min(1) };
            let added = wanted.min(left);
            (*share, left) = (*share + added, left - added);
        }
        if left == before {
            return shares;
        }
        is_first_round = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(many: usize) -> Vec<Item> {
        (0..many).map(|number| Item { text: shown!("item {}", number), data: json!(number), link: None }).collect()
    }

    #[test]
    fn ten_items_are_shown_and_the_rest_is_counted() {
        let names = Names::new("ot_", ["list_contracts"]);
        let mut section = Section::new("work", "WORK", 1_000);
        section.group(items(24), ("list_contracts", ""));
        section.group(items(2), ("list_jobs", "status DRAFT"));
        let fitted = section.fit(&names);
        assert_eq!(fitted.lines.len(), 1 + 8 + 1 + 2, "{:?}", fitted.lines);
        assert_eq!(fitted.lines[9], "… and 16 more: ot_list_contracts()");
        assert_eq!(fitted.data["items"].as_array().unwrap().len(), 10);
        let mut first = Section::new("work", "WORK", 1_000);
        first.group(items(8), ("get_approval", ""));
        first.groups[0].comes_first = true;
        first.group(items(5), ("list_jobs", ""));
        assert_eq!(shares(&first.groups), [8, 2]);
        let mut narrow = Section::new("work", "WORK", 20);
        narrow.group(items(4), ("list_jobs", ""));
        assert_eq!(narrow.fit(&names).lines, ["WORK: nothing.", "- item 0", "- item 1", "… and 2 more"]);
    }
}
