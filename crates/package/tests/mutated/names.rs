//! Package URLs, versions, licences, and files of licences.

use crate::checks::{debian, names};
use consign_package::PackageUrl;
use consign_testkit::mutate::{seeds_of_the_caller, survives};

fn seeds(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(seeds_of_the_caller()).collect()
}

#[test]
fn package_urls() {
    let urls = [
        "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=a%402",
        "pkg:npm/%40babel/core@7.1.0?repository_url=https%3A%2F%2Fa%3A1#lib/a%20b",
        "pkg:maven/org.apache/log4j-core@2.14.1?type=jar&classifier=x",
        "pkg:golang/github.com/A/B@v1.0.0#c/d",
        "pkg:pypi/Foo_bar.baz@1!2",
        "pkg:oci/a@sha256%3A00?tag=1",
        "pkg:generic/%C3%A9%00/a%2Fb@%E2%80%AE",
        "pkg:cpan/AUTHOR/Name@1",
        "pkg:huggingface/a/b@AB?Repository_Url=x",
    ];
    assert!(urls.iter().all(|url| url.parse::<PackageUrl>().is_ok()));
    survives(&seeds(&urls), 3000, names::url);
}

#[test]
fn versions() {
    let pairs = [
        "1:2.3~rc1-4+b1\n1:2.3-4",
        "1.2.0_rc2_p1~0af-r3\n1.2.0a1-r0",
        "0:1.0^git1~x-1.el9\n1.0-1",
        "1!2.0.0rc1.post2.dev3+local.4\n2.0-legacy",
        "v1.2.3-beta.11+build.5\n1.2.3-beta.x",
        "v0.0.0-20210101000000-abcdef123456\ngo1.22rc1",
        "1.0-alpha-1-SNAPSHOT\n1.0.Final-sp2",
        "1.0.a.10-x\ndev-main",
    ];
    survives(&seeds(&pairs), 2000, names::versions);
}

#[test]
fn licences() {
    let texts = [
        "Apache License, Version 2.0 or (GPL-3+ with Bison exception and MIT/X11)",
        "GNU General Public License v2 or later (GPLv2+), and LicenseRef-a",
        "LicenseRef-a/b--c, and DocumentRef-x:LicenseRef-b WITH Classpath-exception-2.0",
    ];
    survives(&seeds(&texts), 3000, names::licences);
}

#[test]
fn files_of_licences() {
    let texts = [
        "Format: https://x\n\nFiles: *\nLicense: GPL-1+ or Artistic, and MIT\n\nFiles: a\nLicense: Expat\n text\n\nLicense: Expat\n text\n",
        "This is free; see version 2 or later in /usr/share/common-licenses/GPL-2, or /usr/share/common-licenses/Apache-2.0.\n",
    ];
    survives(&seeds(&texts), 3000, debian::copyright);
}
