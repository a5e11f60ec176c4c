//! The result of comparing two terms.

/// The result of comparing two terms, ordered from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// The terms mean the same.
    Equal,
    /// The terms differ only in ways in which an API may have changed them.
    Alike,
    /// The terms differ.
    Different,
}

impl Match {
    pub(super) const fn alike_if(is_possible: bool) -> Self {
        if is_possible { Self::Alike } else { Self::Different }
    }

    pub(super) const fn equal_if(is_so: bool) -> Self {
        if is_so { Self::Equal } else { Self::Different }
    }
}
