//! Judges whether a reply proves that a write was carried out. A status of 200 is not enough if the reply is documented
//! to contain more: without that content, or with contradicting content, the outcome is unknown. Each operation names
//! its evidence; this module checks it.

use serde_json::{Map, Value};

use super::wording::{Wording, joined, wording};

/// The part of a 2xx reply that proves that an operation was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A read needs no proof beyond the documented shape.
    Read,
    /// The id of the created or requested object, at one of these JSON pointers.
    Id(&'static [&'static str]),
    /// One of the documented fields at these JSON pointers, and no contradicting status.
    Field(&'static [&'static str], Status),
    /// The success itself, even without a body, because the operation returns nothing. A status must not contradict it.
    Success(Status),
}

/// The statuses that are consistent with success, if the reply contains one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// No status is documented.
    None,
    /// One of these words at this JSON pointer.
    OneOf(&'static str, &'static [&'static str]),
    /// Any word except these at this JSON pointer. An object has these statuses before the change.
    NoneOf(&'static str, &'static [&'static str]),
}

/// Keys of a reply that deny success when false.
const DENIALS: [&str; 3] = ["ok", "success", "deleted"];
/// The HTTP status for a request that is not carried out yet.
const ACCEPTED: u16 = 202;

impl Evidence {
    /// Checks the reply to a write for evidence.
    ///
    /// # Errors
    /// The contradiction, or the missing part.
    pub fn look(self, status: u16, answer: &Map<String, Value>) -> Result<(), Wording> {
        let at = |pointer: &str| pointer_in(answer, pointer);
        let (has_id, found) = match self {
            Self::Read => return Ok(()),
            Self::Id(pointers) => (true, pointers.iter().any(|pointer| is_id(at(pointer)))),
            Self::Field(pointers, _) => (false, pointers.iter().any(|pointer| is_given(at(pointer)))),
            Self::Success(_) => (false, true),
        };
        if let Some(key) = DENIALS.into_iter().find(|key| answer.get(*key) == Some(&Value::Bool(false))) {
            return Err(wording!("\"{}\": false", key));
        }
        if is_given(answer.get("error")) {
            return Err("an error inside a success".into());
        }
        let asks =
            !has_id && (status == ACCEPTED || answer.get("approval").is_some_and(|approval| !approval.is_null()));
        if asks && !is_id(at("/approval/id")) {
            return Err("a request for a person's decision, without an approval that can be read".into());
        }
        if let Some(other) = self.status().filter(|_| !asks).and_then(|status| status.contradiction(answer)) {
            return Err(wording!("the status {}", other));
        }
        match self {
            Self::Id(pointers) | Self::Field(pointers, _) if !found => {
                let names = pointers.iter().map(|pointer| pointer.trim_start_matches('/').replace('/', "."));
                Err(wording!("no {}", joined(names, " or ")))
            }
            _ => Ok(()),
        }
    }

    const fn status(self) -> Option<Status> {
        match self {
            Self::Field(_, status) | Self::Success(status) => Some(status),
            Self::Read | Self::Id(_) => None,
        }
    }

    /// The JSON that replaces an empty or trivial body (nothing, `null`, a word like OK), if the operation needs no
    /// more.
    #[must_use]
    pub fn without_body(self, body: &str) -> Option<&'static str> {
        let body = body.trim();
        let is_an_answer = body.starts_with(['{', '[', '<']) || body == "false";
        let tells_of_a_fault = || {
            let text = body.to_ascii_lowercase();
            ["error", "fail", "denied", "not "].iter().any(|word| text.contains(word))
        };
        (matches!(self, Self::Success(_)) && !is_an_answer && !tells_of_a_fault()).then_some("{}")
    }
}

impl Status {
    /// The contradicting word, if any.
    fn contradiction(self, answer: &Map<String, Value>) -> Option<String> {
        let (pointer, words, is_right) = match self {
            Self::None => return None,
            Self::OneOf(pointer, words) => (pointer, words, true),
            Self::NoneOf(pointer, words) => (pointer, words, false),
        };
        let found = pointer_in(answer, pointer)?.as_str()?;
        let is_listed = words.iter().any(|word| word.eq_ignore_ascii_case(found));
        (is_listed != is_right).then(|| found.chars().take(60).collect())
    }
}

fn pointer_in<'a>(answer: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let mut steps = pointer.split('/').skip(1);
    let first = answer.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

/// True for an id: a nonblank text or a number.
fn is_id(value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Number(_)) => true,
        _ => false,
    }
}

