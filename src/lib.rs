//! An MCP server for OpenTrain AI: contracts, milestones, and the people who approve them, in the hands of AI agents.
//!
//! ARCHITECTURE.md says what each room is for; `tests/suite/architecture.rs` holds which room may use which. Start reading
//! at `engine::toolbox`, or at `tools::contracts` for what a tool looks like.

pub mod answer;
pub mod api;
pub mod cli;
mod commands;
pub mod config;
pub mod docs;
pub mod drift;
pub mod engine;
pub mod files;
pub mod guard;
pub mod install;
pub mod mcp;
#[cfg(feature = "otel")]
pub mod otel;
pub mod reconcile;
pub mod sandbox;
pub mod tools;

pub use commands::{server, start};
