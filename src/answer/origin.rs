//! Where the texts of an answer come from.

/// Which fields of an answer strangers write, and whether anybody may read it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    /// JSON pointers to fields that strangers write, with `*` for an index.
    pub untrusted: &'static [String],
    /// True if the answer has nothing of the account.
    pub is_public: bool,
}
