//! The signals that stop the process. A signal that is ignored at the start (`nohup`, a script's `&`) stays ignored.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for a signal that stops a server over stdio: from its host, from a closed terminal, or Ctrl-C at its own
/// terminal. Other interrupts are ignored, because the terminal sends an interrupt to the host's whole process group.
pub(super) async fn stop_of_server() {
    use std::io::IsTerminal;
    stop(std::io::stdin().is_terminal()).await;
}

/// Waits for a signal that stops the process, including Ctrl-C.
pub(crate) async fn stopped() {
    stop(true).await;
}

#[cfg(unix)]
async fn stop(by_interrupt: bool) {
    // The handler is always installed, because an unhandled interrupt would end the process.
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

/// True if the signal was ignored at the start. Only Linux reports this without unsafe code.
#[cfg(unix)]
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}

/// The console's events: its window closes, the user logs off, the system stops; Ctrl-C and Ctrl-Break are interrupts.
#[cfg(windows)]
async fn stop(by_interrupt: bool) {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

    macro_rules! next {
        ($event:ident) => {
            async {
                match $event() {
                    Ok(mut event) => drop(event.recv().await),
                    Err(_) => std::future::pending().await,
                }
            }
        };
    }
    // The handlers of interrupts are always installed, because an unhandled one would end the process.
    let (interrupt, pause) = (ctrl_c(), ctrl_break());
    let interrupts = async {
        match (interrupt, pause) {
            (Ok(mut interrupt), Ok(mut pause)) if by_interrupt => tokio::select! {
                _ = interrupt.recv() => {}
                _ = pause.recv() => {}
            },
            (_kept, _installed) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = next!(ctrl_close) => {}
        () = next!(ctrl_logoff) => {}
        () = next!(ctrl_shutdown) => {}
        () = interrupts => {}
    }
}
