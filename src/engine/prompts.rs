//! Prompts: which ones are offered, and the text of one with the arguments that a user gave.

use serde_json::Value;

use crate::answer::{Object, Shown, id, quoted, shown};
use crate::api::error::InvalidArgument;
use crate::api::wording::{joined, wording};

use super::arguments::nearest;
use super::catalog::{Given, Prompt};
use super::toolbox::Toolbox;

/// The longest value of an argument, in bytes.
const LONGEST: usize = 200;

/// The prompts whose main tool is served.
pub fn offered(toolbox: &Toolbox) -> impl Iterator<Item = &'static Prompt> {
    let prompts = toolbox.catalog().prompts;
    prompts.iter().filter(|prompt| toolbox.names().lists(prompt.needs))
}

/// Finds an offered prompt.
///
/// # Errors
/// The name that was probably meant.
pub fn find(toolbox: &Toolbox, name: &str) -> Result<&'static Prompt, Shown> {
    let names: Vec<&str> = offered(toolbox).map(|prompt| prompt.name).collect();
    offered(toolbox).find(|prompt| prompt.name == name).ok_or_else(|| match nearest(name, &names) {
        Some(meant) => shown!("unknown prompt {}; {} was probably meant", quoted(name), id(meant)),
        None => shown!("unknown prompt {}", quoted(name)),
    })
}

/// The text of a prompt.
///
/// # Errors
/// The argument that is missing, unknown or wrong.
pub fn text(toolbox: &Toolbox, prompt: &Prompt, arguments: &Object) -> Result<Shown, InvalidArgument> {
    let mut given = Given::new();
    for (name, value) in arguments {
        let known: Vec<&str> = prompt.arguments.iter().map(|argument| argument.name).collect();
        let Some(name) = known.iter().find(|known| *known == name) else {
            let known = if known.is_empty() { "it takes none".into() } else { joined(known, ", ") };
            let message = wording!("{} has no argument {} ({})", prompt.name, name, known);
            return Err(InvalidArgument::new(name.clone(), message));
        };
        // The values are text by MCP; a host may send a number as one.
        let value = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null => continue,
            _ => return Err(InvalidArgument::new(*name, wording!("{} must be text", name))),
        };
        if value.len() > LONGEST {
            return Err(InvalidArgument::new(*name, wording!("{} has more than {} bytes", name, LONGEST)));
        }
        if !value.is_empty() {
            given.insert(name, value);
        }
    }
    if let Some(missing) =
        prompt.arguments.iter().find(|argument| argument.required && !given.contains_key(argument.name))
    {
        let message = wording!("{} is missing ({})", missing.name, missing.description);
        return Err(InvalidArgument::new(missing.name, message));
    }
    Ok(toolbox.names().say_all(&(prompt.text)(&given)?))
}
