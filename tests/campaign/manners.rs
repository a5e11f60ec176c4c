//! What an API makes of a milestone that it stores, and when it shows it.

use std::time::Duration;

use serde_json::{Value, json};

/// What is promised of a manner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Each milestone exists once, whatever happens.
    Once,
    /// What the API has stored cannot always be known again: no caller who follows the hints makes a second one.
    NoDoubleByHints,
    /// Nothing yet, and the doubles are printed: another server does not know which milestones were there before a create
    /// whose end is unknown, so it takes one under another name for another milestone.
    Unkept,
}

/// When a milestone shows in the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    AtOnce,
    /// After so many looks at the contract.
    AfterLooks(usize),
    /// After so long.
    After(Duration),
    /// Some creates are stored only when every look for them is over; their callers wait as the hints say.
    Late,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) name: &'static str,
    pub(crate) promise: Promise,
    pub(crate) shows: Shows,
    pub(crate) store: fn(&mut Value),
}

impl Manner {
    pub(crate) fn is_late(&self) -> bool {
        self.shows == Shows::Late
    }
}

const fn writes(name: &'static str, store: fn(&mut Value)) -> Manner {
    Manner { name, promise: Promise::Once, shows: Shows::AtOnce, store }
}

const fn shows(name: &'static str, shows: Shows) -> Manner {
    Manner { name, promise: Promise::Once, shows, store: |_| {} }
}

const fn changes(name: &'static str, store: fn(&mut Value)) -> Manner {
    Manner { name, promise: Promise::NoDoubleByHints, shows: Shows::AtOnce, store }
}

pub(crate) const MANNERS: [Manner; 18] = [
    writes("as documented", |_| {}),
    writes("midnight west of UTC", |m| m["dueDate"] = json!("2026-07-15T07:00:00.000Z")),
    writes("midnight east of UTC", |m| m["dueDate"] = json!("2026-07-14T22:00:00.000Z")),
    writes("a bare date", |m| m["dueDate"] = json!("2026-07-15")),
    writes("the end of the day", |m| m["dueDate"] = json!("2026-07-15T23:59:59.999Z")),
    writes("amounts as text", |m| m["amountUsd"] = json!("12.50")),
    writes("amounts with noise", |m| m["amountUsd"] = json!(12.500_000_000_000_002)),
    writes("entities and folded blanks", |m| {
        let text = text(m, "description").replace('&', "&amp;");
        m["description"] = json!(text.split_whitespace().collect::<Vec<_>>().join(" "));
    }),
    writes("cut texts", |m| m["description"] = json!(text(m, "description").chars().take(255).collect::<String>())),
    writes("no time of creation", |m| m["createdAt"] = Value::Null),
    writes("a time of creation without a zone", |m| {
        m["createdAt"] = json!(text(m, "createdAt").trim_end_matches('Z'));
    }),
    shows("a list that lags by looks", Shows::AfterLooks(2)),
    shows("a list that lags by seconds", Shows::After(Duration::from_millis(1_500))),
    changes("whole dollars", |m| m["amountUsd"] = json!(13)),
    changes("no due dates", |m| m["dueDate"] = Value::Null),
    changes("short texts", |m| m["description"] = json!(text(m, "description").chars().take(20).collect::<String>())),
    Manner {
        promise: Promise::Unkept,
        ..changes("names of its own", |m| m["name"] = json!(format!("Milestone {}", m["milestoneNumber"])))
    },
    Manner { promise: Promise::NoDoubleByHints, ..shows("later than any look", Shows::Late) },
];

fn text(milestone: &Value, field: &str) -> String {
    milestone[field].as_str().unwrap().to_owned()
}
