//! Checks and normalizes the arguments of a call against the tool's input schema, before serde reads them.
//!
//! Some hosts send every argument as text, fill optional ones with `null`, "" or 0, and add keys of their own; all of
//! these are normalized. The checks are stricter than the published schema, because some model APIs reject the keywords
//! for them: an unknown parameter is refused, and an amount (a `number` with `minimum` 0) must be above 0.

mod kinds;
mod names;

use serde_json::{Map, Number, Value};

use crate::answer::Object;
use crate::api::error::InvalidArgument;
use crate::api::wording::{Wording, joined, wording};

pub use kinds::shortened;
use kinds::{article, describe, read_as};
pub use names::nearest;
use names::{OPEN, is_of_a_host, unknown};

/// Normalizes `arguments` to `schema`, a strict object schema. An error names the parameter as the caller wrote it.
///
/// # Errors
/// The first argument that does not match the schema.
pub fn fit(schema: &Object, arguments: Object) -> Result<Object, InvalidArgument> {
    fit_object(schema, arguments, "")
}

fn fit_object(schema: &Object, arguments: Object, path: &str) -> Result<Object, InvalidArgument> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fitted = Map::new();
    for (name, value) in arguments {
        match properties.get(&name) {
            _ if value.is_null() => {}
            None if path.is_empty() && is_of_a_host(&name, properties) => {}
            Some(property) if !required.contains(&name.as_str()) && is_left_out(property, &name, &value) => {}
            None => {
                let name = shortened(&name);
                return Err(unknown(&shortened(&format!("{path}{name}")), &name, properties));
            }
            Some(property) => {
                let fitting = fit_value(property, value, &format!("{path}{name}"))?;
                fitted.insert(name, fitting);
            }
        }
    }
    let missing: Vec<&str> = required.into_iter().filter(|name| !fitted.contains_key(*name)).collect();
    match missing.first() {
        None => Ok(fitted),
        Some(first) => Err(InvalidArgument::new(format!("{path}{first}"), all_missing(&missing, path, properties))),
    }
}

/// Lists the missing parameters with their descriptions: `contractId is missing (Contract id. From list_contracts)`.
fn all_missing(missing: &[&str], path: &str, properties: &Object) -> Wording {
    let each = missing.iter().map(|name| {
        let about = properties.get(*name).and_then(|property| property.get("description")).and_then(Value::as_str);
        let about = about.map(|about| wording!(" ({})", about.trim_end_matches('.').to_owned())).unwrap_or_default();
        wording!("{} is missing{}", format!("{path}{name}"), about)
    });
    joined(each, "; ")
}

/// True if the host filled in an optional parameter only because it fills in all of them: a blank text, or a 0 where
/// the schema forbids 0. An amount of money never counts as left out.
fn is_left_out(property: &Value, name: &str, value: &Value) -> bool {
    if value.as_str().is_some_and(|text| text.trim().is_empty()) {
        return true;
    }
    let least = property.get("minimum").and_then(Value::as_f64);
    let is_amount = property.get("type").is_some_and(|kind| kind == "number");
    let excludes_zero = least.is_some_and(|least| least > 0.0 || is_amount && least >= 0.0);
    excludes_zero && value.as_number().is_some_and(|number| number.as_str() == "0") && !name.ends_with("Usd")
}

fn fit_value(property: &Value, value: Value, field: &str) -> Result<Value, InvalidArgument> {
    let wanted = property.get("type").and_then(Value::as_str).unwrap_or_default();
    let found = describe(&value);
    let mut value = read_as(wanted, value).ok_or_else(|| {
        InvalidArgument::new(field, wording!("{} must be {} (it was {})", field.to_owned(), article(wanted), found))
    })?;
    if let Value::String(text) = &mut value
        && is_id(field)
    {
        *text = text.trim().to_owned();
    }
    let wrong =
        |what: Wording| Err(InvalidArgument::new(field, wording!("{} {} (it was {})", field.to_owned(), what, found)));
    if let Some(choices) = property.get("enum").and_then(Value::as_array)
        && !choices.contains(&value)
    {
        // Models write a choice in upper or lower case, with or without separators.
        if let Some(meant) = choices.iter().find(|choice| is_same_word(choice, &value)) {
            return Ok(meant.clone());
        }
        let choices = choices.iter().filter_map(Value::as_str).map(str::to_owned);
        return wrong(wording!("must be one of {}", joined(choices, ", ")));
    }
    if let (Some(shortest), Some(text)) = (property.get("minLength").and_then(Value::as_u64), value.as_str())
        && shortest > 0
        && text.trim().is_empty()
    {
        return wrong("must not be empty".into());
    }
    if let (Some(longest), Some(text)) = (property.get("maxLength").and_then(Value::as_u64), value.as_str())
        && text.chars().count() as u64 > longest
    {
        let length = text.chars().count();
        return Err(InvalidArgument::new(
            field,
            wording!("{} may have {} characters at most (it has {})", field.to_owned(), longest, length),
        ));
    }
    if let Some(number) = value.as_f64() {
        let bound = |name: &str| property.get(name).and_then(Value::as_f64);
        match (wanted, bound("minimum"), bound("maximum")) {
            // This is an amount of money: its description says "above".
            ("number", Some(above), _) if above <= 0.0 && number <= above => {
                return wrong(wording!("must be above {}", above));
            }
            (_, Some(least), Some(most)) if !(least..=most).contains(&number) => {
                return wrong(wording!("must be between {} and {}", least, most));
            }
            (_, Some(least), None) if number < least => return wrong(wording!("must be {} or more", least)),
            (_, None, Some(most)) if number > most => return wrong(wording!("must be {} or less", most)),
            _ => {}
        }
    }
    if value.as_number().is_some_and(is_beyond_64_bits) {
        return wrong("has more digits than a number can have here".into());
    }
    fit_inside(property, value, field)
}

