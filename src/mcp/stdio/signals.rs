//! The signals that stop a process. A signal that whoever started the process told it to ignore (`nohup`, a script's
//! `&`) stays ignored.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Until the process is told to stop. A server over stdio is told by its host, by a terminal that is closed, and by
/// Ctrl-C only at a terminal of its own: an interrupt goes to the whole group of processes, and the host may have meant
/// it for itself.
pub(super) async fn stop_of_server() {
    use std::io::IsTerminal;
    stop(std::io::stdin().is_terminal()).await;
}

/// Until the process is told to stop, by Ctrl-C too.
pub(crate) async fn stopped() {
    stop(true).await;
}

#[cfg(unix)]
async fn stop(by_interrupt: bool) {
    // Listened to in any case: a signal that nobody listens to ends the process.
    let interrupt = listen(SignalKind::interrupt());
    tokio::select! {
        () = next(listen(SignalKind::terminate())) => {}
        () = next(listen(SignalKind::hangup())) => {}
        () = next(interrupt), if by_interrupt => {}
    }
}

#[cfg(unix)]
fn listen(kind: SignalKind) -> Option<Signal> {
    if is_ignored(kind) { None } else { signal(kind).ok() }
}

#[cfg(unix)]
async fn next(signal: Option<Signal>) {
    match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether the process was started with this signal ignored. Only Linux tells it without unsafe code.
#[cfg(unix)]
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

#[cfg(not(unix))]
async fn stop(by_interrupt: bool) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if by_interrupt {
            return;
        }
    }
    std::future::pending::<()>().await;
}
