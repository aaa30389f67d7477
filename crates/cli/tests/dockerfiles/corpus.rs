use crate::case::Case;
use std::fs;
use std::path::Path;

/// Returns all cases, sorted by name.
pub(crate) fn read() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dockerfiles/cases");
    let mut cases: Vec<Case> = fs::read_dir(folder).unwrap().map(|entry| read_case(&entry.unwrap().path())).collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

/// Returns those of the cases whose names contain the word in `CONSIGN_CASES`; all without it.
pub(crate) fn selected() -> Vec<Case> {
    let word = std::env::var("CONSIGN_CASES").unwrap_or_default();
    read().into_iter().filter(|case| case.name.contains(&word)).collect()
}

fn read_case(folder: &Path) -> Case {
    let text = fs::read_to_string(folder.join("case.yaml")).unwrap();
    let settings = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    Case { name, folder: folder.to_owned(), settings }
}
