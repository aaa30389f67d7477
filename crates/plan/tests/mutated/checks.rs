//! What must hold of any bytes. The targets in `fuzz/` and the tests beside this file share it.

use consign_plan::configuration::IgnoreFile;
use consign_plan::lock::changes;
use consign_plan::{Configuration, ConfigurationError, Lock};
use consign_receipt::VexDocument;

/// Most problems that are told of a file.
const PROBLEM_LIMIT: usize = 50;

/// A configuration is read or refused, the same whenever it is read. What mirroring needs of one can be read if all can.
pub(crate) fn configuration(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let found = Configuration::parse("a/consign.yaml", &text);
    let of_sync = Configuration::parse_for_sync("a/consign.yaml", &text);
    match &found {
        Ok(found) => {
            let of_sync = of_sync.as_ref().unwrap_or_else(|error| panic!("not for mirroring: {error}"));
            assert_eq!(found.mirrors.len(), of_sync.mirrors.len());
        }
        Err(error) => is_told(error, "a/consign.yaml", &text),
    }
    of_sync.err().iter().for_each(|error| is_told(error, "a/consign.yaml", &text));
    let again = Configuration::parse("a/consign.yaml", &text);
    assert_eq!(format!("{found:?}"), format!("{again:?}"));
}

/// Every problem has a place in the file, and can be shown without steering the terminal.
fn is_told(error: &ConfigurationError, name: &str, text: &str) {
    assert!((1..=PROBLEM_LIMIT).contains(&error.diagnostics.len()), "{error:?}");
    // A carriage return alone ends a line of YAML as well.
    let lines = text.matches(['\n', '\r']).count() + 1;
    for problem in &error.diagnostics {
        assert_eq!(problem.file, name);
        assert!((1..=lines).contains(&problem.line) && problem.column >= 1, "{problem:?}");
        assert!(problem.snippet.get(problem.caret.clone()).is_some(), "{problem:?}");
    }
    let shown = error.render(false);
    assert!(!shown.contains(|letter: char| letter.is_control() && letter != '\n'), "{shown:?}");
}

/// A lock is read or refused. What is read is written as the same.
pub(crate) fn lock(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(lock) = Lock::parse(&text) else { return };
    let written = lock.text().unwrap_or_else(|error| panic!("it cannot be written: {error}"));
    let again = Lock::parse(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(lock, again);
    assert_eq!(changes(&lock, &again), []);
    assert_eq!(again.text().ok(), Some(written));
}

/// A document of OpenVEX is read or refused, the same whenever it is read; what is repeated in records is short.
pub(crate) fn vex(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice(bytes) else { return };
    let read = VexDocument::read(&document);
    assert_eq!(format!("{read:?}"), format!("{:?}", VexDocument::read(&document)));
    assert!(read.is_ok_and(|read| read.author.chars().count() <= 500) || VexDocument::read(&document).is_err());
}

/// A list of ignored advisories is read or refused, as each of the forms. Each entry is of the file, and names an advisory; what is left out is told
/// with its place.
pub(crate) fn ignored(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for name in IgnoreFile::NAMES {
        match IgnoreFile::parse(name, &text) {
            Ok(found) => {
                assert!(found.entries.len() + found.remarks.len() <= text.len(), "{found:?}");
                assert!(found.entries.iter().all(|entry| entry.exception.owner == name && !entry.advisory.is_empty()));
                assert!(found.remarks.iter().all(|remark| remark.starts_with(&format!("{name}:"))), "{found:?}");
            }
            Err(error) => is_told(&error, name, &text),
        }
    }
}
