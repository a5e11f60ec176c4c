//! Configuration files as users have them.

use crate::install::{Format, HOSTS, Host};

/// Files of this host: with comments, other servers, odd indentation, other line ends, a byte order mark, no line end.
/// All of them for one host of each format; two for the others, which are edited by the same code.
pub(super) fn texts(host: &Host) -> Vec<String> {
    let texts: &[&str] = match host.format {
        Format::Json => JSON,
        Format::Toml => TOML,
        Format::Yaml => YAML,
    };
    let texts: Vec<String> = texts.iter().map(|text| text.replace("KEY", host.key)).collect();
    let dos = texts.iter().map(|text| text.replace('\n', "\r\n"));
    let marked = texts.iter().map(|text| format!("\u{feff}{text}"));
    let torn = texts.iter().map(|text| text.trim_end_matches('\n').to_owned());
    if HOSTS.iter().find(|other| other.format == host.format).is_none_or(|first| first.name != host.name) {
        return texts.into_iter().take(2).collect();
    }
    texts.iter().cloned().chain(dos).chain(marked).chain(torn).collect()
}

const JSON: &[&str] = &[
    "// Mine.\n{\n  \"theme\": \"dark\", // at night\n  \"KEY\": {\n    // The files.\n    \"files\": { \"command\": \"npx\", \"args\": [\"-y\", \"files\"] },\n    \"web\": {\n      \"command\": \"web\"\n    } // the last one\n  },\n  /* more */\n  \"z\": [1, 2.50, 1e3]\n}\n",
    "{\n\t\"KEY\": {\n\t\t\"files\": {\n\t\t\t\"command\": \"npx\",\n\t\t},\n\t},\n\t\"b\": null,\n}\n",
    "{\n      \"a\": 1,\n      \"KEY\": {\n      }\n}\n",
    "{ \"a\": 1, \"KEY\": { \"files\": { \"command\": \"npx\" } } }\n",
    "{\n  \"KEY\": {},\n\n\n  \"a\": \"opentrain\"\n}\n\n\n",
    "{\n  \"a\": 1\n}\n",
    "{}\n",
    "// Nothing yet.\n",
    "",
];

const TOML: &[&str] = &[
    "# Mine.\nmodel = \"x\" # the best\n\n[KEY.files]\ncommand = 'npx'\nargs = [ \"-y\",\n    \"files\" ] # two lines\n\n# Trust.\n[projects.\"/home/x\"]\ntrust_level = \"trusted\"\n\n[[hooks]]\na = 1\n",
    "model=\"x\"\n[KEY]\n  [KEY.files]\n  command   =   \"npx\"\n  [KEY.files.env]\n  A = \"b\"\n\n\n[tui]\nnotes = \"\"\"\nopentrain\n\n\"\"\"\n",
    "KEY = { files = { command = \"npx\" } }\n",
    "KEY.files.command = \"npx\"\n\n[z]\na = 1\n",
    "model = \"x\"\n",
    "# Nothing yet.\n",
    "",
];

const YAML: &[&str] = &[
    "# Mine.\nGOOSE_MODEL: x # the best\nKEY:\n  # The developer.\n  developer:\n    enabled: true # yes\n    type: builtin\n    args:\n    - a\n    - 'b c'\n\n  web:\n    enabled: false\n    timeout: 300\n# After.\nother: |\n  text\n    more\nlast: \"opentrain\"\n",
    "---\nKEY:\n      developer:\n            enabled: true\n            description: >-\n              folded\n              text\n",
    "KEY:\n  developer: {enabled: true, type: builtin}\nz: [1, 2]\n",
    "KEY: {}\nz: 1\n",
    "KEY:\nz: 1\n",
    "a: 1\nb:\n- x\n- y: 1\nc: yes\nd: 012\n",
    "# Nothing yet.\n",
    "",
];

/// Texts that no parser of this host accepts, or that have something else where servers stand.
pub(super) fn broken(host: &Host) -> Vec<String> {
    let texts: &[&str] = match host.format {
        Format::Json => {
            &["{ \"a\": 1", "{ \"KEY\": [] }", "[]", "{ \"KEY\": {} } }", "{ 'KEY': {} }", "<<<<<<< mine\n{}\n"]
        }
        Format::Toml => &["a = ", "KEY = 1\n", "[KEY\n", "[KEY.a]\nb = 1\nb = 2\n", "[[KEY]]\na = 1\n"],
        Format::Yaml => &[
            "a: [1, 2\n",
            "KEY: 1\n",
            "- a\n",
            "a: \"x\n",
            "a: 1\n---\nb: 2\n",
            "a:\n\t- b\n",
            "KEY:\n- a\n",
            "a: 1\na: 2\n",
        ],
    };
    texts.iter().map(|text| text.replace("KEY", host.key)).collect()
}

/// The text after its user has added a value in another place.
pub(super) fn with_a_change(host: &Host, text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    match host.format {
        Format::Json => text.replacen('{', "{\n  \"added\": 1,", 1),
        Format::Toml => format!("added = 1\n{text}"),
        Format::Yaml if text.starts_with("---") => format!("---\nadded: 1{}", text.trim_start_matches("---")),
        Format::Yaml => format!("added: 1\n{text}"),
    }
}
