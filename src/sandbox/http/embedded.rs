//! The sandbox behind `--sandbox`: started at the first call, and shared by all servers of one user, so that what a
//! person does on a page is seen from every chat.

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

/// How many ports are looked at before any free one is taken.
const PORTS: u16 = 8;

/// A sandbox that is found or started when it is first needed.
pub struct Embedded {
    port: u16,
    secret: UserSecret,
    faults: Faults,
    /// The client that looks for a sandbox to share.
    client: OnceCell<reqwest::Client>,
    /// Where it was found or started.
    place: Mutex<Option<Place>>,
    /// Whether another one has taken its place, and the caller was not told yet.
    replaced: AtomicBool,
    /// Whether the process ends after one call.
    is_brief: bool,
    /// Whether the sandbox is of this process, which ends after one call, and the caller was not told yet.
    ends: AtomicBool,
}

/// The notice, given once, that the links in the answer will soon be dead.
const ENDS: &str = "NOTE: this sandbox ends with this command, and its links with it. To keep one for several commands, run \
    `opentrain-mcp sandbox` beside them.";

/// The notice, given once, that another sandbox has taken the place of the one that was used.
const REPLACED: &str = "NOTE: the sandbox that was used so far ended with the process that held it, and a fresh one took its \
    place: what was made in the old one is gone, and its ids may mean something else.";

enum Place {
    /// In this process.
    Own(Sandbox),
    /// In another process.
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
    /// A sandbox on `port` of this machine, or near it, for the processes that know `secret`. Nothing happens before the
    /// first call. Port 0 is any free one, shared with nobody.
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

    /// The same with `faults`. With faults it is this process's own, and shared with nobody.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// The same for a process that ends after one call.
    #[must_use]
    pub fn for_one_call(self) -> Self {
        Self { is_brief: true, ..self }
    }

    /// Where the sandbox is now. A sandbox that ended with its process is started again on the same port: links in a
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

    /// Looks at `first` and the ports after it, and takes any free port if other programs have all of them.
    async fn settle(&self, first: u16) -> io::Result<Place> {
        for port in (0..PORTS).filter_map(|step| first.checked_add(step)) {
            match self.take(port).await {
                Ok(place) => return Ok(place),
                Err(held_by) => tracing::warn!(port, held_by, "the sandbox passes over a port that is in use"),
            }
        }
        self.start(0).await.map(Place::Own)
    }

    /// Names the port if it is not the one that was asked for.
    fn name_port(&self, origin: &Url) {
        if let Some(port) = origin.port().filter(|port| self.port != 0 && *port != self.port) {
            tracing::warn!(
                "the sandbox is at {origin}: it uses port {port}, since another program has port {}",
                self.port
            );
        }
    }

    /// Starts a sandbox on `port`, or shares the one that is there. Of two that start at once, one gets the port and
    /// the other shares it.
    /// An error says what has the port instead.
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
            // It was freed between the two looks, or may not be used at all.
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
