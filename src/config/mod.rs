//! Reads the settings once at start: `Flags` holds what was typed or set, `Config` what it means. Only this room reads
//! the environment and the credential file; it must not know who uses the settings. Start with `Config::read`.

mod account;
mod credential_file;
mod credentials;
mod environment;
mod error;
mod flags;
#[cfg(feature = "http")]
mod http_flags;
mod ledger;
mod ledger_url;
mod leftover;
mod names;
mod own_settings;
mod placeholder;
mod record;
mod resolve;
mod route;
#[cfg(feature = "http")]
mod seal_keys;
mod source;
mod table;
#[cfg(test)]
mod tests;
#[cfg(feature = "otel")]
mod traces;
mod values;

pub use account::typed_token;
pub use credentials::Credentials;
pub use environment::Environment;
pub use error::ConfigError;
pub use flags::Flags;
#[cfg(feature = "http")]
pub use http_flags::HttpFlags;

pub use ledger::{LedgerPlace, ledger_place};
pub use ledger_url::LedgerUrl;
pub use names::{BASE_URL_VARIABLES, DEFAULT_ORIGIN, TOKEN_VARIABLES};
pub use own_settings::Transport;
pub use record::RecordPlace;
pub use resolve::Config;
pub use route::{Route, Sourced};
#[cfg(feature = "http")]
pub use seal_keys::{SEAL_KEYS, SealKeys};
pub use source::{ResolvedSetting, Source};
pub use table::{OWN_VALUES, flag_table};
#[cfg(feature = "otel")]
pub use traces::TraceSettings;
pub use values::{Confirm, LogFormat, Notify};
