//! Metadata of Python's distributions.

use super::{names, one, read};
use consign_package::Kind;
use consign_package::language::python::normalized_name;

const WHEEL: &str = "usr/lib/python3.11/site-packages/jsonschema_specifications-2025.9.1.dist-info/METADATA";

#[test]
fn reads_a_wheel() {
    let found = one(
        WHEEL,
        "Metadata-Version: 2.4\nName: jsonschema-specifications\nVersion: 2025.9.1\nSummary: The JSON Schema meta-schemas\n\
         Project-URL: Documentation, https://docs.example/\nProject-URL: Home Page, https://github.com/p/j\n\
         Author-email: Julian Berman <j@example.com>\nLicense-Expression: MIT\nLicense-File: COPYING\n\n\
         Name: not-this\nLicense: nor this\n",
    );
    assert_eq!((found.kind, found.name.as_str()), (Kind::Python, "jsonschema-specifications"));
    assert_eq!(found.version.as_deref(), Some("2025.9.1"));
    assert_eq!(found.licences, ["MIT"]);
    assert_eq!(found.supplier.as_deref(), Some("Julian Berman <j@example.com>"));
    assert_eq!(found.homepage.as_deref(), Some("https://github.com/p/j"));
    assert_eq!(found.description.as_deref(), Some("The JSON Schema meta-schemas"));
}

#[test]
fn reads_an_egg_with_any_end_of_line() {
    let lines = [
        "\u{feff}Metadata-Version: 1.1",
        "name: Zope.Interface",
        "VERSION: 5.4.0",
        "Summary: Interfaces",
        "   for Python",
        "Author: UNKNOWN",
        "Maintainer: Zope Foundation",
        "Maintainer-email: z@example.org",
        "Home-page: https://example.org",
        "a line that is no header",
        "Platform: UNKNOWN",
    ];
    for end in ["\n", "\r\n", "\r"] {
        let text = lines.join(end) + end + end + "Version: 9";
        let found = one("usr/lib/python3/dist-packages/zope.interface-5.4.0.egg-info/PKG-INFO", &text);
        assert_eq!((found.name.as_str(), found.version.as_deref()), ("Zope.Interface", Some("5.4.0")), "{end:?}");
        assert_eq!(found.description.as_deref(), Some("Interfaces for Python"), "{end:?}");
        assert_eq!(found.supplier.as_deref(), Some("Zope Foundation <z@example.org>"), "{end:?}");
        assert_eq!(found.homepage.as_deref(), Some("https://example.org"), "{end:?}");
    }
}

#[test]
fn takes_the_licence_that_says_most() {
    let cases: [(&str, &[&str]); 8] = [
        ("License: MIT", &["MIT"]),
        ("License: UNKNOWN", &[]),
        ("License: BSD", &["BSD"]),
        (
            "License: Dual License\nClassifier: License :: OSI Approved :: Apache Software License\nClassifier: License :: OSI Approved :: BSD License",
            &["Apache Software License", "BSD License"],
        ),
        ("License: Apache 2.0\nClassifier: License :: OSI Approved :: Apache Software License", &["Apache 2.0"]),
        (
            "License: Copyright (c) 2020 A\n        Permission is hereby granted,\n        free of charge\nClassifier: License :: OSI Approved :: MIT License",
            &["MIT License"],
        ),
        ("Classifier: License :: OSI Approved\nClassifier: Programming Language :: Python", &[]),
        ("License: GPL\nLicense-Expression: GPL-2.0-only OR MIT", &["GPL-2.0-only OR MIT"]),
    ];
    for (lines, expected) in cases {
        let found = one(WHEEL, &format!("Name: a\nVersion: 1\n{lines}\n"));
        assert_eq!(found.licences, expected, "{lines}");
    }
}

#[test]
fn what_is_missing_stands_in_the_path() {
    for (path, expected) in [
        ("lib/foo_bar-1.2.dist-info/METADATA", "foo_bar 1.2"),
        ("lib/python_apt-2.6.0.egg-info", "python_apt 2.6.0"),
        ("lib/foo-1.0-py3.11.egg-info/PKG-INFO", "foo 1.0"),
        ("lib/foo-1.0-py3.11.egg/EGG-INFO/PKG-INFO", "foo 1.0"),
    ] {
        assert_eq!(names(&read(path, "Metadata-Version: 2.1\n").unwrap()), [expected], "{path}");
    }
    let error = read("lib/foo.egg-info/PKG-INFO", "Name: foo\n").unwrap_err().to_string();
    assert_eq!(error, "lib/foo.egg-info/PKG-INFO: it has no version");
}

#[test]
fn of_condas_only_what_is_from_pypi() {
    let record =
        |channel: &str| format!(r#"{{"name": "pip", "version": "23.0", "license": "MIT", "channel": "{channel}"}}"#);
    for (channel, count) in
        [("pypi", 1), ("https://conda.anaconda.org/pypi", 1), ("https://conda.anaconda.org/conda-forge/linux-64", 0)]
    {
        assert_eq!(read("opt/conda/conda-meta/pip.json", &record(channel)).unwrap().len(), count, "{channel}");
    }
}

#[test]
fn names_that_mean_the_same_are_the_same() {
    for (name, expected) in
        [("Foo__Bar.-baz", "foo-bar-baz"), ("zope.interface", "zope-interface"), ("PyYAML", "pyyaml")]
    {
        assert_eq!(normalized_name(name), expected);
    }
}
