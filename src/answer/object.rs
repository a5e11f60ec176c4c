//! The JSON object type of answers and arguments.

use serde_json::{Map, Value};

/// A JSON object.
pub type Object = Map<String, Value>;
