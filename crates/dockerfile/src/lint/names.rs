//! The names of stages, and what comments say of names.

use super::subject::{Found, Subject};
use crate::syntax::{Arguments, Keyword, Statement};
use std::collections::BTreeSet;

/// Names that mean something else.
const RESERVED: [&str; 2] = ["context", "scratch"];

pub(super) fn duplicate(subject: &Subject<'_>) -> Found {
    let mut seen = BTreeSet::new();
    let names = subject.stages().filter_map(|(stage, _)| Some((stage.lines, stage.name.as_deref()?)));
    let twice = names.filter(|(_, name)| !seen.insert(*name));
    twice.map(|(lines, name)| (lines, format!("another stage before this one is called `{name}`"))).collect()
}

pub(super) fn reserved(subject: &Subject<'_>) -> Found {
    let names = subject.stages().filter_map(|(stage, _)| Some((stage.lines, stage.name.as_deref()?)));
    let reserved = names.filter(|(_, name)| RESERVED.contains(name));
    reserved.map(|(lines, name)| (lines, format!("`{name}` means something else where stages are named"))).collect()
}

pub(super) fn description(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    for statement in subject.statements() {
        let names = described(statement);
        let Some(comment) = statement.comments.last().filter(|_| !names.is_empty()) else { continue };
        let first = comment.split(' ').next().unwrap_or_default();
        if !names.iter().any(|name| name == first) {
            let name = if let [name] = &names[..] { name } else { "NAME" };
            let message = format!(
                "the comment before {} does not begin with `{name}`; an empty line sets it apart if it describes something else",
                statement.keyword
            );
            found.push((statement.lines, message));
        }
    }
    found
}

/// Returns the names that a statement gives to something.
fn described(statement: &Statement) -> Vec<String> {
    let Arguments::Words(words) = &statement.arguments else { return Vec::new() };
    match (statement.keyword, &words[..]) {
        (Keyword::From, [_, _, name]) => vec![name.to_ascii_lowercase()],
        (Keyword::Arg, words) => {
            words.iter().map(|word| word.split('=').next().unwrap_or_default().to_owned()).collect()
        }
        _ => Vec::new(),
    }
}
