//! The settings of a server over HTTP.

use std::net::{IpAddr, SocketAddr};

use clap::{Args, Command};
use url::Url;

use crate::answer::{Shown, quoted, shown};

use super::names::HEADING;
use super::values::{Reader, optional, switch, text};

const NONE: &str = "none";
const STDIO: &str = "stdin and stdout";
const USUAL_AGENTS: &str = "~/.config/opentrain-mcp/agents.toml";

/// clap reads `Option` itself, as an argument without a default. These settings have one, which stands for none.
type Optional<T> = Option<T>;

/// A range of addresses: its base and its prefix, as in `10.0.0.0/8`.
type AddressRange = (IpAddr, u8);

/// The settings of a server over HTTP.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = HEADING)]
pub struct HttpFlags {
    /// Serve MCP over HTTP at this address, such as 127.0.0.1:8787, instead of stdin and stdout. The endpoint is /mcp. Any
    /// address but loopback needs --public-url
    #[arg(long, value_name = "ADDR", env = "OPENTRAIN_HTTP", default_value = STDIO)]
    #[arg(value_parser = Reader(optional(STDIO, address)))]
    pub http: Optional<SocketAddr>,

    /// The https address under which clients reach this server; a proxy ends TLS
    #[arg(long, value_name = "URL", env = "OPENTRAIN_PUBLIC_URL", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, https)))]
    pub public_url: Optional<Url>,

    /// Web pages whose scripts may call over HTTP, by origin, separated by commas
    #[arg(long, value_name = "ORIGINS", env = "OPENTRAIN_ALLOWED_ORIGIN", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, origins)))]
    pub allowed_origin: Optional<Vec<Url>>,

    /// Proxies whose X-Forwarded-For is believed, by address or range (10.0.0.0/8), separated by commas
    #[arg(long, value_name = "RANGES", env = "OPENTRAIN_TRUSTED_PROXY", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, ranges)))]
    pub trusted_proxy: Optional<Vec<AddressRange>>,

    /// File with the agents that may call over HTTP, and the hashes of their keys. `opentrain-mcp agents` writes it
    #[arg(long, value_name = "FILE", env = "OPENTRAIN_AGENTS", default_value = USUAL_AGENTS)]
    #[arg(value_parser = Reader(optional(USUAL_AGENTS, text)))]
    pub agents: Optional<String>,

    /// Also serve callers over HTTP that send an OpenTrain token of their own (Authorization: Bearer ot_pat_…). It is used
    /// for that request only. This is not the authorization of MCP
    #[arg(long, env = "OPENTRAIN_ACCEPT_OPENTRAIN_TOKENS", value_parser = Reader(switch))]
    pub accept_opentrain_tokens: bool,

    /// Name this authorization server to clients over HTTP (RFC 9728), where a gateway in front swaps its tokens for agents'
    /// keys. It needs --public-url
    #[arg(long, value_name = "URL", env = "OPENTRAIN_AUTHORIZATION_SERVER", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, https)))]
    pub authorization_server: Optional<Url>,

    /// Serve figures for Prometheus at this address, at /metrics. Let only Prometheus reach it
    #[arg(long, value_name = "ADDR", env = "OPENTRAIN_METRICS", default_value = NONE)]
    #[arg(value_parser = Reader(optional(NONE, address)))]
    pub metrics: Optional<SocketAddr>,
}

/// True if the setting is one of these.
pub(super) fn is_for_http(name: &str) -> bool {
    let command = HttpFlags::augment_args(Command::new("http"));
    command.get_arguments().any(|argument| argument.get_long() == Some(name))
}

fn address(text: &str) -> Result<SocketAddr, Shown> {
    text.parse().map_err(|_| shown!("must be an IP address and a port, such as 127.0.0.1:8787, not {}", quoted(text)))
}

fn https(text: &str) -> Result<Url, Shown> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.host_str().is_some());
    let url = url.filter(|url| url.username().is_empty() && url.query().is_none() && url.fragment().is_none());
    url.ok_or_else(|| shown!("must be an https address, such as https://mcp.example.com, not {}", quoted(text)))
}

fn origins(list: &str) -> Result<Vec<Url>, Shown> {
    let origin = |text: &str| {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/");
        url.ok_or_else(|| shown!("must be origins, such as https://app.example.com, not {}", quoted(text)))
    };
    list.split(',').map(|text| origin(text.trim())).collect()
}

fn ranges(list: &str) -> Result<Vec<AddressRange>, Shown> {
    let range = |text: &str| {
        let (base, prefix) = text.split_once('/').map_or((text, None), |(base, prefix)| (base, Some(prefix)));
        let base: IpAddr = base.parse().ok()?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(longest), |prefix| prefix.parse().ok())?;
        (prefix <= longest).then_some((base, prefix))
    };
    let wrong = || shown!("must be addresses or ranges, such as 127.0.0.1 or 10.0.0.0/8, not {}", quoted(list));
    list.split(',').map(|text| range(text.trim()).ok_or_else(wrong)).collect()
}
