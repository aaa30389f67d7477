//! Secrets that would stay in the image.

use super::subject::{Found, Subject};
use crate::instruction::Action;

/// Words that are said of secrets.
const SECRET: [&str; 10] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];
/// Words that are said of what is none.
const HARMLESS: [&str; 3] = ["public", "file", "version"];

pub(super) fn in_variables(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    for instruction in subject.file.stages.iter().flat_map(|stage| &stage.instructions) {
        let (keyword, names): (_, Vec<&str>) = match &instruction.action {
            Action::Arg(arguments) => ("ARG", arguments.iter().map(|argument| argument.name.as_str()).collect()),
            Action::Env(values) => ("ENV", values.iter().map(|value| value.name.as_str()).collect()),
            _ => continue,
        };
        for name in names.into_iter().filter(|name| is_secret(name)) {
            let message = format!(
                "{keyword} stays in the image, and `{name}` seems to be a secret: give it by `RUN --mount=type=secret`"
            );
            found.push((instruction.lines, message));
        }
    }
    found
}

/// Returns whether a name has a word that is said of secrets, and none that takes it back.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| name.split('_').any(|word| words.contains(&word));
    has(&SECRET) && !has(&HARMLESS)
}
