//! Detects that the host is gone when the input does not end: another process may hold the pipe open, or the server may
//! have stopped reading because the host does not read its answers.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

/// The interval between two checks.
const LOOKS: Duration = Duration::from_secs(2);

/// Detects whether the host is there, without its messages.
pub(super) struct Presence {
    pub(super) parent: Parent,
    pub(super) input: Input,
}

impl Presence {
    /// Watches the parent process and stdin.
    pub(super) fn of_process() -> Self {
        let mut looks = tokio::time::interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { parent: Parent(PARENT.map(|id| (id(), looks))), input: Input { is_stdin: true } }
    }

    /// For a host that can be detected by its messages only.
    #[cfg(test)]
    pub(super) fn unknown() -> Self {
        Self { parent: Parent(None), input: Input { is_stdin: false } }
    }
}

/// The parent process, and the timer for checking it.
pub(super) struct Parent(Option<(u32, Interval)>);

impl Parent {
    /// Waits for the next check and reports whether the parent has ended. Never returns on systems without a way to
    /// check.
    pub(super) async fn has_ended(&mut self) -> bool {
        match &mut self.0 {
            Some((id, looks)) => {
                looks.tick().await;
                PARENT.is_some_and(|parent| parent() != *id)
            }
            None => std::future::pending().await,
        }
    }
}

/// The input, and whether it is the process's stdin.
pub(super) struct Input {
    is_stdin: bool,
}

impl Input {
    /// Waits until the other end is closed, even with unread input. Never returns on systems without a way to check.
    pub(super) async fn closed(&self) {
        if self.is_stdin {
            hang_up().await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

/// Reads the id of the parent process, where the system allows it. The id changes when the parent ends.
#[cfg(unix)]
const PARENT: Option<fn() -> u32> = Some(std::os::unix::process::parent_id);
#[cfg(not(unix))]
const PARENT: Option<fn() -> u32> = None;

/// Checks stdin at intervals and returns when no process can write to it.
#[cfg(unix)]
async fn hang_up() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    const GONE: PollFlags = PollFlags::HUP.union(PollFlags::RDHUP);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const GONE: PollFlags = PollFlags::HUP;
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        let stdin = std::io::stdin();
        let mut looked_at = [PollFd::new(&stdin, GONE)];
        if poll(&mut looked_at, Some(&at_once)).is_ok()
            && looked_at.iter().any(|stdin| stdin.revents().intersects(GONE))
        {
            return;
        }
        tokio::time::sleep(LOOKS).await;
    }
}

#[cfg(not(unix))]
async fn hang_up() {
    std::future::pending::<()>().await;
}
