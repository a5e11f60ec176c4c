//! Clean histories, in which nothing is alarmed, and planted differences, each of which is found.

mod clean;
mod planted;
mod story;
