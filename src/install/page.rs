//! The documentation page of a host, made from the same table as its entry.

use textwrap::{Options, WordSeparator, WordSplitter};

use super::document::DocumentError;
use super::edit::snippet;
use super::entry::Launch;
use super::hosts::Host;
use super::machine::{Machine, System};
use super::names::{DEFAULT_NAME, SANDBOX_NAME};

/// The width of prose in the documentation.
const WIDTH: usize = 120;

/// The page `docs/hosts/<name>.md`.
///
/// # Errors
/// When the host's format cannot hold the entry.
pub fn page(host: &Host) -> Result<String, DocumentError> {
    let program = env!("CARGO_PKG_NAME");
    let launch = |arguments: &[&str]| Launch {
        command: program.to_owned(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
    };
    let sandbox = snippet(host, SANDBOX_NAME, &launch(&["--sandbox"]))?;
    let account = snippet(host, DEFAULT_NAME, &launch(&[]))?;
    let (name, title, format) = (host.name, host.title, host.format.name());
    let token = if account.contains("OT_API_TOKEN") {
        format!(
            "{title} passes the variable `OT_API_TOKEN` on from the environment that it is started in. Where the variable \
             is not set, the server reads the token from `~/.config/opentrain/cli.json`, the file of OpenTrain's own tools."
        )
    } else {
        format!(
            "{title} fills in no variables in this file, so the server reads the token from `~/.config/opentrain/cli.json`, the file of \
             OpenTrain's own tools. Do not write the token into the file of {title}."
        )
    };
    let text = format!(
        "# {title}\n\n\
         ```sh\n{program} install {name} --sandbox\n```\n\n\
         adds the server to the configuration of {title}, on a sandbox that needs no account. Without `--sandbox` it adds \
         the server for your OpenTrain account. Comments, order and everything else in the file stay, and a copy of the \
         file is kept beside it.\n\n\
         ## The file\n\n| system | file |\n|---|---|\n{}\n\
         ## By hand\n\n\
         If {title} does not find the program, write its absolute path in place of `{program}`; `{program} install` does \
         so. For the sandbox:\n\n\
         ```{format}\n{sandbox}```\n\n\
         For your OpenTrain account:\n\n\
         ```{format}\n{account}```\n\n\
         {token}\n\n\
         ## What success looks like\n\n{}\n\n{}\n\n\
         `{program} check` tells which token is used and whether OpenTrain accepts it.\n\n\
         ## Remove it\n\n\
         ```sh\n{program} uninstall {name}\n```\n\n\
         restores the file as it was. If the file has changed since, it removes only this server.\n",
        files(host),
        host.restart,
        host.success,
    );
    Ok(wrapped(&text))
}

/// Breaks long lines of prose. Tables and code have lines of their own.
fn wrapped(text: &str) -> String {
    let lines = text.lines().map(|line| match line.chars().next() {
        Some('|' | ' ' | '"') => line.to_owned(),
        _ => textwrap::fill(
            line,
            Options::new(WIDTH)
                .break_words(false)
                .word_separator(WordSeparator::AsciiSpace)
                .word_splitter(WordSplitter::NoHyphenation),
        ),
    });
    lines.map(|line| line + "\n").collect()
}

/// The rows of the table of files.
fn files(host: &Host) -> String {
    let rows = System::ALL.into_iter().flat_map(|system| {
        let files = documented(system).map(|machine| (host.locations)(&machine)).unwrap_or_default();
        files.into_iter().map(move |location| {
            let file = location.file.display().to_string();
            let file = if system == System::Windows { file.replace('/', "\\") } else { file };
            format!("| {} | `{file}` |\n", system.name())
        })
    });
    rows.collect()
}

/// A machine whose folders are written as documentation writes them.
fn documented(system: System) -> Option<Machine> {
    Machine::new(system, |variable| {
        let folder = match variable {
            "HOME" => "~",
            "USERPROFILE" => "%USERPROFILE%",
            "APPDATA" => "%APPDATA%",
            "LOCALAPPDATA" => "%LOCALAPPDATA%",
            _ => return None,
        };
        Some(folder.to_owned())
    })
}
