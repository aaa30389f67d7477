//! What apt's configuration is read as.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_package::deb::apt_sources::{AptSourcesError, SignedBy, parse};
use std::path::{Path, PathBuf};

fn shown(name: &str, text: &str) -> Vec<String> {
    let sources = parse(Path::new(name), text).unwrap();
    sources
        .iter()
        .map(|source| format!("{} {} {} {}", source.from.line, source.uri, source.suite, source.components.join("+")))
        .collect()
}

#[test]
fn reads_lines() {
    let text = "# comment\ndeb cdrom:[Debian 12 _A_]/ bookworm main\ndeb http://a.example/debian bookworm main contrib # more\ndeb-src http://a.example/debian bookworm main\n\
                deb [ arch=amd64,arm64 signed-by=/a.gpg trusted=yes lang=de ] file:/repository ./\n";
    assert_eq!(
        shown("sources.list", text),
        ["3 http://a.example/debian bookworm main+contrib", "5 file:/repository ./ "]
    );
    let source = parse(Path::new("sources.list"), text).unwrap().pop().unwrap();
    assert_eq!(source.architectures.unwrap(), ["amd64", "arm64"]);
    assert_eq!(source.signed_by.unwrap(), SignedBy::Files(vec![PathBuf::from("/a.gpg")]));
    assert_eq!(source.trusted, Some(true));
}

#[test]
fn reads_paragraphs() {
    let text = "Types: deb deb-src\n# a comment between\nURIs: http://a.example/debian http://b.example/\nSuites: bookworm\n bookworm-updates\n#\nComponents: main\n\
                Architectures: amd64\nSigned-By: /a.gpg\n\n#\n\nTypes: deb-src\nURIs: x\nSuites: y\n\nTypes: deb\nURIs: http://c.example\nSuites: s\n\
                Components: c\nEnabled: no\n\nTypes: deb\nURIs: http://d.example\nSuites: d/\nTrusted: no\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n -----END PGP PUBLIC KEY BLOCK-----\n";
    assert_eq!(
        shown("debian.sources", text),
        [
            "1 http://a.example/debian bookworm main",
            "1 http://a.example/debian bookworm-updates main",
            "1 http://b.example/ bookworm main",
            "1 http://b.example/ bookworm-updates main",
            "23 http://d.example d/ ",
        ]
    );
    let sources = parse(Path::new("debian.sources"), text).unwrap();
    assert_eq!(sources[0].architectures.as_deref().unwrap(), ["amd64"]);
    assert_eq!(sources[4].trusted, Some(false));
    let key = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n";
    assert_eq!(sources[4].signed_by, Some(SignedBy::Key(key.into())));
}

#[test]
fn reads_fingerprints() {
    let print = "4D64FEC119C2029067D6E791F8D2585B8783D481";
    let text = format!("deb [signed-by={print},{print}!] http://a.example s c\n");
    let sources = parse(Path::new("a.list"), &text).unwrap();
    assert_eq!(sources[0].signed_by, Some(SignedBy::Fingerprints(vec![print.into(), format!("{print}!")])));
}

#[test]
fn says_where_it_is_wrong() {
    for (name, text, line) in [
        ("a.list", "\ndeb http://a.example", 2),
        ("a.list", "rpm http://a.example s c", 1),
        ("a.list", "deb", 1),
        ("a.list", "deb [arch=amd64 http://a.example s c", 1),
        ("a.list", "deb [x] http://a.example s c", 1),
        ("a.list", "deb http://a.example s", 1),
        ("a.list", "deb http://a.example s/ c", 1),
        ("a.list", "deb [signed-by=relative.gpg] http://a.example s c", 1),
        ("a.list", "deb [trusted=perhaps] http://a.example s c", 1),
        ("a.sources", "\n#\nTypes: deb\nSuites: s\n", 3),
        ("a.sources", "#\nTypes: deb\nURIs: x\nSuites: s\n", 2),
        ("a.sources", "#\nTypes: deb\n#\nbroken\n", 4),
    ] {
        let found = match parse(Path::new(name), text).unwrap_err() {
            AptSourcesError::Line { line, .. } | AptSourcesError::Missing { line, .. } => line,
            AptSourcesError::Components { line, .. } | AptSourcesError::Value { line, .. } => line,
            AptSourcesError::Paragraph { source: consign_package::deb::ParagraphError::Line { line, .. }, .. } => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(found, line, "{text}");
    }
}
