//! What archives of Java's say of what is in them, and what of hostile ones is not catalogued.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;
mod identities;
mod real;
mod zips;

use consign_package::language::java::{self, Catalogued};

/// Returns what is found, a line each: name, version, and where in the archive.
fn lines(catalogued: &Catalogued) -> Vec<String> {
    let line = |one: &consign_package::Found| {
        let version = one.version.as_deref().unwrap_or("?");
        let place = one.inner_path.as_ref().map_or_else(String::new, |path| format!(" in {path}"));
        format!("{} {version}{place}", one.name)
    };
    catalogued.found.iter().map(line).collect()
}

fn problems(catalogued: &Catalogued) -> Vec<String> {
    catalogued.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn knows_archives_by_their_names() {
    for (path, expected) in [
        ("app/lib/a-1.0.jar", true),
        ("A.JAR", true),
        ("a.war", true),
        ("a.ear", true),
        ("a.par", true),
        ("a.sar", true),
        ("a.jpi", true),
        ("a.hpi", true),
        ("a.rar", true),
        ("a.zip", false),
        ("a.jar.txt", false),
        ("jar", false),
        ("lib/.jar", false),
        ("a.jar/", false),
        ("", false),
    ] {
        assert_eq!(java::is_wanted(path), expected, "{path}");
    }
}
