//! The message of an error as data: our own words, and the values in them. `answer` sets the values off when it shows the
//! message, so that a value cannot speak in our name.

use std::fmt;

/// A message of ours with values in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording(Vec<Part>);

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Our own words.
    Ours(&'static str),
    /// A value that came from elsewhere.
    Value(String),
}

impl Wording {
    /// Puts `values` into the places of `{}` in `template`. Call `wording!`.
    #[must_use]
    pub fn filled(template: &'static str, values: &[&dyn Piece]) -> Self {
        let mut wording = Self::default();
        let mut parts = template.split("{}");
        wording.0.extend(parts.next().map(Part::Ours));
        for (value, part) in values.iter().zip(parts) {
            value.add_to(&mut wording);
            wording.0.push(Part::Ours(part));
        }
        wording
    }

    /// Its parts in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}

/// `wording!("{} must be {}", name, "a number")`
macro_rules! wording {
    ($template:literal $(, $value:expr)* $(,)?) => {
        $crate::api::wording::Wording::filled($template, &[$(&$value),*])
    };
}
pub(crate) use wording;

/// The values with `between` between them.
#[must_use]
pub fn joined<P: Piece>(values: impl IntoIterator<Item = P>, between: &'static str) -> Wording {
    let mut wording = Wording::default();
    for (place, value) in values.into_iter().enumerate() {
        if place > 0 {
            between.add_to(&mut wording);
        }
        value.add_to(&mut wording);
    }
    wording
}

/// What may stand in a message.
pub trait Piece {
    /// Adds itself to the message.
    fn add_to(&self, wording: &mut Wording);
}

impl Piece for &'static str {
    fn add_to(&self, wording: &mut Wording) {
        wording.0.push(Part::Ours(self));
    }
}

impl Piece for String {
    fn add_to(&self, wording: &mut Wording) {
        wording.0.push(Part::Value(self.clone()));
    }
}

impl Piece for Wording {
    fn add_to(&self, wording: &mut Wording) {
        wording.0.extend_from_slice(&self.0);
    }
}

impl<T: Piece> Piece for &T {
    fn add_to(&self, wording: &mut Wording) {
        (*self).add_to(wording);
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Piece for $number {
            fn add_to(&self, wording: &mut Wording) {
                wording.0.push(Part::Value(self.to_string()));
            }
        }
    )*};
}

numbers!(u16, u32, u64, usize, f32, f64);

impl From<&'static str> for Wording {
    fn from(words: &'static str) -> Self {
        Self(vec![Part::Ours(words)])
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Ours(words) => formatter.write_str(words),
            Part::Value(value) => formatter.write_str(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_values_apart() {
        let message = wording!("{} must be {} (it was {})", "volume", "a number", "«x»".to_owned());
        assert_eq!(message.to_string(), "volume must be a number (it was «x»)");
        assert_eq!(message.parts().iter().filter(|part| matches!(part, Part::Value(_))).count(), 1);
    }
}
