//! Who calls. On stdio that is the host of the user who started the server; over HTTP each request has its own.

use crate::answer::Access;
use crate::api::token::Token;

/// Who calls.
#[derive(Clone, Debug, Default)]
pub struct Principal {
    /// How the caller reached the server.
    pub access: Access,
    /// The name on the record, under which the day's amounts are added up; `None` for the owner of the token.
    pub name: Option<String>,
    /// The caller's own key for this server. It is masked in everything that leaves.
    pub key: Option<Token>,
}
