//! Recognises values that nobody filled in: `${NAME}`, `<your token>`, a value with its quotes. A reason never repeats
//! the value, since it may be a token in quotes.

/// How references to a secret store begin.
const REFERENCES: [&str; 12] = [
    "op://",
    "vault://",
    "bws://",
    "doppler://",
    "keeper://",
    "secret://",
    "secrets://",
    "env:",
    "ref+",
    "arn:aws:secretsmanager:",
    "@microsoft.keyvault(",
    "!vault",
];
/// What programs write for a missing value.
const MISSING: [&str; 7] = ["undefined", "null", "none", "nil", "(null)", "[object object]", "<nil>"];
/// Words of example tokens. A real token is random: it has none of them together with "token", "key" or "secret".
const EXAMPLES: [&str; 9] =
    ["your", "changeme", "change-me", "change_me", "replace", "placeholder", "example", "insert", "_here"];

/// Why `value` counts as unset; `None` if it is a real value.
pub(super) fn unfilled(value: &str) -> Option<&'static str> {
    let lower = value.to_ascii_lowercase();
    let wrapped = |open: &str, close: &str| value.starts_with(open) && value.ends_with(close);
    if ["\"", "'", "`", "“", "‘"].iter().any(|quote| value.starts_with(quote)) || wrapped("\\\"", "\"") {
        return Some("it is in quotes: remove them");
    }
    if begins_with_a_name(value) {
        return Some("it begins with a variable's name and \"=\": give the value alone");
    }
    if MISSING.contains(&lower.as_str()) {
        return Some("it is the word that a program writes for a missing value");
    }
    if REFERENCES.iter().any(|reference| lower.starts_with(reference)) {
        return Some("it is a reference to a secret store, which this server does not look up");
    }
    let template = ["${", "{{", "$(", "<%", "%{"].iter().any(|open| value.contains(open));
    if template || wrapped("<", ">") || wrapped("{", "}") || wrapped("__", "__") || shell_variable(value) {
        return Some("it is a placeholder that was not filled in");
    }
    windows_variable(value).then_some("it is a placeholder that was not filled in")
}

/// Like `unfilled`, for a token: a prefix with random letters and digits.
pub(super) fn unfilled_token(value: &str) -> Option<&'static str> {
    let why = unfilled(value);
    if why.is_some() {
        return why;
    }
    if value.contains("://") {
        return Some("it is an address or a reference to a secret store, and no token");
    }
    if value.contains("...") || value.contains(['…', '*']) {
        return Some("it is a shortened token, as examples and lists show it");
    }
    if value.contains(['<', '>', '[', ']']) {
        return Some("it is a placeholder that was not filled in");
    }
    let lower = value.to_ascii_lowercase();
    let secret = lower.strip_prefix("ot_pat_").unwrap_or(&lower);
    let is_empty = secret.chars().all(|letter| matches!(letter, 'x' | '_' | '-' | '0' | '.'));
    let is_a_name = value.contains('_') && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let is_an_example = EXAMPLES.iter().any(|word| secret.contains(word))
        && ["token", "key", "secret"].iter().any(|word| lower.contains(word));
    (is_empty || is_a_name || is_an_example || matches!(secret, "token" | "secret" | "changeme" | "todo"))
        .then_some("it is an example and no token")
}

/// `NAME=value` or `export NAME=value`, as in a line of an env file.
fn begins_with_a_name(value: &str) -> bool {
    let line = ["export ", "set ", "$env:"].iter().find_map(|word| value.strip_prefix(word)).unwrap_or(value);
    line.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim();
        is_name(name) && !name.contains(|letter: char| letter.is_ascii_lowercase())
    })
}

/// `$NAME`, alone or before something else.
fn shell_variable(value: &str) -> bool {
    value
        .strip_prefix('$')
        .is_some_and(|name| name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_'))
}

/// `%NAME%`, anywhere.
fn windows_variable(value: &str) -> bool {
    value.split('%').skip(1).step_by(2).any(is_name) && value.matches('%').count() >= 2
}

fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_of_every_setting_are_known() {
        for value in [
            "${OT_API_TOKEN}",
            "${env:NAME}",
            "${input:id}",
            "$NAME",
            "$HOME/audit.jsonl",
            "%NAME%",
            "%USERPROFILE%\\audit.jsonl",
            "{{name}}",
            "{env:NAME}",
            "<a path>",
            "__TOKEN__",
            "\"500\"",
            "'500'",
            "`500`",
            "OPENTRAIN_TIMEOUT=5",
            "export OPENTRAIN_TIMEOUT=5",
            "undefined",
            "null",
            "None",
            "op://Private/OpenTrain/token",
            "https://${HOST}",
        ] {
            assert!(unfilled(value).is_some(), "{value}");
        }
    }

    #[test]
    fn values_that_only_look_odd_are_values() {
        for value in [
            "500",
            "$500",
            "$99.50",
            "100%",
            "contracts,milestones",
            "opentrain_mcp=debug",
            "lost-reply@create_milestone:1",
            "https://app.opentrain.ai",
            "/srv/50%off/a%20b.jsonl",
            "ot_",
            "C:\\Users\\me\\audit.jsonl",
        ] {
            assert_eq!(unfilled(value), None, "{value}");
        }
    }

    #[test]
    fn examples_of_tokens_are_no_tokens() {
        for value in [
            "ot_pat_...",
            "ot_pat_…",
            "ot_pat_c3f9********bd21",
            "ot_pat_xxxx_xxxxxxxx",
            "ot_pat_",
            "ot_pat_<secret>",
            "ot_pat_your_token_here",
            "YOUR_TOKEN_HERE",
            "OT_API_TOKEN",
            "your-opentrain-token",
            "https://app.opentrain.ai/keys",
            "token",
        ] {
            assert!(unfilled_token(value).is_some(), "{value}");
        }
        for value in ["ot_pat_c3f9_s3cr3tpart99", "ot_pat_x_y", "ot_pat_b", "ot_pat_a_filefilefile", "t0k3n"] {
            assert_eq!(unfilled_token(value), None, "{value}");
        }
    }
}
