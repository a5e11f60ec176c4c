//! The log, on stderr: stdout is the protocol. A host that does not read it must not hold up the one thread that serves,
//! so a thread of its own writes the lines, and what it cannot keep up with is dropped.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::Fault;
use crate::api::token::TokenSource;
use crate::config::{Credentials, Flags, LogFormat};

/// How many lines may wait to be written.
const WAITING: usize = 4_096;
/// How long the end of the process waits for the last of them.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// The log of this process. Its thread begins with the first line: most starts have none.
#[derive(Clone)]
pub(super) struct Log {
    to: Arc<OnceLock<SyncSender<Said>>>,
    /// Their secrets are masked in each line: a caller may have put one into a name or an argument.
    credentials: Arc<Credentials>,
}

enum Said {
    Line(Vec<u8>),
    /// All that was said before has been written when this is dropped.
    Done(#[expect(dead_code, reason = "it is there to be dropped")] SyncSender<()>),
}

impl Log {
    /// Begins to log what the flags ask for.
    pub(super) fn start(flags: &Flags, credentials: Arc<Credentials>) -> Result<Self, Fault> {
        let log = Self { to: Arc::default(), credentials };
        let lines = tracing_subscriber::fmt::layer().with_writer(log.clone());
        let registry = tracing_subscriber::registry().with(flags.log_filter.clone());
        match flags.log_format {
            LogFormat::Text => registry.with(lines.with_ansi(false)).try_init()?,
            LogFormat::Json => registry.with(lines.json()).try_init()?,
        }
        Ok(log)
    }

    /// Waits a moment until what was said is written.
    pub(super) fn finish(&self) {
        let Some(to) = self.to.get() else { return };
        let (done, is_done) = sync_channel(0);
        if to.try_send(Said::Done(done)).is_ok() {
            // Nothing is ever sent: it ends with the sender, or with the time.
            let _ = is_done.recv_timeout(LAST_WORDS);
        }
    }

    fn sender(&self) -> SyncSender<Said> {
        let begin = || {
            let (to, from) = sync_channel(WAITING);
            // Without a thread there is no log; everything else goes on.
            drop(std::thread::Builder::new().name("log".into()).spawn(move || write(&from)));
            to
        };
        self.to.get_or_init(begin).clone()
    }
}

fn write(said: &Receiver<Said>) {
    for said in said {
        if let Said::Line(line) = said {
            // There is no other place to tell that stderr is closed.
            let _ = io::stderr().write_all(&line);
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { text: Vec::new(), to: self.sender(), credentials: Arc::clone(&self.credentials) }
    }
}

/// One line, handed over when it is whole.
pub(super) struct Line {
    text: Vec<u8>,
    to: SyncSender<Said>,
    credentials: Arc<Credentials>,
}

impl Write for Line {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut line = String::from_utf8_lossy(&self.text).into_owned();
        for secret in self.credentials.secrets() {
            secret.mask(&mut line);
        }
        let _ = self.to.try_send(Said::Line(line.into_bytes()));
    }
}
