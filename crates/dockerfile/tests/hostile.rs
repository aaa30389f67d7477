//! Whatever stands in a Dockerfile or a `.dockerignore`: it is read or refused, and nothing panics.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "mutated/checks.rs"]
#[allow(dead_code, reason = "some are for other tests")]
mod checks;

use consign_dockerfile::context::Patterns;
use consign_dockerfile::lint::lint;
use consign_dockerfile::syntax::Escape;
use consign_dockerfile::{Expander, Quotes, Recipe, Variables};
use consign_fetch::GitAddress;
use proptest::prelude::*;
use std::path::Path;

/// What has a meaning somewhere in a Dockerfile.
const PARTS: [&str; 60] = [
    "FROM a AS b\n",
    "FROM b\n",
    "FROM ",
    " AS ",
    "RUN ",
    "COPY ",
    "ADD ",
    "ENV ",
    "ARG ",
    "LABEL ",
    "EXPOSE ",
    "CMD ",
    "SHELL ",
    "HEALTHCHECK ",
    "ONBUILD ",
    "WORKDIR ",
    "VOLUME ",
    "USER ",
    "--from=",
    "--mount=",
    "type=cache,",
    "target=",
    "--chmod=",
    "--platform=",
    "--interval=",
    "# escape=`\n",
    "# check=",
    "skip=",
    "all",
    ";",
    "error=",
    "# syntax=x\n",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\\\n",
    "`\n",
    "\\",
    "`",
    "\"",
    "'",
    "$",
    "${",
    "}",
    ":-",
    "#",
    "%",
    "/",
    "=",
    "[\"",
    "\"]",
    ",",
    "<<E",
    "<<-'E'",
    "\nE\n",
    "a",
    "8080",
    "ü",
];

fn parts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PARTS[..]), 0..60).prop_map(|parts| parts.concat())
}

fn variables() -> Variables {
    [("a", "b c"), ("E", ""), ("A", "*\\$a")].map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        checks::dockerfile(&bytes);
    }

    #[test]
    fn what_is_written_back_means_the_same(text in parts()) {
        checks::dockerfile(text.as_bytes());
    }

    #[test]
    fn anything_that_can_be_read_can_be_linted(text in parts()) {
        let folder = tempfile::tempdir().unwrap();
        let platform = "linux/amd64".parse().unwrap();
        let Ok(recipe) = Recipe::read(Path::new("Dockerfile"), text.as_bytes(), folder.path()) else { return Ok(()) };
        let count = text.lines().count();
        for finding in lint(&recipe, &platform, &platform) {
            prop_assert!((1..=count).contains(&finding.lines.first), "{:?}", finding);
        }
    }

    #[test]
    fn any_text_is_expanded_or_refused(text in prop_oneof![parts(), any::<String>()], keep_unset in any::<bool>()) {
        for quotes in [Quotes::Removed, Quotes::Kept, Quotes::Plain] {
            let expander = Expander { quotes, keep_unset, ..Expander::new(Escape::BACKSLASH) };
            let Ok(expanded) = expander.expand(&text, &variables()) else { continue };
            prop_assert!(expanded.used.iter().all(|name| variables().contains_key(name)));
            prop_assert!(!expanded.unset.iter().any(|name| variables().contains_key(name)));
        }
    }

    #[test]
    fn a_text_without_meaning_stays(text in "[a-zA-Z0-9 .,;:/_=+-]{0,80}") {
        let expanded = Expander::new(Escape::BACKSLASH).expand(&text, &variables()).unwrap();
        prop_assert_eq!(&expanded.text, &text);
        prop_assert_eq!(expanded.words, text.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn any_address_of_a_repository_is_read_or_refused(
        scheme in prop::sample::select(&["https://", "http://", "ssh://", "git://"][..]),
        rest in "[a-z:/?#=&%@.^{}\\-]{0,60}(\\.git)?(#[a-z:/.@-]{0,20})?",
        other in any::<String>(),
    ) {
        let _ = GitAddress::parse(&other);
        if let Ok(Some(address)) = GitAddress::parse(&format!("{scheme}me:hunter2@{rest}")) {
            let shown = format!("{} {} {address:?}", address.repository(), address.locator());
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }
    }

    #[test]
    fn any_patterns_are_read_or_refused(text in any::<String>(), path in "[a-z/.*]{1,40}") {
        if let Ok(patterns) = Patterns::parse(&text) {
            let _ = patterns.leave_out(&path);
        }
    }

    #[test]
    fn patterns_of_meaning_decide(parts in prop::collection::vec(
        prop::sample::select(&["*", "**", "/", "!", "?", "[", "]", "^", "-", "a", "b", "\\", "..", ".", "\n", "#"][..]), 0..30,
    )) {
        let text = parts.concat();
        let Ok(patterns) = Patterns::parse(&text) else { return Ok(()) };
        let left_out = patterns.leave_out("a/b");
        // A last line that takes everything back, or leaves everything out, wins.
        for (last, expected) in [("**", true), ("!**", false)] {
            let more = Patterns::parse(&format!("{text}\n{last}")).unwrap();
            prop_assert_eq!(more.leave_out("a/b"), expected);
        }
        let same = Patterns::parse(&format!("{text}\n# a\n\n")).unwrap();
        prop_assert_eq!(same.leave_out("a/b"), left_out);
    }
}
