//! `opentrain-mcp serve --http ADDR`: who may call, and what each caller gets.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::answer::Access;
use crate::api::caller_token::CallerToken;
use crate::api::hex::sha256;
use crate::api::token::{KEY_PREFIX, Token};
use crate::config::{Config, SEAL_KEYS};
use crate::engine::{Principal, Toolbox};
use crate::guard::agents::Watched;
use crate::guard::policy::{Limits, Toolsets};
use crate::mcp::Server;
use crate::mcp::http::{
    Admitted, Door, IpRange, Metrics, Names, Origins, Refused, Seal, Servers, Settings, Wish, serve,
};
use crate::tools::{all, family_names};

use super::traces::Traces;
use super::{Fault, agents, ledger, notify, services_over};
use crate::sandbox::Embedded;

/// Who may call this server.
struct Callers {
    /// The tools under the operator's own rules.
    toolbox: Arc<Toolbox>,
    agents: Watched,
    accepts_tokens: bool,
    servers: Servers,
}

/// Serves until a signal arrives.
pub(super) async fn run(config: &Config, address: SocketAddr) -> Result<ExitCode, Fault> {
    let settings = settings(config, address)?;
    ledger::connect(config).await?;
    let metrics = match config.flags.http.metrics {
        Some(address) => Some((Arc::new(Metrics::default()), listen(address, "--metrics").await?)),
        None => None,
    };
    let listener = listen(address, "--http").await?;
    let counted = metrics.as_ref().map(|(metrics, _)| Arc::clone(metrics));
    let (counting, traces) = (counted.clone(), Traces::start(config)?);
    let services = services_over(
        config,
        |embedded: Embedded| embedded,
        |client| match counting {
            Some(metrics) => traces.over(client).counted_by(metrics),
            None => traces.over(client),
        },
    )?;
    let closing = CancellationToken::new();
    let toolbox = Arc::new(Toolbox::new(services, crate::tools::CATALOG));
    let shared = Arc::clone(&toolbox.services);
    let agents = Watched::open(agents::path(config)?.to_path_buf(), family_names())?;
    if let Some(notifier) = shared.notifier.clone() {
        tokio::spawn(notify::watch(Arc::downgrade(&toolbox), notifier));
    }
    let callers = Callers {
        toolbox,
        agents: agents.clone(),
        accepts_tokens: config.flags.http.accept_opentrain_tokens,
        servers: Servers { seal: seal(config)?, closing: closing.clone(), metrics: counted.clone() },
    };
    tell(config, listener.local_addr()?, &callers);
    if let Some((metrics, listener)) = metrics {
        tokio::spawn(metrics.serve(listener));
    }
    tokio::spawn(async move {
        agents.watch(|agents| tracing::info!(agents = agents.all().len(), "the agents are read")).await;
    });
    let served = serve(listener, settings, callers, counted, closing, shared.running.idle()).await;
    shared.close().await;
    traces.end().await;
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(address: SocketAddr, setting: &str) -> Result<TcpListener, Fault> {
    Ok(TcpListener::bind(address)
        .await
        .map_err(|fault| format!("{setting}: {address} cannot be listened on: {fault}"))?)
}

fn settings(config: &Config, address: SocketAddr) -> Result<Settings, Fault> {
    let flags = &config.flags.http;
    let is_loopback = address.ip().is_loopback();
    if !is_loopback && flags.public_url.is_none() {
        return Err(format!(
            "--http {address} is reached by other machines: --public-url https://… (OPENTRAIN_PUBLIC_URL) must say under \
             which https address, and a proxy must end TLS there"
        )
        .into());
    }
    let authorization = match (&flags.authorization_server, &flags.public_url) {
        (Some(_), None) => return Err("--authorization-server needs --public-url".into()),
        (Some(server), Some(url)) => Some((
            format!("{}/mcp", url.as_str().trim_end_matches('/')),
            server.as_str().trim_end_matches('/').to_owned(),
        )),
        _ => None,
    };
    let host = flags.public_url.as_ref().and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}{port}", url.host_str()?))
    });
    let origins: Vec<_> = flags.allowed_origin.iter().flatten().cloned().collect();
    Ok(Settings {
        names: Names { loopback: is_loopback, hosts: host.into_iter().collect(), any: false },
        origins: Origins::of(&origins),
        trusted: flags.trusted_proxy.iter().flatten().map(|(base, prefix)| IpRange::new(*base, *prefix)).collect(),
        authorization,
    })
}

