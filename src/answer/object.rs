//! A JSON object, as answers and arguments are.

use serde_json::{Map, Value};

/// A JSON object.
pub type Object = Map<String, Value>;
