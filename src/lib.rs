//! An MCP server for OpenTrain AI: contracts, milestones, and the people who approve them, in the hands of AI agents.
//!
//! | room | what it is | may use |
//! |---|---|---|
//! | [`api`] | what OpenTrain is | nothing of ours |
//! | [`tools`] | what we make of it | `api`, `files` |
//! | [`mcp`] | how it is spoken: the only room that knows MCP | `tools`, `api` |
//! | [`sandbox`] | OpenTrain again, small, on loopback | `api` |
//! | [`config`] | what the settings mean | `api`, `files` |
//! | [`cli`] | what was typed | `config`, `install` |
//! | [`files`] | private files, put in place whole, and locks on them | nothing of ours |
//! | [`drift`] | OpenTrain's description of its API against ours | `api` |
//! | [`install`] | this server's entry in the files of MCP hosts | `files` |
//! | [`docs`] | text made from the tables | `api`, `config`, `install`, `mcp`, `tools` |
//! | `commands` | where they meet | all of them |
//!
//! `tests/suite/architecture.rs` holds the last column. ARCHITECTURE.md tells the story.

pub mod api;
pub mod cli;
mod commands;
pub mod config;
pub mod docs;
pub mod drift;
pub mod files;
pub mod install;
pub mod mcp;
pub mod sandbox;
pub mod tools;

pub use commands::start;
