//! The command line of `reconcile`.

use std::path::PathBuf;

use clap::Args;

/// What to compare, and how to print it.
#[derive(Debug, Args)]
pub struct Reconcile {
    /// Judge only what happened since this day or moment (UTC) [default: the first line of the account on record]
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<String>,
    /// Print everything as JSON
    #[arg(long, conflicts_with_all = ["csv", "html"])]
    pub(crate) json: bool,
    /// Print the milestones as CSV, for a spreadsheet
    #[arg(long, conflicts_with = "html")]
    pub(crate) csv: bool,
    /// Write one HTML file, for a screen and for paper
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}
