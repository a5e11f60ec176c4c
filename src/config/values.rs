//! Parses the values of settings. Every error names the flag or variable, and the allowed values.

use std::ffi::OsStr;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, Command};
use rust_decimal::Decimal;
use url::Url;

use crate::answer::{Shown, quoted, shown};
use crate::api::amount;
use crate::api::client::is_loopback;

use super::error::refused;
use super::source::ResolvedSetting;

/// The format of the log on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Who is asked before a call that takes effect at once and cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Whoever the host asks, by its own rules.
    Host,
    /// A person, in a form that the host shows.
    Person,
}

/// Where notices for people go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notify {
    /// By POST to this address.
    Url(Url),
    /// To the stdin of this command of the shell.
    Command(String),
}

/// The path of an address may be a secret of its receiver.
impl fmt::Display for Notify {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => write!(formatter, "{}/…", url.origin().ascii_serialization()),
            Self::Command(command) => formatter.write_str(command),
        }
    }
}

/// A parser for clap. The function parses a value, or says what it must be.
#[derive(Clone)]
pub(super) struct Reader<F>(pub(super) F);

impl<T, F> TypedValueParser for Reader<F>
where
    F: Fn(&str) -> Result<T, Shown> + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, clap::Error> {
        self.parse_ref_(command, argument, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        _: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<T, clap::Error> {
        let argument = argument.ok_or_else(|| clap::Error::new(ErrorKind::ValueValidation))?;
        let is_text = value.to_str().is_some();
        let ResolvedSetting { value, source, .. } = ResolvedSetting::of(argument, value, source);
        let read = if is_text { (self.0)(&value) } else { Err("must be text in UTF-8".into()) };
        read.map_err(|problem| clap::Error::raw(ErrorKind::ValueValidation, refused(&source, problem)))
    }
}

/// A setting that may be missing. The text of its default means none.
pub(super) fn optional<T>(
    default: &'static str,
    read: impl Fn(&str) -> Result<T, Shown> + Clone,
) -> impl Fn(&str) -> Result<Option<T>, Shown> + Clone {
    move |text| if text == default { Ok(None) } else { read(text).map(Some) }
}

/// Any text but an empty one.
pub(super) fn text(text: &str) -> Result<String, Shown> {
    if text.is_empty() { Err("must not be empty".into()) } else { Ok(text.to_owned()) }
}

/// Seconds within a range.
pub(super) fn seconds(range: RangeInclusive<f64>) -> impl Fn(&str) -> Result<Duration, Shown> + Clone {
    move |text| {
        let seconds = text.parse::<f64>().ok().filter(|seconds| range.contains(seconds));
        seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            shown!("must be seconds, from {} to {}, not {}", *least, *most, quoted(text))
        })
    }
}

pub(super) fn minutes(text: &str) -> Result<Duration, Shown> {
    let minutes = text.parse::<u32>().ok().filter(|minutes| *minutes <= 10_080);
    let minutes = minutes.ok_or_else(|| shown!("must be whole minutes, from 0 to 10080, not {}", quoted(text)))?;
    Ok(Duration::from_secs(60 * u64::from(minutes)))
}

/// An address begins with a scheme; everything else is a command. Plain http is for this machine only.
pub(super) fn notify(text: &str) -> Result<Notify, Shown> {
    if !text.starts_with("http:") && !text.starts_with("https:") {
        return Ok(Notify::Command(text.to_owned()));
    }
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" || is_loopback(url));
    url.map(Notify::Url).ok_or_else(|| "must be an https address (http only on this machine), or a command".into())
}

pub(super) fn port(text: &str) -> Result<u16, Shown> {
    text.parse().map_err(|_| shown!("must be a port, from 0 to 65535, not {}", quoted(text)))
}

pub(super) fn dollars(text: &str) -> Result<Decimal, Shown> {
    let digits = text.strip_prefix('$').unwrap_or(text);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain =
        digits.split_once('.').map_or(is_number(digits), |(whole, rest)| is_number(whole) && is_number(rest));
    let amount = is_plain.then(|| amount::plain(digits)).flatten();
    amount.ok_or_else(|| shown!("must be an amount in USD of 0 or more, such as 500 or 99.50, not {}", quoted(text)))
}

pub(super) fn switch(text: &str) -> Result<bool, Shown> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(shown!("must be 1 or 0 (true, yes, on; false, no, off), not {}", quoted(text))),
    }
}

pub(super) fn confirm(text: &str) -> Result<Confirm, Shown> {
    match text {
        "host" => Ok(Confirm::Host),
        "person" => Ok(Confirm::Person),
        _ => Err(shown!("must be host or person, not {}", quoted(text))),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, Shown> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(shown!("must be text or json, not {}", quoted(text))),
    }
}

/// Model APIs take names of up to 64 letters, digits, `_` and `-`, not beginning with a digit; hosts put the server's
/// name before each, and the longest tool has 27 characters.
pub(super) fn tool_prefix(text: &str) -> Result<String, Shown> {
    let fits = text.len() <= 20
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        && !text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    fits.then(|| text.to_owned()).ok_or_else(|| {
        "must be up to 20 letters, digits, _ or -, and begin with a letter or _: model APIs take no other names".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_plain_amount() {
        for plain in ["0", "500", "$500", "99.50", "0.0001", "999999999999.9999"] {
            assert!(dollars(plain).is_ok(), "{plain}");
        }
        for other in [
            "",
            "$",
            "$$5",
            "1_000",
            "1,000",
            "1e3",
            "-1",
            "+5",
            "5.",
            ".5",
            ".",
            "5$",
            "5 USD",
            "0x10",
            "NaN",
            "\u{ff15}",
            "1000000000000",
            "0.00001",
        ] {
            assert!(dollars(other).is_err(), "{other}");
        }
    }
}
