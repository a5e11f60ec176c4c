//! How a caller reached this server. It decides what a text may advise: only a local user can change settings.

/// How a caller reached this server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// The host of a user on this machine started the server, with settings of its own.
    #[default]
    Local,
    /// Over HTTP, with a key that the operator made. OpenTrain's token stays on the server.
    AgentKey,
    /// Over HTTP, with an OpenTrain token of the caller's own.
    OwnToken,
}

impl Access {
    /// True if the caller cannot change this server's settings.
    #[must_use]
    pub const fn is_remote(self) -> bool {
        !matches!(self, Self::Local)
    }
}
