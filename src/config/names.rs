//! The names and values that several files of this room use.

/// The origin of OpenTrain, unless another one is set.
pub const DEFAULT_ORIGIN: &str = "https://app.opentrain.ai";

/// The variables of the token, in the order of precedence.
pub const TOKEN_VARIABLES: [&str; 3] = ["OT_API_TOKEN", "OPENTRAIN_API_TOKEN", "OPENTRAIN_PERSONAL_API_TOKEN"];
/// The variables of the base URL, in the order of precedence.
pub const BASE_URL_VARIABLES: [&str; 2] = ["OPENTRAIN_API_BASE_URL", "OT_API_BASE_URL"];

/// The heading of the settings in the help; it also tells them from other arguments.
pub(super) const HEADING: &str = "Settings";
