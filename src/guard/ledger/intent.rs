//! A write that is about to be sent, as the limits and the record see it.

use std::io;

use jiff::Timestamp;

use crate::answer::Object;

use super::line::{Commitment, Line, Phase};

/// A write that is about to be sent, for the limits and the record.
#[derive(Clone, Debug, Default)]
pub struct Intent {
    /// The tool's name.
    pub tool: String,
    /// The arguments without secrets.
    pub arguments: Object,
    /// The origin of the API.
    pub base: Option<String>,
    /// The token's owner: the token's public id, or a short hash.
    pub principal: Option<String>,
    /// The token's owner, if another principal uses the token.
    pub account: Option<String>,
    /// True if nothing is real.
    pub sandbox: bool,
    /// The client's own name.
    pub client: Option<String>,
    /// True if a person has said yes to the call.
    pub confirmed: bool,
    /// The money that the write commits, if any.
    pub commitment: Option<Commitment>,
}

impl Intent {
    /// The first line of the write.
    pub(super) fn line(self) -> io::Result<Line> {
        let commitment = self.commitment.unwrap_or_default();
        Ok(Line {
            v: 1,
            at: Timestamp::now().to_string(),
            id: format!("{:016x}", getrandom::u64().map_err(io::Error::other)?),
            phase: Phase::Before,
            tool: self.tool,
            arguments: self.arguments,
            base: self.base,
            principal: self.principal,
            account: self.account,
            sandbox: self.sandbox,
            client: self.client,
            confirmed: self.confirmed,
            amount_usd: commitment.amount,
            milestone_id: commitment.milestone_id,
            ..Line::default()
        })
    }
}
