//! What must hold of any bytes. The targets in `fuzz/` and the tests beside this file share it.

use consign_dockerfile::context::Patterns;
use consign_dockerfile::instruction::Dockerfile;
use consign_dockerfile::syntax::{Arguments, Escape, Heredoc, Keyword, Lines, Source, Statement, read};
use consign_dockerfile::{Expander, Quotes, Variables};

/// Longest text that an expansion makes, in bytes.
const EXPANDED_LIMIT: usize = 16 << 20;

/// A Dockerfile is read or refused. What was read stands in the text, is no more than that, and means the same when it is written back.
pub(crate) fn dockerfile(bytes: &[u8]) {
    let count = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    let inside =
        |lines: Lines| assert!(1 <= lines.first && lines.first <= lines.last && lines.last <= count, "{lines:?}");
    let source = match read(bytes) {
        Ok(source) => source,
        Err(error) => return inside(error.lines),
    };
    let mut length = 0;
    for statement in &source.statements {
        inside(statement.lines);
        length += statement.text.len() + statement.heredocs.iter().map(|heredoc| heredoc.content.len()).sum::<usize>();
    }
    assert!(length <= bytes.len(), "{length} of {} bytes", bytes.len());
    assert!(source.empty_continuations.iter().all(|line| (1..=count).contains(line)));
    if let Some(again) = written(&source) {
        let found = read(again.as_bytes()).expect("what was read is read again");
        let (before, after) = (source.statements.iter().map(meaning), found.statements.iter().map(meaning));
        assert_eq!(before.collect::<Vec<_>>(), after.collect::<Vec<_>>(), "{again:?}");
    }
    if let Err(error) = Dockerfile::new(source) {
        inside(error.lines);
    }
}

/// A text is expanded or refused, and does not grow without end. What was looked up is what there is.
pub(crate) fn words(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let variables: Variables = [("a", "b c"), ("E", ""), ("A", "*\\$a"), ("long", "0123456789")]
        .map(|(name, value)| (name.into(), value.into()))
        .into();
    for quotes in [Quotes::Removed, Quotes::Kept, Quotes::Plain] {
        for escape in [Escape::BACKSLASH, Escape::BACKTICK] {
            let expander = Expander { quotes, ..Expander::new(escape) };
            let Ok(expanded) = expander.expand(text, &variables) else { continue };
            assert!(expanded.text.len() <= EXPANDED_LIMIT);
            let words: usize = expanded.words.iter().map(String::len).sum();
            assert!(words <= expanded.text.len(), "{words} of {}", expanded.text.len());
            assert!(expanded.used.iter().all(|name| variables.contains_key(name)));
            assert!(!expanded.unset.iter().any(|name| variables.contains_key(name)));
        }
    }
}

/// Patterns are read or refused, and the last that matches decides.
pub(crate) fn patterns(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(patterns) = Patterns::parse(text) else { return };
    let with = |last: &str| Patterns::parse(&format!("{text}\n{last}"));
    let (same, all, none) = (with("# nothing").expect("comments are no patterns"), with("**"), with("!**"));
    for path in ["a", "a/b", ".git", "src/main.rs", "a b/ü"] {
        assert_eq!(same.leave_out(path), patterns.leave_out(path), "{path}");
        // There may be no room for one more.
        assert!(all.as_ref().map_or(true, |all| all.leave_out(path)), "{path}");
        assert!(!none.as_ref().is_ok_and(|none| none.leave_out(path)), "{path}");
    }
}

/// What a statement says, without where it stands and how it is broken into lines.
fn meaning(statement: &Statement) -> (Keyword, &str, &[String], &Arguments, &[Heredoc]) {
    let Statement { keyword, written, flags, arguments, heredocs, .. } = statement;
    (*keyword, written, flags, arguments, heredocs)
}

/// Writes statements as a file; `None` where the end of a line would be read as something else.
fn written(source: &Source) -> Option<String> {
    let escape = source.directives.escape.character();
    let mut text = format!("# escape={escape}\n");
    for statement in &source.statements {
        if statement.text.trim_end().ends_with(escape) {
            return None;
        }
        text += &statement.text;
        text += "\n";
        for heredoc in &statement.heredocs {
            text += &heredoc.content;
            text += &heredoc.name;
            text += "\n";
        }
    }
    Some(text)
}
