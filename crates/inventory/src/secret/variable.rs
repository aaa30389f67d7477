//! Secrets in the settings of an image: whoever may pull it may read them.

use super::placeholder::is_placeholder;
use super::{has_filler, in_text, is_filler};

/// How names of variables end that hold secrets.
const ENDS: [&str; 13] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "SECRET",
    "TOKEN",
    "SECRET_KEY",
    "PRIVATE_KEY",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "CREDENTIALS",
];
/// Names of variables by which programs take passwords, and that do not end so: of PostgreSQL's, Redis's and sshpass.
const NAMES: [&str; 3] = ["PGPASSWORD", "REDISCLI_AUTH", "SSHPASS"];
/// Names that end so and hold folders, by which shells know where they are (POSIX, "Shell Variables").
const FOLDERS: [&str; 2] = ["PWD", "OLDPWD"];
/// What stands before the command of an instruction that makes no layer (Docker's own builder).
const NOTHING: &str = "#(nop)";
const LENGTH: usize = 6;

/// Returns the kind of secret that a variable of the environment, `NAME=value`, holds.
pub(crate) fn in_variable(text: &str) -> Option<&'static str> {
    let form = in_text(text.as_bytes()).into_iter().map(|(rule, _)| rule).min();
    form.or_else(|| {
        let (name, value) = text.split_once('=')?;
        (is_named(name) && is_secret(value)).then_some("secret-variable")
    })
}

/// Returns the kind of secret that an entry of the history holds.
pub(crate) fn in_history(text: &str) -> Option<&'static str> {
    let form = in_text(text.as_bytes()).into_iter().map(|(rule, _)| rule).min();
    form.or_else(|| arguments(text).any(|text| in_variable(text).is_some()).then_some("secret-variable"))
}

/// Returns the variables that an entry states: arguments of the build, as `|1 NAME=value /bin/sh -c …`, or `ENV NAME=value`.
fn arguments(text: &str) -> impl Iterator<Item = &str> {
    let text = text.split_once(NOTHING).map_or(text, |(_, rest)| rest).trim_start();
    let stated = text.strip_prefix('|').map(|rest| rest.split(" /bin/").next().unwrap_or(rest));
    let stated = stated.or_else(|| ["ENV ", "ARG "].iter().find_map(|word| text.strip_prefix(word)));
    let stated = stated.or_else(|| {
        // BuildKit puts arguments behind `RUN`.
        text.strip_prefix("RUN |").map(|rest| rest.split(" /bin/").next().unwrap_or(rest))
    });
    stated.unwrap_or_default().split_whitespace()
}

fn is_named(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_known = NAMES.contains(&name.as_str());
    is_known
        || !FOLDERS.contains(&name.as_str())
            && ENDS.iter().any(|end| {
                name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(['_', '-']))
            })
}

/// Returns whether a value may be a secret: it is none if it says where one is, that there is none, or that one is to be put there.
fn is_secret(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    let is_place = value.starts_with(['/', '.']) || value.contains("://") || is_placeholder(value);
    value.len() >= LENGTH && !is_place && !value.contains(char::is_whitespace) && !is_filler_of_people(value)
}

fn is_filler_of_people(value: &str) -> bool {
    let is_word =
        ["password", "secret", "required", "disabled", "enabled"].contains(&value.to_ascii_lowercase().as_str());
    // A password has few letters, and may have few different ones.
    is_word || has_filler(value.as_bytes()) || (value.len() >= 12 && is_filler(value.as_bytes()))
}
