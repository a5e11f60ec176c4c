//! What a draft needs.

use serde_json::{Map, json};

use crate::sandbox::rules::drafts::{change, missing, read, validation};

#[test]
fn a_draft_becomes_ready_key_by_key() {
    let mut fields = Map::new();
    let mut asked = Vec::new();
    while let Some(next) = missing(&fields).first().cloned() {
        let name = next["updateKeys"][0].as_str().unwrap().to_owned();
        change(&mut fields, &Map::from_iter([(name.clone(), next["example"].clone())])).unwrap();
        asked.push(name);
    }
    assert_eq!(asked.len(), 8);
    assert_eq!(asked.last().map(String::as_str), Some("fixedPrice"));
    assert_eq!(validation(&fields)["publishReady"], true);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut fields = read("Label 10 photos");
    let before = fields.clone();
    for (name, value) in [
        ("jobTitel", json!("x")),
        ("jobTitle", json!(" ")),
        ("headcount", json!(0)),
        ("pricePerHour", json!("15")),
        ("languages", json!("Spanish")),
        ("languages", json!([""])),
        ("paymentType", json!("PER_HOUR")),
    ] {
        let changes = Map::from_iter([("jobTitle".to_owned(), json!("New")), (name.to_owned(), value.clone())]);
        assert_eq!(change(&mut fields, &changes).unwrap_err().len(), 1, "{name} {value}");
        assert_eq!(fields, before);
    }
}

#[test]
fn a_short_first_line_is_the_title() {
    let title = |text: &str| read(text).get("jobTitle").cloned();
    assert_eq!(title("# Bird calls\n\nTell apart 40 species."), Some(json!("Bird calls")));
    assert_eq!(title(" \n Label 5,000 posts. "), Some(json!("Label 5,000 posts")));
    assert_eq!(title(&"long ".repeat(30)), None);
    assert_eq!(title(" \n "), None);
}
