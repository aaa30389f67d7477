//! Licences of Debian packages.

use consign_package::deb::copyright::{licences, package_of};

fn written(text: &str) -> Vec<String> {
    licences(text.as_bytes()).into_iter().map(|licence| licence.written).collect()
}

const FORMAT: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

#[test]
fn knows_whose_licences_lie_where() {
    for (path, expected) in [
        ("usr/share/doc/zlib1g/copyright", Some("zlib1g")),
        ("/usr/share/doc/libstdc++6/copyright", Some("libstdc++6")),
        ("usr/share/doc/ca-certificates/examples/copyright", None),
        ("usr/share/doc/copyright", None),
        ("usr/share/doc//copyright", None),
        ("opt/usr/share/doc/a/copyright", None),
    ] {
        assert_eq!(package_of(path), expected, "{path}");
    }
}

#[test]
fn reads_the_form_for_machines() {
    let text = format!(
        "{FORMAT}Upstream-Name: perl\nLicense: GPL-1+ or Artistic\n\nFiles: *\nCopyright: 1987 L. W.\nLicense: GPL-1+ or Artistic\n\n\
         Files: cpan/zlib/*\nCopyright: Z\nLicense: ZLIB\n This software is provided 'as-is'\n License: not-this\n\n\
         Files: odd\nCopyright: C\nLicense: Permission to use, copy, modify, and distribute this software and its documentation for any purpose\n\n\
         License: Artistic\n See /usr/share/common-licenses/Artistic\n\nLicense: GPL-1+\n See /usr/share/common-licenses/GPL-1\n"
    );
    let found = licences(text.as_bytes());
    let found: Vec<_> = found.iter().map(|licence| (licence.written.as_str(), licence.expression.as_deref())).collect();
    assert_eq!(found, [("GPL-1+ or Artistic", Some("GPL-1.0-or-later OR Artistic-1.0-Perl")), ("ZLIB", Some("Zlib"))]);
    assert_eq!(written("\nUpstream-Name: a\nformat: x\n\nFiles: *\nLicense: MIT\n"), ["MIT"]);
    // A file without files.
    assert_eq!(written(&format!("{FORMAT}\nLicense: Expat\n text\n")), ["Expat"]);
    assert_eq!(written(&format!("{FORMAT}\r\n\r\nFiles: *\r\nLicense:\tMIT\r\n")), ["MIT"]);
}

#[test]
fn reads_what_free_text_refers_to() {
    for (text, expected) in [
        (
            "This package is free software; you can redistribute it and/or modify it under the terms of the GNU General Public License as\n\
             published by the Free Software Foundation; either version 2 of the License, or (at your option) any\nlater version.\n\n\
             On Debian systems, the complete text can be found in `/usr/share/common-licenses/GPL-2'.\n",
            vec!["GPL-2+"],
        ),
        ("GPL version 2 only; see /usr/share/common-licenses/GPL-2.\n", vec!["GPL-2"]),
        ("either version 2, or (at your option) any later version: /usr/share/common-licenses/GPL", vec!["GPL-2+"]),
        ("See /usr/share/common-licenses/GPL and /usr/share/common-licenses/Artistic.", vec!["Artistic", "GPL"]),
        ("See /usr/share/common-licenses/BSD", vec!["BSD-3-clause"]),
        ("/usr/share/common-licenses/Apache-2.0 /usr/share/common-licenses/Apache-2.0", vec!["Apache-2.0"]),
        (
            "either version 3 or later /usr/share/common-licenses/LGPL-3, and /usr/share/common-licenses/GPL-3",
            vec!["GPL-3", "LGPL-3+"],
        ),
        ("in the directory /usr/share/common-licenses/", vec![]),
        ("Copyright: somebody\nLicense: nobody knows\n", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(written(text), expected, "{text}");
    }
}
