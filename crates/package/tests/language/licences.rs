//! Licences as they are written, and as SPDX has them.

use consign_package::licence::{debian, expression, is_expression, reference, references, together};

#[test]
fn knows_what_is_meant() {
    for (text, expected) in [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("MIT License", "MIT"),
        ("MIT/X11", "MIT"),
        ("Expat", "MIT"),
        ("Apache 2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("Apache Software License 2.0", "Apache-2.0"),
        ("Apache-2.0", "Apache-2.0"),
        ("apache2", "Apache-2.0"),
        ("Apache License v2.0", "Apache-2.0"),
        ("ASL 2.0", "Apache-2.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("https://opensource.org/licenses/mit", "MIT"),
        ("BSD-3-Clause", "BSD-3-Clause"),
        ("BSD 3-Clause", "BSD-3-Clause"),
        ("3-Clause BSD License", "BSD-3-Clause"),
        ("BSD 3-Clause \"New\" or \"Revised\" License", "BSD-3-Clause"),
        ("New BSD License", "BSD-3-Clause"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2", "GPL-2.0-only"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GPL v3 or later", "GPL-3.0-or-later"),
        ("GNU GPL v2", "GPL-2.0-only"),
        ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
        ("GNU General Public License, version 2", "GPL-2.0-only"),
        ("GNU General Public License version 3 or (at your option) any later version", "GPL-3.0-or-later"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
        ("GNU Library or Lesser General Public License (LGPL)", "LGPL-2.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("LGPLv2.1+", "LGPL-2.1-or-later"),
        ("GPL", "GPL-1.0-or-later"),
        ("GPL+", "GPL-1.0-or-later"),
        ("GNU GPL (version 2)", "GPL-2.0-only"),
        ("GPL (see COPYING)", "GPL-1.0-or-later"),
        ("Blue Oak Model License (BlueOak-1.0.0)", "BlueOak-1.0.0"),
        ("MPLv2.0", "MPL-2.0"),
        ("Apachev2", "Apache-2.0"),
        ("GPL-2+-libtool-exception", "GPL-2.0-or-later WITH Libtool-exception"),
        ("GPL-3+ with Texinfo exception", "GPL-3.0-or-later WITH Texinfo-exception"),
        ("MIT OR GPL-2.0 WITH Classpath-exception-2.0", "MIT OR GPL-2.0-only WITH Classpath-exception-2.0"),
        ("AGPLv3", "AGPL-3.0-only"),
        ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
        ("MPL 2.0", "MPL-2.0"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("ISC License (ISCL)", "ISC"),
        ("Python Software Foundation License", "PSF-2.0"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT or Apache-2.0)", "(MIT OR Apache-2.0)"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("MIT AND (GPLv2+ or BSD-2-Clause)", "MIT AND (GPL-2.0-or-later OR BSD-2-Clause)"),
        ("Apache License 2.0 or GPL v2 or later and MIT", "Apache-2.0 OR GPL-2.0-or-later AND MIT"),
        ("LGPLv3+_or_GPLv2+", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
        ("Apache-2.0 WITH LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("Apache-2.0 with LLVM exception", "Apache-2.0 WITH LLVM-exception"),
        ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
        ("GPL-3+-WITH-BISON-EXCEPTION", "GPL-3.0-or-later WITH Bison-exception-2.2"),
        ("GPL-2+ with Autoconf exception", "GPL-2.0-or-later WITH Autoconf-exception-generic"),
        ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("Apache-1.1+", "Apache-1.1+"),
        ("LicenseRef-Public-Domain OR MIT", "LicenseRef-Public-Domain OR MIT"),
        ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0"),
        ("Zlib", "Zlib"),
        ("BSL-1.0 and MIT", "BSL-1.0 AND MIT"),
    ] {
        assert_eq!(expression(text).as_deref(), Some(expected), "{text}");
        assert!(is_expression(expected), "{expected}");
        // What is known means itself.
        assert_eq!(expression(expected).as_deref(), Some(expected));
    }
}

#[test]
fn does_not_guess() {
    for text in [
        "",
        " ",
        "BSD",
        "BSD License",
        "public-domain",
        "Public Domain",
        "proprietary",
        "UNLICENSED",
        "SEE LICENSE IN COPYING",
        "NOASSERTION",
        "NONE",
        "UNKNOWN",
        "Other/Proprietary License",
        "MIT, BSD-3-Clause",
        "MIT AND",
        "(MIT",
        "MIT)",
        "MIT BSD-3-Clause",
        "GPL-2+ with OpenSSL exception",
        "GPL-2 with own exception",
        "GPL-9",
        "GPL (>= 2)",
        "LGPL (2.1 of the licence, or what I say)",
        "GPL 2 maybe",
        "BSD-3-clause-with-weird-numbering",
        "MIT License (BSD-3-Clause)",
        "LicenseRef-a_b/c",
        "LicenseRef-",
        "mitigated",
        "apache-ish",
        "https://example.org/licenses/MIT",
        "\u{feff}é",
        "NOASSERTION OR MIT",
    ] {
        assert_eq!(expression(text), None, "{text}");
    }
    assert_eq!(expression(&"(".repeat(100_000)), None);
    assert_eq!(expression(&"MIT OR ".repeat(100_000)), None);
}

#[test]
fn knows_names_of_debians() {
    for (text, expected) in [
        ("GPL-1+ or Artistic", Some("GPL-1.0-or-later OR Artistic-1.0-Perl")),
        ("Artistic", Some("Artistic-1.0-Perl")),
        ("Artistic-2.0", Some("Artistic-2.0")),
        ("GPL-2+ or Artistic-2.0, and BSD-3-clause", Some("(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause")),
        ("Expat or GPL-1+ or Artistic", Some("MIT OR GPL-1.0-or-later OR Artistic-1.0-Perl")),
        ("Perl", Some("GPL-1.0-or-later OR Artistic-1.0-Perl")),
        ("public-domain", None),
        ("BSD-3-clause, MIT", None),
        ("BSD-2-clause", Some("BSD-2-Clause")),
        ("CC-BY-SA-3.0", Some("CC-BY-SA-3.0")),
    ] {
        assert_eq!(debian(text).as_deref(), expected, "{text}");
    }
    // Elsewhere, nobody knows which of its texts is meant.
    assert_eq!(expression("Artistic"), None);
}

#[test]
fn names_what_a_document_must_explain() {
    assert_eq!(references("MIT OR (LicenseRef-a AND DocumentRef-x:LicenseRef-b)"), ["LicenseRef-a"]);
    assert_eq!(references("no expression"), [""; 0]);
}

#[test]
fn names_what_is_no_expression() {
    assert_eq!(reference("public-domain"), "LicenseRef-public-domain");
    let texts = [
        "",
        "-",
        "BSD License",
        "BSD-License",
        "BSD  License",
        "é",
        &"a".repeat(200),
        &"a".repeat(201),
        "Own (c) \u{202e}",
    ];
    let names: Vec<String> = texts.iter().map(|text| reference(text)).collect();
    for (text, name) in texts.iter().zip(&names) {
        assert!(is_expression(name) && name.len() < 90, "{text}: {name}");
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{text}: {name}");
    }
}

#[test]
fn puts_expressions_together() {
    for (expressions, expected) in [
        (&[][..], None),
        (&["MIT"], Some("MIT")),
        (&["MIT", "MIT"], Some("MIT")),
        (&["MIT OR ISC"], Some("MIT OR ISC")),
        (&["(MIT OR ISC) AND (MIT OR Zlib)"], Some("(MIT OR ISC) AND (MIT OR Zlib)")),
        (
            &["MIT OR ISC", "Zlib AND ISC", "MIT OR ISC", "LicenseRef-a"],
            Some("(MIT OR ISC) AND Zlib AND ISC AND LicenseRef-a"),
        ),
    ] {
        assert_eq!(together(expressions.iter().copied()).as_deref(), expected, "{expressions:?}");
        assert!(expected.is_none_or(is_expression));
    }
}
