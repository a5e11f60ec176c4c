//! The log on stderr, since stdout is the protocol. A thread of its own writes the lines, so that a host that does not read
//! stderr never blocks the thread that serves; lines that the thread cannot keep up with are dropped. tracing-appender does
//! not fit: when nobody reads stderr, it delays the exit by up to a second and prints to stdout.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::fault::Fault;
use crate::api::token::{TokenSource, hide_secrets};
use crate::config::{Credentials, Flags, LogFormat};

/// How many lines may wait to be written.
const QUEUE: usize = 4_096;
/// How long the end of the process waits for the last lines.
const LAST_LINES: Duration = Duration::from_millis(50);

/// The log of this process. Its thread starts with the first line, since most runs log nothing.
#[derive(Clone)]
pub(super) struct Log {
    queue: Arc<OnceLock<SyncSender<Entry>>>,
    /// Their secrets are masked in each line: a caller may have put one into a name or an argument.
    credentials: Arc<Credentials>,
}

enum Entry {
    Line(Vec<u8>),
    /// Dropped when every line before it is written.
    End(#[expect(dead_code, reason = "only dropping it matters")] SyncSender<()>),
}

impl Log {
    /// Starts the log that the flags ask for.
    pub(super) fn start(flags: &Flags, credentials: Arc<Credentials>) -> Result<Self, Fault> {
        let log = Self { queue: Arc::default(), credentials };
        let lines = tracing_subscriber::fmt::layer().with_writer(log.clone());
        let registry = tracing_subscriber::registry().with(flags.log_filter.clone());
        match flags.log_format {
            LogFormat::Text => registry.with(lines.with_ansi(false)).try_init()?,
            LogFormat::Json => registry.with(lines.json()).try_init()?,
        }
        Ok(log)
    }

    /// Waits a moment until every line is written.
    pub(super) fn finish(&self) {
        let Some(queue) = self.queue.get() else { return };
        let (end, ended) = sync_channel(0);
        if queue.try_send(Entry::End(end)).is_ok() {
            let _ = ended.recv_timeout(LAST_LINES);
        }
    }
}

fn write(entries: &Receiver<Entry>) {
    for entry in entries {
        if let Entry::Line(line) = entry {
            // If stderr is closed, there is no other place to say so.
            let _ = io::stderr().write_all(&line);
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { text: Vec::new(), log: self }
    }
}

/// One line, queued when it is complete.
pub(super) struct Line<'a> {
    text: Vec<u8>,
    log: &'a Log,
}

impl Write for Line<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let mut line = String::from_utf8_lossy(&self.text).into_owned();
        hide_secrets(&mut line, self.log.credentials.secrets());
        let queue = self.log.queue.get_or_init(|| {
            let (queue, entries) = sync_channel(QUEUE);
            // Without a thread there is no log; everything else goes on.
            drop(std::thread::Builder::new().name("log".into()).spawn(move || write(&entries)));
            queue
        });
        let _ = queue.try_send(Entry::Line(line.into_bytes()));
    }
}
