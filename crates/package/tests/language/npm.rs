//! npm's packages.

use super::{names, one, read};

#[test]
fn reads_a_package() {
    let found = one(
        "usr/share/nodejs/@babel/core/package.json",
        "\u{feff}{\"name\": \"@babel/core\", \"version\": \"7.20.12\", \"license\": \"MIT\", \"description\": \"Compiler core.\", \
         \"author\": {\"name\": \"The Babel Team\", \"email\": \"b@example.org\"}, \"homepage\": \"https://babel.dev\", \"version\": \"7.20.13\"}",
    );
    // Of keys that stand twice, the last counts, as in JavaScript.
    assert_eq!((found.name.as_str(), found.version.as_deref()), ("@babel/core", Some("7.20.13")));
    assert_eq!(found.supplier.as_deref(), Some("The Babel Team <b@example.org>"));
    assert_eq!(found.homepage.as_deref(), Some("https://babel.dev"));
    assert_eq!(found.description.as_deref(), Some("Compiler core."));
}

#[test]
fn reads_licences_of_any_form() {
    let cases: [(&str, &[&str]); 8] = [
        (r#""license": "(MIT OR Apache-2.0)""#, &["(MIT OR Apache-2.0)"]),
        (r#""license": {"type": "ISC", "url": "https://example.org"}"#, &["ISC"]),
        (r#""license": ["MIT", {"type": "BSD"}, 7]"#, &["MIT", "BSD"]),
        (r#""licenses": [{"type": "MIT"}, {"type": "GPL-2.0"}]"#, &["MIT", "GPL-2.0"]),
        (r#""licenses": "MIT""#, &["MIT"]),
        (r#""license": null, "licenses": {"name": "WTFPL"}"#, &["WTFPL"]),
        (r#""license": "", "author": 3, "homepage": false, "description": []"#, &[]),
        (r#""license": "SEE LICENSE IN COPYING""#, &["SEE LICENSE IN COPYING"]),
    ];
    for (field, expected) in cases {
        let found = one("node_modules/a/package.json", &format!(r#"{{"name": "a", "version": "1.0.0", {field}}}"#));
        assert_eq!(found.licences, expected, "{field}");
    }
}

#[test]
fn what_is_no_package_gives_none() {
    for contents in [
        "{}",
        "[]",
        "3",
        r#"{"type": "module"}"#,
        r#"{"name": "a"}"#,
        r#"{"version": "1"}"#,
        r#"{"name": "", "version": "1"}"#,
        r#"{"name": "a", "version": ""}"#,
        r#"{"name": "a", "version": 1}"#,
        r#"{"name": ["a"], "version": "1"}"#,
        r#"{"name": "a b", "version": "1"}"#,
        r#"{"name": "../a", "version": "1"}"#,
        r#"{"name": "@a", "version": "1"}"#,
        r#"{"name": "@a/b/c", "version": "1"}"#,
        r#"{"name": "<%= name %>", "version": "1"}"#,
    ] {
        assert!(read("app/package.json", contents).unwrap().is_empty(), "{contents}");
    }
    for name in ["a", "@a/b", "JSONStream", "lodash.merge", "@types/.x", "a-b_c~d"] {
        let found = read("app/package.json", &format!(r#"{{"name": "{name}", "version": "v1"}}"#)).unwrap();
        assert_eq!(names(&found), [format!("{name} v1")]);
    }
}

#[test]
fn damage_is_an_error_where_a_package_should_be() {
    for path in ["app/package.json", "app/node_modules/a/package.json", "node_modules/@a/b/package.json"] {
        let error = read(path, "{\n  \"name\": a}").unwrap_err().to_string();
        assert_eq!(error, format!("{path}: damaged at line 2, column 11"));
    }
    // resolve, for one, brings damaged files along, for its tests.
    for path in
        ["node_modules/resolve/test/resolver/malformed_package_json/package.json", "node_modules/@a/b/c/package.json"]
    {
        assert!(read(path, "{").unwrap().is_empty(), "{path}");
    }
    let deep = "[".repeat(100_000);
    assert!(read("app/package.json", &deep).is_err());
}
