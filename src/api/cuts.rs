//! What is left out of a value that is too large, and where: for the answers that say so.

/// The most characters of a name within a path.
pub(super) const NAME_IN_PATH: usize = 60;

/// What was left out at one place. Places that differ only in an index are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The names of the keys that lead to it, such as `contracts[].milestones`; empty for the answer itself.
    pub path: String,
    /// What is missing.
    pub missing: Missing,
}

/// What is missing at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The ends of texts.
    Text {
        /// The most characters that a text had.
        longest: usize,
    },
    /// Items of lists.
    Items {
        /// How many are left.
        kept: usize,
        /// How many there were.
        of: usize,
    },
    /// Keys of objects.
    Keys {
        /// How many are left.
        kept: usize,
        /// How many there were.
        of: usize,
    },
    /// All that is nested too deeply.
    Nesting,
}

/// The path to what stands under `name` in what `path` leads to.
#[must_use]
pub fn path_to(path: &str, name: &str) -> String {
    let dot = if path.is_empty() { "" } else { "." };
    path.chars().chain(dot.chars()).chain(name.chars().take(NAME_IN_PATH)).collect()
}

impl Cut {
    /// The same of a value that stands at `path`.
    #[must_use]
    pub fn below(self, path: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{path}{dot}{}", self.path), ..self }
    }

    /// Adds a cut to what was cut at the same place before.
    pub fn add(cuts: &mut Vec<Self>, path: &str, missing: Missing) {
        let is_same = |known: &&mut Self| {
            known.path == path && std::mem::discriminant(&known.missing) == std::mem::discriminant(&missing)
        };
        match (cuts.iter_mut().find(is_same).map(|known| &mut known.missing), missing) {
            (Some(Missing::Text { longest }), Missing::Text { longest: other }) => *longest = other.max(*longest),
            (Some(Missing::Items { kept, of }), Missing::Items { kept: more, of: other })
            | (Some(Missing::Keys { kept, of }), Missing::Keys { kept: more, of: other }) => {
                *kept += more;
                *of += other;
            }
            (Some(_), _) => {}
            (None, missing) => cuts.push(Self { path: path.to_owned(), missing }),
        }
    }
}
