//! Reads the fields of each operation's input from `inputs.json`. That file is generated from the types, since the code
//! that makes schemas must not be in the binary.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Operation;

/// The input of an operation as it is on the wire.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Input {
    /// Each field with its JSON type, if it has one.
    pub fields: BTreeMap<String, Option<String>>,
    /// The required fields, in their order.
    pub required: Vec<String>,
}

static INPUTS: LazyLock<BTreeMap<String, Input>> =
    LazyLock::new(|| serde_json::from_str(include_str!("inputs.json")).unwrap_or_default());
static NOTHING: Input = Input { fields: BTreeMap::new(), required: Vec::new() };

/// The input of the operation with this name. It is empty if the file lacks the operation; a test finds that.
#[must_use]
pub fn of(operation: &str) -> &'static Input {
    INPUTS.get(operation).unwrap_or(&NOTHING)
}

/// Describes the input of one operation.
pub struct InputMaker {
    /// The operation's name.
    pub name: &'static str,
    /// Generates the description from the type.
    pub make: fn() -> Input,
}

/// The maker for `O`.
#[must_use]
pub const fn maker<O: Operation>() -> InputMaker {
    InputMaker { name: O::NAME, make: make::<O> }
}

fn make<O: Operation>() -> Input {
    let settings = SchemaSettings::default().for_serialize().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<O>().to_value();
    let words = |key: &str| schema.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let required = words("required").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let nothing = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    Input { fields: properties.iter().map(|(name, field)| (name.clone(), json_type(field))).collect(), required }
}

/// The type of a field. `null` does not count: a field that is left out is not sent.
fn json_type(field: &Value) -> Option<String> {
    let named = match field.get("type")? {
        Value::Array(types) => types.iter().find(|name| *name != "null")?,
        named => named,
    };
    named.as_str().map(str::to_owned)
}