/// True for an id: blanks around it come from copying and are removed.
fn is_id(field: &str) -> bool {
    let name = field.split('[').next().unwrap_or(field);
    name.ends_with("Id") || name.ends_with("Ids")
}

fn is_same_word(choice: &Value, value: &Value) -> bool {
    let (Some(choice), Some(value)) = (choice.as_str(), value.as_str().map(str::trim)) else { return false };
    // Lower case can have more bytes than upper case, but never four times as many.
    value.len() <= 4 * choice.len() && choice.to_lowercase() == value.to_lowercase()
}

/// True for a whole number beyond 64 bits. No field needs one, and serde cannot pass one into a flattened struct.
fn is_beyond_64_bits(number: &Number) -> bool {
    let is_whole = number.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_whole && number.as_u64().is_none() && number.as_i64().is_none()
}

/// Checks the contents of declared objects and arrays. An open object accepts every key; its declared keys are
/// converted where the conversion is unambiguous.
fn fit_inside(property: &Value, value: Value, field: &str) -> Result<Value, InvalidArgument> {
    match (property.as_object(), value) {
        (Some(schema), Value::Object(inner)) if field == OPEN => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let fitted = inner.into_iter().map(|(name, value)| {
                let property = properties.and_then(|properties| properties.get(&name)).filter(|_| !value.is_null());
                let read = property.and_then(|property| fit_value(property, value.clone(), &name).ok());
                (name, read.unwrap_or(value))
            });
            Ok(Value::Object(fitted.collect()))
        }
        (Some(schema), Value::Object(inner)) if schema.contains_key("properties") => {
            fit_object(schema, inner, &format!("{field}.")).map(Value::Object)
        }
        (Some(schema), Value::Array(items)) if schema.get("items").is_some_and(Value::is_object) => {
            let property = schema.get("items").unwrap_or(&Value::Null);
            let items = items.into_iter().enumerate();
            let items = items.map(|(index, item)| fit_value(property, item, &format!("{field}[{index}]")));
            items.collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        (_, value) => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Object {
        let schema = json!({
            "type": "object",
            "properties": {
                "contractId": { "type": "string", "minLength": 1, "description": "Contract id." },
                "amountUsd": { "type": "number", "minimum": 0 },
                "limit": { "type": "integer", "minimum": 1, "maximum": 100 },
                "status": { "type": "string", "enum": ["active", "ended"] },
                "again": { "type": "boolean" },
                "fields": { "type": "object", "properties": { "price": { "type": "number" } } },
                "milestone": { "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] },
                "tags": { "type": "array", "items": { "type": "number" } }
            },
            "required": ["contractId"]
        });
        schema.as_object().unwrap().clone()
    }

    fn fitted(arguments: Value) -> Value {
        Value::Object(fit(&schema(), arguments.as_object().unwrap().clone()).unwrap())
    }

    fn fault(arguments: Value) -> InvalidArgument {
        fit(&schema(), arguments.as_object().unwrap().clone()).unwrap_err()
    }

    #[test]
    fn text_is_read_as_what_the_schema_wants() {
        let read = fitted(json!({
            "contractId": "300", "amountUsd": " 300 ", "limit": "5", "again": "true", "fields": "{\"a\":\"1\"}",
            "milestone": "{\"amount\":\"12.50\"}", "tags": "[\"1\", 2]"
        }));
        assert_eq!(
            read.to_string(),
            r#"{"contractId":"300","amountUsd":300,"limit":5,"again":true,"fields":{"a":"1"},"milestone":{"amount":12.50},"tags":[1,2]}"#
        );
    }

    #[test]
    fn numbers_keep_their_writing() {
        for sent in ["300", "300.1", "300.10", "300.0", "12345678901234567890.1234567890123"] {
            let value: Value = serde_json::from_str(sent).unwrap();
            assert_eq!(fitted(json!({"contractId": "c", "amountUsd": value}))["amountUsd"].to_string(), sent);
        }
        assert_eq!(fitted(json!({"contractId": "c", "limit": 20.0}))["limit"].to_string(), "20");
    }

    #[test]
    fn null_means_unset_except_in_open_objects() {
        assert_eq!(fitted(json!({"contractId": "c", "amountUsd": null})), json!({"contractId": "c"}));
        let open = json!({"contractId": "c", "fields": {"a": null, "b": "300", "price": null}});
        assert_eq!(fitted(open.clone()), open);
    }

    #[test]
    fn open_objects_read_known_fields_and_refuse_none() {
        let read =
            |price: Value| fitted(json!({"contractId": "c", "fields": {"price": price}}))["fields"]["price"].clone();
        assert_eq!(read(json!("12.50")).to_string(), "12.50");
        assert_eq!(read(json!("on request")), "on request");
    }

    #[test]
    fn what_a_host_fills_in_is_not_given() {
        for blank in [
            json!({"contractId": "c", "status": "", "again": " ", "milestone": "", "tags": ""}),
            json!({"contractId": "c", "limit": 0}),
        ] {
            assert_eq!(fitted(blank.clone()), json!({"contractId": "c"}), "{blank}");
        }
    }

    #[test]
    fn keys_of_hosts_are_left_out() {
        for name in ["toolCallId", "_meta", "_sessionID", "random_string", "security_risk", "wait_for_previous"] {
            assert_eq!(fitted(json!({"contractId": "c", name: {"x": 1}})), json!({"contractId": "c"}), "{name}");
        }
        let none = fit(&Object::new(), json!({"anything": 1}).as_object().unwrap().clone());
        assert!(none.unwrap().is_empty(), "a tool without parameters takes any key");
        assert_eq!(fault(json!({"contractId": "c", "milestone": {"_x": 1}})).field, "milestone._x");
    }

    #[test]
    fn choices_ids_and_empty_things_are_read_generously() {
        let read = fitted(json!({"contractId": " ctr_1\n", "status": "ACTIVE ", "fields": [], "tags": {}}));
        assert_eq!(read, json!({"contractId": "ctr_1", "status": "active", "fields": {}, "tags": []}));
    }

    #[test]
    fn each_fault_names_its_field_and_what_would_be_right() {
        for (arguments, field, part) in [
            (json!({}), "contractId", "contractId is missing (Contract id)"),
            (json!({"contractId": null}), "contractId", "is missing"),
            (json!({"contractId": " "}), "contractId", "empty"),
            (json!({"contractId": 5}), "contractId", "a string"),
            (json!({"contractId": "c", "amount": 5}), "amount", "\"amountUsd\" was probably meant"),
            (json!({"contract_id": "c"}), "contract_id", "\"contractId\" was probably meant"),
            (json!({"contractId": "c", "zebra": 5}), "zebra", "new values go into fields: {\"zebra\": …}"),
            (json!({"contractId": "c", "milestone": {"zebra": 5}}), "milestone.zebra", "the parameters are amount"),
            (json!({"contractId": "c", "amountUsd": 0}), "amountUsd", "above 0"),
            (json!({"contractId": "c", "amountUsd": "$300"}), "amountUsd", "a number"),
            (json!({"contractId": "c", "amountUsd": "1,000"}), "amountUsd", "a number"),
            (json!({"contractId": "c", "limit": 101}), "limit", "between 1 and 100"),
            (json!({"contractId": "c", "limit": 1.5}), "limit", "whole"),
            (json!({"contractId": "c", "status": "paused"}), "status", "active, ended"),
            (json!({"contractId": "c", "again": "yes"}), "again", "true or false"),
            (json!({"contractId": "c", "fields": "[1]"}), "fields", "an object"),
            (json!({"contractId": "c", "milestone": {}}), "milestone.amount", "milestone.amount is missing"),
            (
                json!({"contractId": "c", "milestone": {"amountUsd": 1}}),
                "milestone.amountUsd",
                "\"amount\" was probably meant",
            ),
        ] {
            let fault = fault(arguments.clone());
            assert_eq!(fault.field, field, "{arguments}");
            assert!(fault.message.to_string().contains(part), "{arguments}: {}", fault.message);
        }
    }
}
