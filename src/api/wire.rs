//! Converts an [`Operation`] to an HTTP request and back. The client encodes with it, the sandbox decodes with it.

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::error::{Error, InvalidArgument};
use super::inputs::{self, Input};
use super::wording::wording;
use super::{Dialect, Effect, Evidence, Gate, Operation};

/// Characters of an id that need no encoding: RFC 3986 "unreserved".
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The constants of an operation, without its type.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The operation's name.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static Method,
    /// The root path.
    pub root: &'static str,
    /// The path below the root.
    pub path: &'static str,
    /// The format of bodies and errors.
    pub dialect: Dialect,
    /// The effect of a call.
    pub effect: Effect,
    /// The API's condition for a call.
    pub gate: Gate,
    /// The proof of success in a reply.
    pub evidence: Evidence,
    /// Names the parameters that make a large reply smaller.
    pub smaller: &'static str,
    /// The field that becomes the whole body, for an open body.
    pub body: Option<&'static str>,
}

impl Facts {
    /// The constants of `O`.
    #[must_use]
    pub const fn of<O: Operation>() -> Self {
        const { assert!(matches!(O::EFFECT, Effect::Read) == matches!(O::EVIDENCE, Evidence::Read)) };
        Self {
            name: O::NAME,
            method: const { &O::METHOD },
            root: O::ROOT,
            path: O::PATH,
            dialect: O::DIALECT,
            effect: O::EFFECT,
            gate: O::GATE,
            evidence: O::EVIDENCE,
            smaller: O::SMALLER,
            body: O::BODY,
        }
    }

    /// A public read that is no operation.
    pub const OTHER: Self = Self {
        name: "read",
        method: const { &Method::GET },
        root: "",
        path: "",
        dialect: Dialect::Api,
        effect: Effect::Read,
        gate: Gate::OPEN,
        evidence: Evidence::Read,
        smaller: "",
        body: None,
    };

    /// True if the operation changes anything.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.effect != Effect::Read
    }

    /// The content type of bodies.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self.dialect {
            Dialect::Api | Dialect::OAuthJson => "application/json",
            Dialect::OAuthForm => "application/x-www-form-urlencoded",
        }
    }
}

/// An encoded operation for any origin.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The operation's constants.
    pub facts: &'static Facts,
    /// The path below the origin.
    pub path: String,
    query: Option<String>,
    /// The body, if any.
    pub body: Option<Vec<u8>>,
}

impl Encoded {
    /// The URL at the origin `base`.
    #[must_use]
    pub fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        url.set_path(&self.path);
        url.set_query(self.query.as_deref());
        url
    }
}

/// Checks and encodes `operation`.
///
/// # Errors
/// The error of [`Operation::check`], or an id that cannot be a path segment.
pub fn encode<O: Operation>(operation: &O) -> Result<Encoded, Error> {
    operation.check()?;
    encode_fields(const { &Facts::of::<O>() }, serde_json::to_value(operation))
}

/// The part of [`encode`] that does not depend on the operation's type, so that it is compiled once.
fn encode_fields(facts: &'static Facts, fields: serde_json::Result<Value>) -> Result<Encoded, Error> {
    let mut fields = match fields {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => Map::new(),
        Err(fault) => {
            return Err(InvalidArgument::new(
                "arguments",
                wording!("the arguments cannot be written as JSON: {}", fault.to_string()),
            )
            .into());
        }
    };
    let path = path(facts, &mut fields)?;
    let open = facts.body.and_then(|name| fields.shift_remove(name));
    let form = |fields: Map<String, Value>| {
        let pairs = fields.iter().map(|(name, value)| (name, plain(value)));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    let (mut query, mut body) = (None, None);
    match open {
        Some(open) => body = Some(open.to_string().into_bytes()),
        // Registration without names is documented as `{}` (reference: api-reference/agent-auth).
        None if fields.is_empty() && facts.dialect != Dialect::OAuthJson => {}
        None if has_query(facts.method) => query = Some(form(fields)),
        None if facts.dialect == Dialect::OAuthForm => body = Some(form(fields).into_bytes()),
        None => body = Some(Value::Object(fields).to_string().into_bytes()),
    }
    Ok(Encoded { facts, path, query, body })
}

/// Decodes `O` from the parts of a request; `body` is empty or a JSON object.
///
/// # Errors
/// The missing or invalid field. Its name is empty if the body is not a JSON object.
pub fn decode<O: Operation>(
    path: impl IntoIterator<Item = (String, String)>,
    query: &str,
    body: &[u8],
) -> Result<O, InvalidArgument> {
    let path = path.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    let fields = decode_fields(const { &Facts::of::<O>() }, path, query, body)?;
    let read = |fields: &Map<String, Value>| {
        serde_json::from_value(Value::Object(fields.clone())).map_err(|fault| fault.to_string())
    };
    read(&fields).map_err(|fault| {
        // The wrong field is the one without which that is no longer the error.
        let is_wrong = |name: &&String| {
            let mut others = fields.clone();
            others.shift_remove(*name);
            read(&others).err().as_ref() != Some(&fault)
        };
        let field = fields.keys().find(is_wrong).cloned().unwrap_or_default();
        let message = wording!("{}: {}", field, fault);
        InvalidArgument::new(field, message)
    })
}

/// The part of [`decode`] that does not depend on the operation's type, so that it is compiled once. Returns the
/// operation's fields.
fn decode_fields(
    facts: &Facts,
    path: Map<String, Value>,
    query: &str,
    body: &[u8],
) -> Result<Map<String, Value>, InvalidArgument> {
    let input = inputs::of(facts.name);
    let mut fields = Map::new();
    if has_query(facts.method) {
        let pairs = form_urlencoded::parse(query.as_bytes());
        fields.extend(pairs.map(|(name, text)| {
            let value = typed(input, &name, &text);
            (name.into_owned(), value)
        }));
    } else if facts.dialect == Dialect::OAuthForm {
        let pairs = form_urlencoded::parse(body).into_owned();
        fields.extend(pairs.map(|(name, value)| (name, Value::String(value))));
    } else if !body.is_empty() {
        fields = serde_json::from_slice(body).map_err(|_| InvalidArgument::new("", "the body is not a JSON object"))?;
        if let Some(name) = facts.body {
            fields = Map::from_iter([(name.to_owned(), Value::Object(fields))]);
        }
    }
    fields.extend(path);
    for required in &input.required {
        let missing = match fields.get(required) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if missing {
            return Err(InvalidArgument::new(required.clone(), wording!("{} is required", required.to_owned())));
        }
    }
    Ok(fields)
}

/// Converts a query value to the field's type. Numbers and booleans are sent as text, and 1 means true (reference:
/// api-reference/messages/list).
fn typed(input: &Input, name: &str, text: &str) -> Value {
    let parsed = match input.fields.get(name).and_then(Option::as_deref) {
        Some("boolean") if text == "1" => Some(Value::Bool(true)),
        Some("integer" | "number" | "boolean") => text.parse().ok(),
        _ => None,
    };
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// True if the remaining fields are sent as a query.
fn has_query(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::DELETE)
}

/// Fills the path's `{parameter}` segments and removes those fields.
fn path(facts: &Facts, fields: &mut Map<String, Value>) -> Result<String, InvalidArgument> {
    let mut path = String::from(facts.root);
    for segment in facts.path.split('/').skip(1) {
        path.push('/');
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            None => path.push_str(segment),
            Some(name) => {
                let id = fields.shift_remove(name).map(|value| plain(&value)).unwrap_or_default();
                path.extend(utf8_percent_encode(one_segment(name, &id)?, SEGMENT));
            }
        }
    }
    Ok(path)
}

