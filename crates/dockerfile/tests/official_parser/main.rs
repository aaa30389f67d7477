//! Our parser beside BuildKit's own, which PyPI's `dockerfile` carries, on the shared test files and on generated ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod generator;
mod statement;

use consign_dockerfile::syntax::{Source, SyntaxError, SyntaxProblem, read};
use consign_testkit::tools::{Peer, counted, peer, soaks};
use generator::Generator;
use serde_json::Value;
use statement::Parsed;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// How many files are generated; a hundred times as many where there is time.
const COUNT: usize = 600;

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Same,
    BothRefuse,
    /// It leaves words that are no instructions to those who come after it.
    UnknownInstruction,
    /// Ours refuses an array with something other than strings at once, as BuildKit of today does.
    NotStrings,
    /// It reads an array with something behind it, and BuildKit of today does not.
    OtherJson,
    Different,
}

fn compare(theirs: &Value, ours: &Result<Source, SyntaxError>) -> Outcome {
    let theirs = statement::theirs(theirs);
    match (theirs, ours) {
        (None, Err(_)) => Outcome::BothRefuse,
        (Some(_), Err(SyntaxError { problem: SyntaxProblem::Unknown { .. }, .. })) => Outcome::UnknownInstruction,
        (Some(_), Err(SyntaxError { problem: SyntaxProblem::NotStrings, .. })) => Outcome::NotStrings,
        // What is behind the array names a here-document for us.
        (Some(theirs), Err(SyntaxError { problem: SyntaxProblem::Unterminated { .. }, lines }))
            if theirs.iter().any(|theirs| theirs.json && theirs.lines.0 == lines.first) =>
        {
            Outcome::OtherJson
        }
        (Some(theirs), Ok(source)) => {
            let ours: Vec<Parsed> = source.statements.iter().map(statement::ours).collect();
            let differs_in_json = |(ours, theirs): (&Parsed, &Parsed)| theirs.json && !ours.json;
            match ours == theirs {
                true => Outcome::Same,
                false if ours.iter().zip(&theirs).any(differs_in_json) => Outcome::OtherJson,
                false => Outcome::Different,
            }
        }
        (None, Ok(_)) | (Some(_), Err(_)) => Outcome::Different,
    }
}

/// Asks the other parser about all texts at once.
fn ask(parser: &Peer, texts: &[String]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("texts");
    let lines: String = texts.iter().map(|text| serde_json::to_string(text).unwrap() + "\n").collect();
    fs::write(&path, lines).unwrap();
    let output = parser.command().stdin(File::open(&path).unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), texts.len());
    answers
}

fn compared(name: &str, texts: &[String]) -> BTreeMap<Outcome, usize> {
    let Some(parser) = peer("dockerfile-to-json") else { return BTreeMap::new() };
    let mut outcomes = BTreeMap::new();
    let mut different = Vec::new();
    for (text, theirs) in texts.iter().zip(ask(&parser, texts)) {
        let ours = read(text.as_bytes());
        let outcome = compare(&theirs, &ours);
        *outcomes.entry(outcome).or_default() += 1;
        if outcome == Outcome::Different {
            let ours = ours.map(|source| source.statements.iter().map(statement::ours).collect::<Vec<_>>());
            different.push(format!("{text:?}\n theirs {theirs}\n ours {ours:?}"));
        }
    }
    let shown: Vec<String> = outcomes.iter().map(|(outcome, count)| format!("{count} {outcome:?}")).collect();
    counted(&format!("Dockerfiles {name} beside BuildKit's parser: {}", shown.join(", ")));
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        texts.len(),
        different[..different.len().min(5)].join("\n")
    );
    outcomes
}

fn shared() -> Vec<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from).join("dockerfile-parser");
    let folders = [root.clone(), root.join("negative")];
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    entries.filter_map(|entry| fs::read_to_string(entry.unwrap().path().join("Dockerfile")).ok()).collect()
}

#[test]
fn shared_files_are_read_as_it_reads_them() {
    let texts = shared();
    if texts.is_empty() {
        consign_testkit::tools::no_data("Dockerfile parser corpus");
        return;
    }
    let outcomes = compared("of others", &texts);
    assert!(outcomes.is_empty() || outcomes[&Outcome::Same] >= 15, "{outcomes:?}");
}

#[test]
fn generated_files_are_read_as_it_reads_them() {
    let count = if soaks() { 100 * COUNT } else { COUNT };
    let mut generator = Generator::new(0x5eed);
    let texts: Vec<String> = (0..count).map(|_| generator.file()).collect();
    let outcomes = compared("generated", &texts);
    // Most are files that both read: else there is nothing to compare.
    assert!(outcomes.is_empty() || outcomes[&Outcome::Same] > count / 2, "{outcomes:?}");
}