/// True for a value other than null, false and the empty text.
fn is_given(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ENDS: Evidence = Evidence::Success(Status::OneOf("/status", &["ended"]));
    const PUBLISHES: Evidence = Evidence::Field(&["/jobId", "/status"], Status::NoneOf("/status", &["DRAFT"]));
    const MAKES: Evidence = Evidence::Id(&["/milestone/id"]);

    fn look(evidence: Evidence, status: u16, answer: Value) -> Result<(), String> {
        evidence.look(status, answer.as_object().unwrap()).map_err(|what| what.to_string())
    }

    #[test]
    fn a_new_thing_is_proved_by_its_id() {
        for answer in [json!({ "milestone": { "id": "m" } }), json!({ "milestone": { "id": 7 } })] {
            assert_eq!(look(MAKES, 201, answer), Ok(()));
        }
        for answer in [
            json!({}),
            json!({ "milestone": null }),
            json!({ "milestone": { "id": null } }),
            json!({ "milestone": { "id": " " } }),
            json!({ "milestone": { "name": "m" } }),
        ] {
            assert_eq!(look(MAKES, 201, answer.clone()), Err("no milestone.id".into()), "{answer}");
        }
    }

    #[test]
    fn what_contradicts_a_success_is_no_evidence() {
        for answer in [
            json!({ "ok": false, "status": "ended" }),
            json!({ "success": false }),
            json!({ "error": "it failed" }),
            json!({ "error": { "message": "it failed" } }),
            json!({ "status": "active" }),
            json!({ "status": "pending_approval", "ok": true }),
        ] {
            assert!(look(ENDS, 200, answer.clone()).is_err(), "{answer}");
        }
        assert!(look(MAKES, 201, json!({ "milestone": { "id": "m" }, "ok": false })).is_err());
        assert!(look(PUBLISHES, 200, json!({ "jobId": "j", "status": "DRAFT" })).is_err());
    }

    #[test]
    fn a_success_that_has_nothing_to_say_is_done() {
        for answer in [json!({}), json!({ "ok": true }), json!({ "status": "ENDED", "error": null, "approval": null })]
        {
            assert_eq!(look(ENDS, 200, answer.clone()), Ok(()), "{answer}");
        }
        for body in ["", " \n", "null", "OK", "\"done\"", "true"] {
            assert_eq!(ENDS.without_body(body), Some("{}"), "{body}");
            assert_eq!(MAKES.without_body(body), None, "{body}");
        }
        for body in ["<html>OK</html>", "false", "{\"ok\":", "[1]", "Internal error", "upstream failed"] {
            assert_eq!(ENDS.without_body(body), None, "{body}");
        }
    }

    #[test]
    fn a_202_needs_an_approval_that_can_be_read() {
        assert_eq!(look(ENDS, 202, json!({ "approval": { "id": "apr_1" }, "status": "active" })), Ok(()));
        for answer in [
            json!({}),
            json!({ "message": "Recorded." }),
            json!({ "approval": "apr_1" }),
            json!({ "approval": {} }),
            json!({ "approvalRequest": { "id": "apr_1" } }),
        ] {
            assert!(look(ENDS, 202, answer.clone()).is_err(), "{answer}");
        }
        assert!(look(ENDS, 200, json!({ "approval": "apr_1" })).is_err());
    }

    #[test]
    fn one_documented_field_is_enough_for_a_flat_answer() {
        for answer in [json!({ "jobId": "j" }), json!({ "status": "OPEN" }), json!({ "status": "OF_TOMORROW" })] {
            assert_eq!(look(PUBLISHES, 200, answer.clone()), Ok(()), "{answer}");
        }
        for answer in [json!({}), json!({ "other": 1 }), json!({ "jobId": null })] {
            assert_eq!(look(PUBLISHES, 200, answer.clone()), Err("no jobId or status".into()), "{answer}");
        }
    }
}
