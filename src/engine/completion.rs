//! Completes an argument of a prompt or of a resource's URI with ids of the account. A list is read with the tool that
//! serves it, and remembered for a minute, for each caller apart.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::answer::Object;

use super::call::Call;
use super::catalog::Values;
use super::toolbox::Toolbox;

/// The most values of one completion (MCP allows 100).
pub const MOST: usize = 100;
/// The most items of a list that are compared, and the most pages that are read of it.
const MOST_ITEMS: usize = 1_000;
const MOST_PAGES: usize = 5;
/// How long a list is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The most lists in memory.
const MOST_LISTS: usize = 64;
/// A user who types waits no longer.
const PATIENCE: Duration = Duration::from_secs(8);

/// The lists in memory, by caller, base and tool.
#[derive(Default)]
struct Lists(Mutex<HashMap<Key, List>>);

type Key = (Option<String>, Option<String>, &'static str);

/// A list, and when it was read.
type List = (Instant, Arc<Vec<Item>>);

/// An item of a list: its id, and everything that a typed text is compared with.
struct Item {
    id: String,
    text: String,
}

/// The ids that fit a typed text, best first, and how many there are in all.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// At most [`MOST`].
    pub values: Vec<String>,
    /// The number of all that fit.
    pub total: usize,
}

/// Finds the ids in `values` that fit `typed`. A list that cannot be read has none: a completion is a help, and the call
/// itself says what is wrong.
pub async fn complete(toolbox: &Arc<Toolbox>, values: &'static Values, typed: &str, call: &Call) -> Completion {
    if !toolbox.names().lists(values.tool) {
        return Completion::default();
    }
    let typed = typed.trim().to_lowercase();
    let Some(items) = items(toolbox, values, call).await else { return Completion::default() };
    let mut fitting: Vec<&Item> = items.iter().filter(|item| item.text.contains(&typed)).collect();
    // The order of the list stays, behind the ids that begin as typed.
    fitting.sort_by_key(|item| !item.id.to_lowercase().starts_with(&typed));
    let values = fitting.iter().take(MOST).map(|item| item.id.clone()).collect();
    Completion { values, total: fitting.len() }
}

async fn items(toolbox: &Arc<Toolbox>, values: &'static Values, call: &Call) -> Option<Arc<Vec<Item>>> {
    let services = &toolbox.services;
    let caller = services.caller(services.tokens.current().as_ref());
    let key = (services.base().await, caller, values.tool);
    let lists = services.memory.of::<Lists>();
    let known = lists.0.lock().ok().and_then(|lists| lists.get(&key).cloned());
    if let Some((_, items)) = known.filter(|(at, _)| at.elapsed() < REMEMBERED) {
        return Some(items);
    }
    let items = Arc::new(read(toolbox, values, call).await?);
    if let Ok(mut lists) = lists.0.lock() {
        lists.retain(|_, (at, _)| at.elapsed() < REMEMBERED);
        if lists.len() >= MOST_LISTS {
            lists.clear();
        }
        lists.insert(key, (Instant::now(), Arc::clone(&items)));
    }
    Some(items)
}

/// Reads the list, page by page.
async fn read(toolbox: &Arc<Toolbox>, values: &Values, call: &Call) -> Option<Vec<Item>> {
    let entry = toolbox.entry_of(values.tool)?;
    let call = Call { deadline: call.deadline.min(Instant::now() + PATIENCE), ..call.clone() };
    let mut items = Vec::new();
    let mut arguments = Object::from_iter([("limit".to_owned(), json!(100))]);
    for page in 0..MOST_PAGES {
        let answer = match toolbox.run(entry, arguments.clone(), call.clone()).await {
            Ok(answer) => answer,
            // The pages before are a list, too.
            Err(_) if page > 0 => break,
            Err(_) => return None,
        };
        let listed = answer.object.get(values.list).and_then(Value::as_array);
        items.extend(listed.into_iter().flatten().filter_map(|item| Item::of(item, values)));
        let next = answer.page.and_then(|page| page.next_cursor);
        match next {
            Some(cursor) if items.len() < MOST_ITEMS => drop(arguments.insert("cursor".into(), cursor.into())),
            _ => break,
        }
    }
    items.truncate(MOST_ITEMS);
    Some(items)
}

impl Item {
    fn of(item: &Value, values: &Values) -> Option<Self> {
        let id = item.get("id")?.as_str().filter(|id| !id.is_empty())?.to_owned();
        let also = values.also.iter().filter_map(|pointer| item.pointer(pointer)?.as_str());
        let text = std::iter::once(id.as_str()).chain(also).collect::<Vec<_>>().join("\n").to_lowercase();
        Some(Self { id, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_found_by_id_title_and_name() {
        let values = Values { tool: "list_contracts", list: "contracts", also: &["/title", "/freelancer/displayName"] };
        let contract = json!({ "id": "ctr_8Kq2", "title": "Sentiment", "freelancer": { "displayName": "Maria G." } });
        let item = Item::of(&contract, &values).unwrap();
        assert_eq!(item.id, "ctr_8Kq2");
        for typed in ["ctr_8kq2", "sentiment", "maria g"] {
            assert!(item.text.contains(typed), "{typed}");
        }
        assert!(Item::of(&json!({ "id": 7 }), &values).is_none() && Item::of(&json!({ "id": "" }), &values).is_none());
    }
}
