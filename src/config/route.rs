//! Decides which token may go to which base, through which proxy. The token, the base, the proxy, the roots of trust
//! and the folder are kept together with their sources: a hostile project may set the environment, and must not get a
//! stored token.

use std::path::{Path, PathBuf};

use url::Url;

use crate::api::client::Proxies;
use crate::api::token::Token;

use super::environment::Environment;
use super::names::DEFAULT_ORIGIN;
use super::own_settings::{OwnSettings, Transport};
use super::source::Source;

/// The system's own roots, which a project cannot write.
const SYSTEM_ROOTS: [&str; 6] = [
    "/etc/ssl/certs",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// A value and where it was set.
#[derive(Clone, Debug)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it was set.
    pub source: Source,
}

/// Everything that decides where a token goes, with its source.
#[derive(Clone, Debug)]
pub struct Route {
    /// The token of the environment. It takes precedence over the stored one.
    pub token: Option<Sourced<Token>>,
    /// The origin of the API.
    pub base: Sourced<Url>,
    /// The proxy on the way to the base, without its user and password.
    pub proxy: Option<Sourced<String>>,
    /// The roots of trust that take the place of the system's.
    pub roots: Vec<Sourced<PathBuf>>,
    /// The credential file, in which a token is stored, and our own settings beside it.
    pub file: Option<PathBuf>,
    is_trusted: bool,
}

impl Route {
    pub(super) fn new(base: Sourced<Url>, token: Option<Sourced<Token>>, file: Option<PathBuf>) -> Self {
        Self { token, base, proxy: None, roots: Vec::new(), file, is_trusted: false }
    }

    /// Adds the environment's proxy and roots, and the operator's decisions about them.
    pub(super) fn through(mut self, environment: &Environment, proxies: &Proxies) -> Self {
        let proxy = proxies.address_to(&self.base.value);
        self.proxy = proxy.map(|(name, value)| Sourced { value, source: Source::Variable(name) });
        self.roots = roots(environment);
        let own = self.file.as_deref().map(OwnSettings::read);
        self.is_trusted = self.transport().is_some_and(|way| own.is_some_and(|own| own.trusts(&way)));
        self
    }

    /// The environment's proxy and roots, if together they could read a token.
    fn transport(&self) -> Option<Transport> {
        let proxy = self.proxy.as_ref().filter(|_| !self.roots.is_empty() && self.base.value.scheme() == "https")?;
        let roots = self.roots.iter().map(|root| root.value.display().to_string()).collect();
        Some(Transport { proxy: proxy.value.clone(), roots })
    }

    /// Why no stored token may go this way; `None` if it may. A proxy alone, or roots alone, can read nothing; together
    /// they can read everything.
    pub(super) fn refusal(&self) -> Option<String> {
        let transport = self.transport().filter(|_| !self.is_trusted)?;
        let sources = self.proxy.iter().map(|proxy| &proxy.source).chain(self.roots.iter().map(|root| &root.source));
        let sources: Vec<String> = sources.map(ToString::to_string).collect();
        Some(format!(
            "the stored account is not used: the environment alone names both the proxy {} and the roots of trust {} \
             ({}), and together they could read the token. If both are yours, run `opentrain-mcp trust` once with the \
             same settings",
            transport.proxy,
            transport.roots.join(", "),
            sources.join(", ")
        ))
    }

    /// Stores that the operator trusts this proxy with these roots. `None` if there is no such pair.
    ///
    /// # Errors
    /// The reason why it cannot be stored.
    pub fn trust(&self) -> Result<Option<(Transport, PathBuf)>, String> {
        let Some(transport) = self.transport() else { return Ok(None) };
        if self.roots.iter().any(|root| root.value.to_str().is_none()) {
            return Err("the path of the roots of trust is no text in UTF-8, and cannot be written down".into());
        }
        let file = self.file.as_deref().ok_or("there is no home folder to keep it in: set HOME or XDG_CONFIG_HOME")?;
        let place = OwnSettings::trust(file, transport.clone())?;
        Ok(Some((transport, place)))
    }

    /// True if the base may be stored with the account. A base that only the environment names must not get later
    /// tokens.
    pub(super) fn names_base(&self, stored: Option<&str>) -> bool {
        !matches!(self.base.source, Source::Variable(_)) || self.is_at(stored.unwrap_or(DEFAULT_ORIGIN))
    }

    /// True if the base is `origin`.
    pub(super) fn is_at(&self, origin: &str) -> bool {
        Url::parse(origin).is_ok_and(|origin| origin.origin() == self.base.value.origin())
    }
}

/// The environment's roots by their real paths. A path that is not text counts, too.
fn roots(environment: &Environment) -> Vec<Sourced<PathBuf>> {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or(path.to_owned());
    let system: Vec<PathBuf> = SYSTEM_ROOTS.iter().map(|path| real(Path::new(path))).collect();
    let file = PathBuf::from(environment.as_it_stands("SSL_CERT_FILE"));
    let folders = std::env::split_paths(environment.as_it_stands("SSL_CERT_DIR"));
    let named = std::iter::once(("SSL_CERT_FILE", file)).chain(folders.map(|folder| ("SSL_CERT_DIR", folder)));
    let named = named.filter(|(_, path)| !path.as_os_str().is_empty()).map(|(name, path)| (name, real(&path)));
    let others = named.filter(|(_, path)| !system.contains(path));
    others.map(|(name, value)| Sourced { value, source: Source::Variable(name.into()) }).collect()
}
