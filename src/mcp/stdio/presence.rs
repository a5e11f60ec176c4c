//! Whether the host is still there, where the end of the input does not say so: somebody else may hold the pipe open, or
//! the input may not be read because the host does not read its answers.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

/// How often it is looked at.
const LOOKS: Duration = Duration::from_secs(2);

/// What tells that the host is there, besides its messages.
pub(super) struct Presence {
    pub(super) parent: Parent,
    pub(super) input: Input,
}

impl Presence {
    /// The process that started this one, and its stdin.
    pub(super) fn of_process() -> Self {
        let mut looks = tokio::time::interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { parent: Parent(PARENT.map(|id| (id(), looks))), input: Input { is_stdin: true } }
    }

    /// A host of which nothing is known but its messages.
    #[cfg(test)]
    pub(super) fn unknown() -> Self {
        Self { parent: Parent(None), input: Input { is_stdin: false } }
    }
}

/// The process that started this one, and when to look at it again.
pub(super) struct Parent(Option<(u32, Interval)>);

impl Parent {
    /// Waits for the next look, and says whether the parent has ended. Waits for ever where that cannot be told.
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

/// The input, and whether it is the stdin of this process.
pub(super) struct Input {
    is_stdin: bool,
}

impl Input {
    /// Until the other end has closed, although not all was read. Waits for ever where that cannot be told.
    pub(super) async fn closed(&self) {
        if self.is_stdin {
            hang_up().await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

/// How the id of the parent is found, where there is a way. It changes when the parent ends.
#[cfg(unix)]
const PARENT: Option<fn() -> u32> = Some(std::os::unix::process::parent_id);
#[cfg(not(unix))]
const PARENT: Option<fn() -> u32> = None;

/// Looks at stdin from time to time, and ends when nobody can write to it any more.
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
    std::future::pending().await
}
