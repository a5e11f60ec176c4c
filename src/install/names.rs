//! The names of our entry, and what a user can say first.

/// The name of the entry unless the user gives one.
pub const DEFAULT_NAME: &str = "opentrain";
/// The name of the entry for the sandbox unless the user gives one.
pub const SANDBOX_NAME: &str = "opentrain-sandbox";

/// What a user can say to the assistant first.
pub const SENTENCES: [&str; 6] = [
    "List my OpenTrain contracts and tell me which milestones wait for me.",
    "Draft a job for 500 hours of Spanish sentiment labeling at $12 an hour.",
    "Which proposals are new, and who fits best? Show me the interviews.",
    "Add a milestone of $300 to Maria's contract and ask me to fund it.",
    "Release the milestone that Maria finished, and wait until I have decided.",
    "What did you change on OpenTrain today?",
];
