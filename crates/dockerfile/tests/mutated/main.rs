//! Damaged Dockerfiles, words and patterns, made of the cases that the command line is tested with: nothing panics, and `checks` holds.
//! The targets in `fuzz/` check the same where there is a compiler for that.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod checks;

use consign_testkit::mutate::{seeds_of_the_caller, survives};
use std::fs;
use std::path::Path;

/// Returns what is in the files of the cases that have such a name.
fn seeds(is_wanted: fn(&str) -> bool) -> Vec<Vec<u8>> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/tests/dockerfiles/cases");
    let mut paths = Vec::new();
    for case in fs::read_dir(cases).unwrap() {
        let files = fs::read_dir(case.unwrap().path()).unwrap().map(|file| file.unwrap().path());
        paths.extend(files.filter(|path| path.file_name().is_some_and(|name| is_wanted(&name.to_string_lossy()))));
    }
    paths.sort();
    assert!(paths.len() > 5, "{paths:?}");
    let read = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    [read, seeds_of_the_caller()].concat()
}

fn dockerfiles() -> Vec<Vec<u8>> {
    seeds(|name| name == "Dockerfile" || name.ends_with(".Dockerfile"))
}

#[test]
fn dockerfiles_are_read_or_refused() {
    survives(&dockerfiles(), 30, checks::dockerfile);
}

#[test]
fn words_are_expanded_or_refused() {
    let has_variables = |text: &Vec<u8>| text.contains(&b'$');
    let texts: Vec<Vec<u8>> = dockerfiles().into_iter().filter(has_variables).collect();
    survives(&texts, 30, checks::words);
    // Forms of substitution, each inside the other.
    let forms =
        ["${a:-${E:+x}}", "${a/b/${long}}", "${a//?/${A}}", "${a##*b}", "${a%%c*}", "'$a'\"${A:?x}\"\\$E", "`$a"];
    let forms: Vec<Vec<u8>> = forms.iter().map(|form| form.repeat(3).into_bytes()).collect();
    survives(&forms, 1000, checks::words);
}

#[test]
fn patterns_are_read_or_refused() {
    survives(&seeds(|name| name.ends_with(".dockerignore")), 60, checks::patterns);
}
