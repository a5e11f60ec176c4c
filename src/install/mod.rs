//! Writes and removes this server's entry in the configuration files of MCP hosts. It never reads or writes a token.
//! Start at `edit`; each host is a file in `hosts`.

mod document;
mod edit;
mod entry;
mod file;
mod hosts;
mod machine;
mod names;
mod page;
#[cfg(test)]
mod tests;

pub use document::{DocumentError, Format};
pub use edit::{Change, InstallError, install, our_names, servers, snippet, uninstall};
pub use entry::{Entry, Launch};
pub use hosts::{HOSTS, Host, Location};
pub use machine::{Machine, System};
pub use names::{DEFAULT_NAME, SANDBOX_NAME, SENTENCES};
pub use page::page;