fn seal(config: &Config) -> Result<Seal, Fault> {
    match config.seal_keys.keys() {
        [] => Ok(Seal::of_process()?),
        keys => Ok(Seal::shared(keys).map_err(|fault| format!("{SEAL_KEYS}: {fault}"))?),
    }
}

/// Says at the start what an operator should know.
fn tell(config: &Config, address: SocketAddr, callers: &Callers) {
    super::warn(config);
    tracing::info!(%address, "serving MCP over HTTP at /mcp");
    if config.seal_keys.keys().is_empty() {
        tracing::warn!(
            "{SEAL_KEYS} is not set: with more than one replica, a call that waits for a person can only go on at the \
             replica where it began"
        );
    }
    if callers.agents.current().all().is_empty() && !callers.accepts_tokens {
        tracing::warn!("there is no agent yet, so every call is refused: `opentrain-mcp agents add NAME` makes one");
    }
}

impl Door for Callers {
    type Handler = Server;
    const CARRIES_ARGUMENTS: bool = true;

    fn admit(&self, bearer: Option<&str>, wish: &Wish) -> Result<Admitted<Server>, Refused> {
        let bearer = bearer.ok_or(Refused::Unauthorized)?;
        let services = &self.toolbox.services;
        let key = Token::new(bearer).map_err(|_| Refused::Unauthorized)?;
        let (id, principal, policy, tokens) = if bearer.starts_with(KEY_PREFIX) {
            let agents = self.agents.current();
            let agent = agents.admit(bearer, Timestamp::now()).ok_or(Refused::Unauthorized)?;
            let principal = Principal { access: Access::AgentKey, name: Some(agent.name.clone()), key: Some(key) };
            let policy = services.operator.policy.narrowed(&agent.limits);
            (format!("agent {}", agent.name), principal, policy, Arc::clone(&services.tokens))
        } else {
            let token = Token::of_caller(bearer).filter(|_| self.accepts_tokens).ok_or(Refused::Unauthorized)?;
            // A caller can write any public id into a token, so the id alone must not name it.
            let name = format!("{}~{}", token.principal(), short_hash(bearer));
            let principal = Principal { access: Access::OwnToken, name: Some(name.clone()), key: None };
            (
                format!("token {name}"),
                principal,
                services.operator.policy.clone(),
                Arc::new(CallerToken::of(token)) as _,
            )
        };
        let policy = policy.narrowed(&narrowing(wish, policy.prefix.as_str())?);
        Ok(self.servers.admit(id, Arc::new(self.toolbox.narrowed(principal, policy, tokens))))
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), String>> {
        self.toolbox.services.operator.ready().boxed()
    }
}

/// 128 bits of the hash of a token: nobody finds another token with the same ones.
fn short_hash(token: &str) -> String {
    sha256(token.as_bytes(), 32)
}

/// What the headers of one request take away. An unknown name is refused: it would silently take everything away.
fn narrowing(wish: &Wish, prefix: &str) -> Result<Limits, Refused> {
    let refused = |header: &str, why: String| Refused::Header(format!("{header}: {why}"));
    let families = family_names();
    let toolsets = wish.toolsets.as_deref().map(|list| Toolsets::parse(list, &families));
    let toolsets = toolsets.transpose().map_err(|why| refused("X-MCP-Toolsets", why))?;
    let tools = wish.tools.as_deref().map(|list| {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: BTreeSet<String> = names.map(|name| name.strip_prefix(prefix).unwrap_or(name).to_owned()).collect();
        let unknown = names.iter().find(|name| !all().any(|entry| entry.facts.name == **name));
        match unknown {
            Some(name) => Err(refused("X-MCP-Tools", format!("there is no tool \"{}\"", name.escape_default()))),
            None => Ok(names),
        }
    });
    Ok(Limits { read_only: wish.read_only, toolsets, tools: tools.transpose()?, ..Limits::default() })
}
