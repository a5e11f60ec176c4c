//! An MCP server for OpenTrain AI.

pub mod api;
