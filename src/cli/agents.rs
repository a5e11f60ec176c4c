//! The command lines of `agents`.

use std::time::Duration;

use clap::Subcommand;
use jiff::Timestamp;

/// What to do with the agents.
#[derive(Debug, Subcommand)]
pub enum Agents {
    /// Add an agent, and print its key once
    ///
    /// The settings --read-only, --toolsets, --max-milestone-usd and --max-day-usd, given here, limit this agent beyond what
    /// the server's own settings forbid. A running server takes it up at once. For example:
    ///   opentrain-mcp agents add pipeline --toolsets contracts,milestones --max-day-usd 500 --expires 90d
    #[command(verbatim_doc_comment)]
    Add {
        /// The agent's name: letters, digits, -, _ and . (it stands in the record)
        name: String,
        /// When the key stops working: after a time (90d, 12h), or at one (2026-12-31T00:00:00Z)
        #[arg(long, value_name = "WHEN", value_parser = when)]
        expires: Option<Timestamp>,
    },
    /// List the agents with their limits; no key is shown
    List,
    /// Revoke the key of an agent, at once
    Revoke {
        /// The agent's name
        name: String,
    },
    /// Give an agent another key, and print it once; the old one stops working at once
    Rotate {
        /// The agent's name
        name: String,
        /// When the new key stops working, as for add
        #[arg(long, value_name = "WHEN", value_parser = when)]
        expires: Option<Timestamp>,
    },
}

fn when(text: &str) -> Result<Timestamp, String> {
    let after = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "d" => 86_400,
            "h" => 3_600,
            "m" => 60,
            _ => return None,
        };
        let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
        Timestamp::now().checked_add(Duration::from_secs(number.checked_mul(seconds)?)).ok()
    };
    let at = || text.parse::<Timestamp>().ok().filter(|end| *end > Timestamp::now());
    let end = after().or_else(at).and_then(|end| Timestamp::from_second(end.as_second()).ok());
    end.ok_or_else(|| format!("must be a time from now, such as 90d or 12h, or a later moment such as 2026-12-31T00:00:00Z, not \"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_time_or_a_later_moment() {
        let days = when("90d").unwrap().duration_since(Timestamp::now()).as_hours();
        assert!((90 * 24 - 1..=90 * 24).contains(&days), "{days}");
        assert!(when("2999-01-01T00:00:00Z").is_ok());
        for wrong in ["", "d", "0d", "-1d", "90", "90y", "2001-01-01T00:00:00Z", "soon", "99999999999999999999d"] {
            assert!(when(wrong).is_err(), "{wrong}");
        }
    }
}
