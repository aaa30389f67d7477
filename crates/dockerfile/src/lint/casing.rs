//! Capitals and small letters.

use super::subject::{Found, Subject};
use crate::syntax::{Arguments, Statement};

pub(super) fn stage_names(subject: &Subject<'_>) -> Found {
    let names = subject.stages().filter_map(|(_, from)| Some((from.lines, words(from)?.1)));
    let wrong = names.filter(|(_, name)| name.to_lowercase() != *name);
    wrong.map(|(lines, name)| (lines, format!("the name of the stage `{name}` has capital letters"))).collect()
}

pub(super) fn from_as(subject: &Subject<'_>) -> Found {
    let differ = |from: &Statement, word: &str| match casing(&from.written) {
        Some(Casing::Lower) => word.to_lowercase() != word,
        Some(Casing::Upper) => word.to_uppercase() != word,
        // The other rule's matter.
        None => false,
    };
    let stages = subject.stages().filter_map(|(_, from)| Some((from, words(from)?.0)));
    let wrong = stages.filter(|(from, word)| differ(from, word));
    wrong
        .map(|(from, word)| (from.lines, format!("`{word}` and `{}` differ in capital letters", from.written)))
        .collect()
}

pub(super) fn instructions(subject: &Subject<'_>) -> Found {
    // Those before the first FROM belong to no stage.
    let before = subject.file.stages.first().map_or(0, |stage| stage.lines.first);
    let statements = || subject.statements().iter().filter(|statement| statement.lines.first >= before);
    let count = |wanted| statements().filter(|statement| casing(&statement.written) == Some(wanted)).count();
    let (most, like_most) = match count(Casing::Lower) > count(Casing::Upper) {
        true => (Casing::Lower, "small letters"),
        false => (Casing::Upper, "capitals"),
    };
    let wrong = statements().filter(|statement| casing(&statement.written) != Some(most));
    let say = |statement: &Statement| {
        format!("`{}` is not written in {like_most}, as most instructions are", statement.written)
    };
    wrong.map(|statement| (statement.lines, say(statement))).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Casing {
    Lower,
    Upper,
}

/// Returns how a word is written, unless it is both.
fn casing(word: &str) -> Option<Casing> {
    match word {
        word if word.to_lowercase() == word => Some(Casing::Lower),
        word if word.to_uppercase() == word => Some(Casing::Upper),
        _ => None,
    }
}

/// Returns `AS` and the name, as written.
fn words(from: &Statement) -> Option<(&str, &str)> {
    match &from.arguments {
        Arguments::Words(words) => match &words[..] {
            [_, word, name] => Some((word, name)),
            _ => None,
        },
        _ => None,
    }
}
