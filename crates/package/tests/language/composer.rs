//! Composer's packages.

use super::{names, read};

const PATH: &str = "app/vendor/composer/installed.json";
pub(crate) const CONSOLE: &str = r#"{"name": "symfony/console", "version": "v5.4.19", "version_normalized": "5.4.19.0", "license": ["MIT"],
    "dist": {"type": "zip", "reference": "dccb8d251a9017d5994c988b034d3e18aaabf740", "shasum": ""}, "homepage": "https://symfony.com",
    "authors": [{"name": "Fabien Potencier", "email": "f@example.org"}], "description": "Eases the creation of command lines"}"#;
const OTHER: &str = r#"{"name": "acme/other", "version": "dev-main", "license": "proprietary", "dist": {"shasum": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}}"#;

#[test]
fn reads_both_forms() {
    for text in [
        format!("[{CONSOLE}, {OTHER}]"),
        format!(r#"{{"packages": [{CONSOLE}, {OTHER}], "dev": false, "dev-package-names": []}}"#),
    ] {
        let found = read(PATH, &text).unwrap();
        assert_eq!(names(&found), ["symfony/console v5.4.19", "acme/other dev-main"]);
        assert_eq!(found[0].licences, ["MIT"]);
        assert_eq!(found[0].supplier.as_deref(), Some("Fabien Potencier <f@example.org>"));
        assert_eq!(found[0].checksums, [""; 0]);
        assert_eq!(found[1].licences, ["proprietary"]);
        assert_eq!(found[1].checksums, ["sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"]);
    }
}

#[test]
fn what_it_cannot_be_is_an_error() {
    for (text, expected) in [
        ("{}", "app/vendor/composer/installed.json: no list of packages"),
        (r#"{"packages": {}}"#, "app/vendor/composer/installed.json: no list of packages"),
        (
            r#"[{"name": "a/b", "version": "1"}, {"version": "1"}]"#,
            "app/vendor/composer/installed.json: package 2 has no name",
        ),
        ("[", "app/vendor/composer/installed.json: damaged at line 1, column 1"),
    ] {
        assert_eq!(read(PATH, text).unwrap_err().to_string(), expected);
    }
    assert!(read(PATH, r#"{"packages": []}"#).unwrap().is_empty());
}
