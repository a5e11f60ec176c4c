//! The sandbox behind `--sandbox`. It starts at the first call, and all servers of one user share it, so that every
//! chat sees what a person does on a page.

use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use super::faults::Faults;
use super::loopback;
use super::marker::{Holder, ask};
use super::secret::UserSecret;
use super::server::{Sandbox, origin};
use crate::api::client::Endpoint;
use crate::api::error::Error;
use crate::api::wording::wording;

/// How many ports are tried before any free port is taken.
const PORTS: u16 = 8;

/// A sandbox that is found or started when it is first needed.
pub struct Embedded {
    port: u16,
    secret: UserSecret,
    faults: Faults,
    client: OnceCell<reqwest::Client>,
    place: Mutex<Option<Place>>,
    /// True until the caller knows that another sandbox has taken the place of this one.
    replaced: AtomicBool,
    is_brief: bool,
    /// True until the caller knows that the sandbox ends with this process.
    ends: AtomicBool,
}

const ENDS: &str = "NOTE: this sandbox ends with this command, and its links with it. To keep one for several commands, run \
    `opentrain-mcp sandbox` beside them.";

const REPLACED: &str = "NOTE: the sandbox that was used so far ended with the process that held it, and a fresh one took its \
    place: what was made in the old one is gone, and its ids may mean something else.";

enum Place {
    Own(Sandbox),
    Shared { port: u16, origin: Url, instance: u64 },
}

impl Place {
    const fn origin(&self) -> &Url {
        match self {
            Self::Own(sandbox) => sandbox.origin(),
            Self::Shared { origin, .. } => origin,
        }
    }
}

impl Embedded {
    /// A sandbox on `port` or one of the next ports, for processes that know `secret`. It starts at the first call.
    /// With port 0 it takes any free port and is not shared.
    #[must_use]
    pub fn new(port: u16, secret: UserSecret) -> Self {
        Self {
            port,
            secret,
            faults: Faults::none(),
            client: OnceCell::new(),
            place: Mutex::new(None),
            replaced: AtomicBool::new(false),
            is_brief: false,
            ends: AtomicBool::new(false),
        }
    }

    /// Adds `faults`. A sandbox with faults is not shared.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// For a process that ends after one call.
    #[must_use]
    pub fn for_one_call(self) -> Self {
        Self { is_brief: true, ..self }
    }

    /// Finds or starts the sandbox. If it ended with its process, it starts again on the same port, since links in a
    /// chat must lead somewhere.
    async fn locate(&self) -> io::Result<Url> {
        let mut place = self.place.lock().await;
        let (first, known) = match &*place {
            Some(Place::Own(sandbox)) => return Ok(sandbox.origin().clone()),
            Some(Place::Shared { port, instance, .. }) => (*port, Some(*instance)),
            None => (self.port, None),
        };
        let found = self.settle(first).await?;
        let origin = found.origin().clone();
        if known.is_none() {
            self.name_port(&origin);
        }
        let same = matches!(&found, Place::Shared { instance, .. } if known == Some(*instance));
        if known.is_some() && !same {
            tracing::warn!("{REPLACED}");
            self.replaced.store(true, Ordering::Release);
        }
        self.ends.store(self.is_brief && matches!(found, Place::Own(_)), Ordering::Release);
        *place = Some(found);
        Ok(origin)
    }

    /// Tries `first` and the ports after it, then any free port.
    async fn settle(&self, first: u16) -> io::Result<Place> {
        for port in (0..PORTS).filter_map(|step| first.checked_add(step)) {
            match self.take(port).await {
                Ok(place) => return Ok(place),
                Err(held_by) => tracing::warn!(port, held_by, "the sandbox passes over a port that is in use"),
            }
        }
        self.start(0).await.map(Place::Own)
    }

    fn name_port(&self, origin: &Url) {
        if let Some(port) = origin.port().filter(|port| self.port != 0 && *port != self.port) {
            tracing::warn!(
                "the sandbox is at {origin}: it uses port {port}, since another program has port {}",
                self.port
            );
        }
    }

    /// Starts a sandbox on `port`, or shares the one that is there. An error describes the program that has the port.
    async fn take(&self, port: u16) -> Result<Place, String> {
        let fault = match self.start(port).await {
            Ok(sandbox) => return Ok(Place::Own(sandbox)),
            Err(fault) => fault,
        };
        let client =
            self.client.get_or_try_init(async || loopback::client()).await.map_err(|fault| fault.to_string())?;
        match ask(client, port, self.secret.key()).await {
            Holder::Ours(_) if !self.faults.is_empty() => Err("a sandbox without the faults that are asked for".into()),
            Holder::Ours(instance) => {
                let origin = origin((Ipv4Addr::LOCALHOST, port).into()).map_err(|fault| fault.to_string())?;
                Ok(Place::Shared { port, origin, instance })
            }
            Holder::Stranger(what) => Err(what.into()),
            // The port was freed meanwhile, or this user may not use it.
            Holder::Nobody => self.start(port).await.map(Place::Own).map_err(|_| fault.to_string()),
        }
    }

    async fn start(&self, port: u16) -> io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Sandbox::start_with(listener, &self.secret, self.faults.clone())
    }
}

impl Endpoint for Embedded {
    fn origin(&self) -> BoxFuture<'_, Result<Url, Error>> {
        Box::pin(async {
            let found = self.locate().await;
            found.map_err(|fault| Error::Unusable {
                what: wording!("the sandbox cannot be started: {}", fault.to_string()),
                look_at: "whether a port of 127.0.0.1 is free (--sandbox-port)",
            })
        })
    }

    fn take_notice(&self) -> Option<&'static str> {
        let notices = [(&self.replaced, REPLACED), (&self.ends, ENDS)];
        notices.into_iter().find(|(is_due, _)| is_due.swap(false, Ordering::AcqRel)).map(|(_, notice)| notice)
    }
}
