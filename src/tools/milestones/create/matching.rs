//! How two terms compare: a word that the comparison of each kind of term gives.

/// How two terms compare. The worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// They mean the same.
    Equal,
    /// They differ only as an API may have changed them, and it is not certain that it has.
    Alike,
    /// They are others.
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