/// Checks that an id is a single path segment: an empty id, `.` or `..` would address another resource. Surrounding
/// blanks come from copying and are removed.
fn one_segment<'a>(name: &str, id: &'a str) -> Result<&'a str, InvalidArgument> {
    match id.trim() {
        "" => Err(InvalidArgument::new(name, wording!("{} must not be empty", name.to_owned()))),
        "." | ".." => Err(InvalidArgument::new(
            name,
            wording!("{} cannot be \"{}\": it is an id, not a path", name.to_owned(), id.to_owned()),
        )),
        id => Ok(id),
    }
}

/// Formats a value for a path or a query.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::contracts::{GetContract, ListContracts};
    use crate::api::milestones::CreateMilestone;

    fn base() -> Url {
        Url::parse("https://app.opentrain.ai").unwrap()
    }

    #[test]
    fn an_id_stays_one_segment_whatever_it_holds() {
        for id in ["ctr_8Kq2", "a/b", "a?b#c", "%2e%2e", "../x", "é 日", "a\nb\tc", "…"] {
            let operation = GetContract { contract_id: crate::api::types::ContractId(id.into()) };
            let url = encode(&operation).unwrap().url(&base());
            let segments: Vec<_> = url.path_segments().unwrap().collect();
            assert_eq!(segments.len(), 5, "{id:?} became {url}");
            let read = percent_encoding::percent_decode_str(segments[4]).decode_utf8().unwrap();
            assert_eq!(read, id);
        }
        for id in ["", " ", ".", ".."] {
            let operation = GetContract { contract_id: crate::api::types::ContractId(id.into()) };
            let Err(Error::Invalid(fault)) = encode(&operation) else { panic!("{id:?} was let through") };
            assert_eq!(fault.field, "contractId");
        }
    }

    #[test]
    fn other_arguments_are_the_query_or_the_body() {
        let listing = encode(&ListContracts::default()).unwrap();
        assert_eq!(listing.url(&base()).as_str(), "https://app.opentrain.ai/api/public/v1/contracts");
        assert_eq!(listing.body, None);

        let body = r#"{"contractId":"c","description":"d","amountUsd":300,"volume":12.5}"#;
        let milestone: CreateMilestone = serde_json::from_str(body).unwrap();
        let request = encode(&milestone).unwrap();
        assert_eq!(request.url(&base()).as_str(), "https://app.opentrain.ai/api/public/v1/contracts/c/milestones");
        assert_eq!(request.body.unwrap(), br#"{"description":"d","amountUsd":300,"volume":12.5}"#);
    }

    #[test]
    fn decoding_names_the_field_that_is_missing_or_wrong() {
        let path = || [("contractId".to_owned(), "c".to_owned())];
        let field = |body: &str| decode::<CreateMilestone>(path(), "", body.as_bytes()).unwrap_err().field;
        assert_eq!(field(r#"{"description":" "}"#), "description");
        assert_eq!(field(r#"{"description":"d","amountUsd":"many"}"#), "amountUsd");
        assert_eq!(decode::<ListContracts>([], "status=paused", b"").unwrap_err().field, "status");
    }
}
