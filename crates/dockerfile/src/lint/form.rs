//! Forms of old.

use super::subject::{Found, Subject};
use crate::syntax::{Arguments, Keyword, Lines};

pub(super) fn empty_continuation(subject: &Subject<'_>) -> Found {
    let lines = subject.file.source.empty_continuations.iter().map(|first| Lines { first: *first, last: *first });
    lines
        .map(|lines| (lines, "this instruction goes on over an empty line, which is to become an error".to_owned()))
        .collect()
}

pub(super) fn maintainer(subject: &Subject<'_>) -> Found {
    let old = subject.statements().iter().filter(|statement| statement.keyword == Keyword::Maintainer);
    let message = || "MAINTAINER is deprecated: write `LABEL org.opencontainers.image.authors=…`".to_owned();
    old.map(|statement| (statement.lines, message())).collect()
}

pub(super) fn separated_by_blank(subject: &Subject<'_>) -> Found {
    let mut found = Found::new();
    for statement in subject.statements() {
        let Arguments::Pairs(pairs) = &statement.arguments else { continue };
        for pair in pairs.iter().filter(|pair| !pair.by_sign) {
            let name = statement.keyword;
            found.push((statement.lines, format!("write `{name} {}=…`, with `=` and no white space", pair.name)));
        }
    }
    found
}
