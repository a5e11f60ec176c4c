//! Names of tools as words in a text of ours.

/// The places where `name` stands in `text` as a word of its own.
fn words<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_a_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name).map(|(place, _)| place).filter(move |place| {
        let before = text.get(..*place).and_then(|before| before.chars().next_back());
        let after = text.get(place + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(part_of_a_word) && !after.is_some_and(part_of_a_word)
    })
}

pub(super) fn has_word(text: &str, name: &str) -> bool {
    words(text, name).next().is_some()
}

pub(super) fn with_word(text: &str, name: &str, other: &str) -> String {
    let places: Vec<usize> = words(text, name).collect();
    let mut changed = text.to_owned();
    for place in places.into_iter().rev() {
        changed.replace_range(place..place + name.len(), other);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_only_as_a_word_of_its_own() {
        assert!(has_word("Then get_approval.", "get_approval"));
        assert!(!has_word("get_approvals, forget_approval", "get_approval"));
        assert_eq!(
            with_word("get_job(x), get_job_facets, get_job", "get_job", "ot_get_job"),
            "ot_get_job(x), get_job_facets, ot_get_job"
        );
    }
}
