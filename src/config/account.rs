//! Finds the token and the base URL in the variables, the credential file and the defaults. Neither has a flag, since
//! process lists show flags.

use std::sync::Arc;

use url::Url;

use crate::answer::{Shown, id, quoted_to, shown};
use crate::api::client::{Proxies, is_loopback};
use crate::api::token::Token;

use super::credential_file::CredentialFile;
use super::credentials::Credentials;
use super::environment::Environment;
use super::error::{ConfigError, refused};
use super::names::{BASE_URL_VARIABLES, DEFAULT_ORIGIN, TOKEN_VARIABLES};
use super::placeholder::{unfilled, unfilled_token};
use super::route::{Route, Sourced};
use super::source::{ResolvedSetting, Source};

/// The value of a setting that the sandbox does not use.
pub(super) const IGNORED: &str = "ignored: the sandbox is on";
/// The most characters of a value in an error.
const LONGEST: usize = 400;

/// The tokens with their route, and the two settings for display.
pub(super) struct Account {
    pub(super) route: Route,
    pub(super) credentials: Arc<Credentials>,
    pub(super) settings: [ResolvedSetting; 2],
}

impl Account {
    /// The sandbox needs neither token nor base, so no file of the user is read.
    pub(super) fn of_sandbox(environment: &Environment, notices: Vec<String>) -> Result<Self, ConfigError> {
        let route = Route::new(default_base()?, None, None);
        let settings = [("token", &TOKEN_VARIABLES[..]), ("base-url", &BASE_URL_VARIABLES)].map(|(name, variables)| {
            let set = set(variables, environment).next();
            let source = set.map_or(Source::Default, |(_, variable)| Source::Variable(variable.into()));
            setting(name, IGNORED, source)
        });
        let credentials = Credentials::new(route.clone(), None).with_notices(notices);
        Ok(Self { route, credentials: Arc::new(credentials), settings })
    }

    pub(super) fn read(
        environment: &Environment,
        proxies: &Proxies,
        mut notices: Vec<String>,
    ) -> Result<Self, ConfigError> {
        let path = environment.credential_path();
        let file = path.clone().map(CredentialFile::recovered);
        let token = token(environment, &mut notices)?;
        let base = base(environment, file.as_ref(), token.as_ref(), &mut notices)?;
        let base_url = setting("base-url", base.value.as_str(), base.source.clone());
        let route = Route::new(base, token, path).through(environment, proxies);
        let credentials = Credentials::new(route.clone(), file).with_notices(notices);
        let (value, source) = credentials.described();
        let settings = [setting("token", &value, source), base_url];
        Ok(Self { route, credentials: Arc::new(credentials), settings })
    }
}

/// Checks a key that a person has typed or pasted.
///
/// # Errors
/// The reason why it is no key.
pub fn typed_token(text: &str) -> Result<Token, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("no key was given".into());
    }
    match unfilled_token(text) {
        Some(why) => Err(why.to_owned()),
        None => Token::bearing(text).map_err(|fault| fault.to_string()),
    }
}

fn setting(name: &str, value: &str, source: Source) -> ResolvedSetting {
    ResolvedSetting { name: name.into(), value: value.into(), source, ..ResolvedSetting::default() }
}

/// The variables that are set, with their values, in the order of precedence.
fn set<'a>(
    variables: &'static [&'static str],
    environment: &'a Environment,
) -> impl Iterator<Item = (&'a str, &'static str)> + use<'a> {
    variables.iter().filter_map(|name| Some((environment.raw(name)?, *name)))
}

/// The token of the environment and its variable. After a placeholder no other variable is used.
fn token(environment: &Environment, notices: &mut Vec<String>) -> Result<Option<Sourced<Token>>, ConfigError> {
    let mut token = None;
    for (text, variable) in set(&TOKEN_VARIABLES, environment) {
        match unfilled_token(text) {
            Some(why) => notices.push(format!("{variable} is not used: {why}")),
            None if token.is_some() => {}
            None => {
                let source = Source::Variable(variable.into());
                let value =
                    Token::bearing(text).map_err(|fault| refused(&source, quoted_to(&fault.to_string(), LONGEST)))?;
                token = Some(Sourced { value, source });
            }
        }
    }
    Ok(token)
}

/// The base and its source. A token of the environment goes to the environment's base or to the default one, never to a
/// base that only a file names: somebody could have put that file there to fetch the token.
fn base(
    environment: &Environment,
    file: Option<&CredentialFile>,
    token: Option<&Sourced<Token>>,
    notices: &mut Vec<String>,
) -> Result<Sourced<Url>, ConfigError> {
    if let Some((text, variable)) = set(&BASE_URL_VARIABLES, environment).next() {
        let source = Source::Variable(variable.into());
        return Ok(Sourced { value: parse_origin(text, &source)?, source });
    }
    let default = default_base()?;
    let Some((path, saved)) = file.and_then(|file| Some((file.path(), file.base_url()?))) else {
        return Ok(default);
    };
    let source = Source::File(path.to_owned());
    let saved = Sourced { value: parse_origin(saved, &source)?, source };
    let Some(token) = token.filter(|_| saved.value.origin() != default.value.origin()) else { return Ok(saved) };
    notices.push(format!(
        "baseUrl in {} ({}) is not used with the token in {}: if that token belongs there, set OPENTRAIN_API_BASE_URL to \
         it",
        path.display(),
        saved.value,
        token.source
    ));
    Ok(default)
}

fn default_base() -> Result<Sourced<Url>, ConfigError> {
    Ok(Sourced { value: parse_origin(DEFAULT_ORIGIN, &Source::Default)?, source: Source::Default })
}

/// Parses an origin: scheme, host, port. Plain http is for loopback only, since it shows the token to others. A
/// placeholder is refused, since a base that was not intended would get the token.
fn parse_origin(text: &str, source: &Source) -> Result<Url, ConfigError> {
    let wrong = |problem: Shown| Err(refused(source, problem));
    if let Some(why) = unfilled(text) {
        return wrong(shown!("the base URL must be an origin such as {}; {}", DEFAULT_ORIGIN, why));
    }
    let Ok(url) = Url::parse(text.trim_end_matches('/')) else {
        return wrong(shown!(
            "the base URL must be an origin such as {}, not {}",
            DEFAULT_ORIGIN,
            quoted_to(text, LONGEST)
        ));
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return wrong(shown!(
                "the base URL must be https: plain http would show the token on the way (it was {})",
                quoted_to(text, LONGEST)
            ));
        }
        other => return wrong(shown!("the base URL must be https, not {}", id(other))),
    }
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !is_bare || !url.username().is_empty() || url.password().is_some() || url.host_str().is_none() {
        let problem = "the base URL must be an origin only, with no path, query or user, such as";
        return wrong(shown!("{} {}", problem, DEFAULT_ORIGIN));
    }
    Ok(url)
}
