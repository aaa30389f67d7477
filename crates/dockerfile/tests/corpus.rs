//! The parser's own test files of BuildKit, from the folder of shared test data.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "says what is not run")]

use consign_dockerfile::syntax::{Arguments, Escape, Statement, read};
use consign_dockerfile::{Expander, Variables};
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from);
    let folder = root.join("dockerfile-parser");
    if !folder.is_dir() {
        println!("not run: Dockerfile parser corpus (no test data)");
        return None;
    }
    Some(folder)
}

/// Writes text as Go's `%q` does.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\0' => quoted.push_str("\\x00"),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

fn show(statement: &Statement) -> String {
    let mut text = statement.keyword.name().to_lowercase();
    if !statement.flags.is_empty() {
        let flags: Vec<String> = statement.flags.iter().map(|flag| quoted(flag)).collect();
        text += &format!(" [{}]", flags.join(" "));
    }
    text + &arguments(&statement.arguments)
}

fn arguments(written: &Arguments) -> String {
    let all = |words: &[String]| words.iter().map(|word| format!(" {}", quoted(word))).collect::<String>();
    match written {
        Arguments::None => String::new(),
        Arguments::Words(words) | Arguments::Json(words) => all(words),
        Arguments::Text(text) => format!(" {}", quoted(text)),
        Arguments::Pairs(pairs) => pairs
            .iter()
            .map(|pair| all(&[pair.name.clone(), pair.value.clone(), (if pair.by_sign { "=" } else { "" }).into()]))
            .collect(),
        Arguments::Statement(inner) => format!(" ({})", show(inner)),
        Arguments::Check(kind, command) => format!(" {}{}", quoted(kind), arguments(command)),
    }
}

#[test]
fn files_read_as_expected() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(expected) = fs::read_to_string(path.join("result")) else { continue };
        count += 1;
        let found = match read(&fs::read(path.join("Dockerfile")).unwrap()) {
            Ok(source) => source.statements.iter().map(|s| format!("({})\n", show(s))).collect::<String>(),
            Err(error) => error.to_string(),
        };
        if found.trim() != expected.trim() {
            wrong.push(format!("{}\n{found}\n--- expected\n{expected}", path.display()));
        }
    }
    assert!(count >= 15 && wrong.is_empty(), "{count} files\n{}", wrong.join("\n"));
    for entry in fs::read_dir(folder.join("negative")).unwrap() {
        let path = entry.unwrap().path().join("Dockerfile");
        assert!(read(&fs::read(&path).unwrap()).is_err(), "{}", path.display());
    }
}

fn variables(text: &[(&str, &str)]) -> Variables {
    text.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn variables_expand_as_expected() {
    let Some(folder) = folder() else { return };
    let variables = variables(&[("PWD", "/home"), ("SHELL", "bash"), ("KOREAN", "한국어"), ("NULL", "")]);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in fs::read_to_string(folder.join("envVarTest-odd")).unwrap().lines() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let parts: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let [platform, text, expected] = parts[..] else { panic!("{line}") };
        if platform == "W" {
            continue;
        }
        count += 1;
        let found = Expander::new(Escape::BACKSLASH).expand(text, &variables);
        let found = found.map_or_else(|error| format!("error ({error})"), |expanded| expanded.text);
        if found != expected && !(expected == "error" && found.starts_with("error (")) {
            wrong.push(format!("{line}: {found}"));
        }
    }
    assert!(count > 50 && wrong.is_empty(), "{count}\n{}", wrong.join("\n"));
}

#[test]
fn words_split_as_expected() {
    let Some(folder) = folder() else { return };
    let mut variables = Variables::new();
    let mut wrong = Vec::new();
    for line in fs::read_to_string(folder.join("wordsTest")).unwrap().lines() {
        if line.starts_with('#') || line.is_empty() {
            continue;
        }
        if let Some(setting) = line.strip_prefix("ENV ") {
            let (name, value) = setting.trim_start().split_once('=').unwrap();
            variables.insert(name.to_owned(), value.to_owned());
            continue;
        }
        let (text, expected) = line.split_once('|').unwrap();
        let found = Expander::new(Escape::BACKSLASH).words(text.trim(), &variables);
        let found = found.map_or_else(|_| "error".to_owned(), |words| words.join(","));
        if found != expected.trim_start() {
            wrong.push(format!("{line}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
