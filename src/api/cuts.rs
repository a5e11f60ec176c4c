//! Describes the parts that were left out of a value that is too large.

/// The most characters of a key within a path.
pub(super) const NAME_IN_PATH: usize = 60;

/// The part that was left out at one place. Places that differ only in an index are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The keys that lead to the place, such as `contracts[].milestones`; empty for the value itself.
    pub path: String,
    /// The kind and size of the part.
    pub missing: Missing,
}

/// The kind of a part that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The ends of texts.
    Text {
        /// The length of the longest text, in characters.
        longest: usize,
    },
    /// Items of lists.
    Items {
        /// The number of items that were kept.
        kept: usize,
        /// The original number of items.
        of: usize,
    },
    /// Keys of objects.
    Keys {
        /// The number of keys that were kept.
        kept: usize,
        /// The original number of keys.
        of: usize,
    },
    /// Values that were nested too deeply.
    Nesting,
}

/// The path of the key `name` below `path`.
#[must_use]
pub fn path_to(path: &str, name: &str) -> String {
    let dot = if path.is_empty() { "" } else { "." };
    path.chars().chain(dot.chars()).chain(name.chars().take(NAME_IN_PATH)).collect()
}

impl Cut {
    /// Moves the cut below `path`.
    #[must_use]
    pub fn below(self, path: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: format!("{path}{dot}{}", self.path), ..self }
    }

    /// Adds a cut, merged with an earlier cut at the same place.
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
