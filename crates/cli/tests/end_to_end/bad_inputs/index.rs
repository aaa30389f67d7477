use super::signed::{in_release, list, reindex, resign};
use super::{Case, Table};
use crate::common::TestEnvironment;
use crate::debian::{mirror, write_mirror};
use consign_testkit::mirror::{Fault, Mirror};
use insta::assert_snapshot;
use std::fs;

/// Writes another archive in the place of the good one.
pub(super) fn mirrored(mirror: Mirror) -> impl Fn(&TestEnvironment) {
    move |environment| {
        fs::remove_dir_all(environment.path("mirror")).unwrap();
        write_mirror(environment, &mirror);
    }
}

/// Replaces a text in the indexes.
fn indexed(from: &'static str, to: &'static str) -> impl Fn(&TestEnvironment) {
    move |environment| {
        reindex(environment, |_, index| {
            assert!(index.contains(from), "{index}");
            index.replace(from, to)
        });
    }
}

fn released(from: &'static str, to: &'static str) -> impl Fn(&TestEnvironment) {
    move |environment| resign(environment, from, to)
}

fn every_index(environment: &TestEnvironment, change: impl Fn(&mut Vec<u8>)) {
    for architecture in super::signed::ARCHITECTURES {
        let folder = environment.path(&format!("mirror/dists/stable/main/binary-{architecture}/by-hash/SHA256"));
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = fs::read(&path).unwrap();
            change(&mut bytes);
            fs::write(path, bytes).unwrap();
        }
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("archive: no release file", |environment| {
            fs::remove_file(environment.path(&in_release())).unwrap();
        }),
        Case::new("archive: a release file that has expired", mirrored(mirror().valid_until(Mirror::DATE + 60))),
        Case::new("archive: a release file from the future", released("Tue, 14 Nov 2023", "Sun, 14 Nov 2123")),
        Case::new("archive: a release file without a time", released("Date: Tue, 14 Nov 2023", "Date: yesterday")),
        Case::new(
            "archive: the release file of another suite",
            released("Suite: stable\nCodename: stable", "Suite: testing\nCodename: testing"),
        ),
        Case::new("archive: another architecture", released("Architectures: amd64 arm64", "Architectures: s390x")),
        Case::new("archive: no index of a component", released("main/binary-amd64/", "contrib/binary-amd64/")),
        Case::new("archive: a digest that is too short", released("SHA256:\n ", "SHA256:\n 00 1 main/x\n ")),
        Case::new("archive: two digests of one file", |environment| {
            let zeros = "0".repeat(64);
            resign(environment, "SHA256:\n", &format!("SHA256:\n {zeros} 1 main/binary-amd64/Packages.gz\n"));
        }),
        Case::new("archive: a changed index", mirrored(mirror().fault(Fault::Index))),
        Case::new("archive: an index that is cut off", |environment| {
            every_index(environment, |bytes| bytes.truncate(bytes.len() / 2));
        }),
        Case::new("archive: an index that is longer than it was signed", |environment| {
            every_index(environment, |bytes| bytes.extend([0; 512]));
        }),
        Case::new("archive: an index that is not there", |environment| {
            fs::remove_dir_all(environment.path("mirror/dists/stable/main")).unwrap();
        }),
        Case::new("archive: an index that is not the xz that its name says", |environment| {
            let indexes = super::signed::ARCHITECTURES
                .map(|architecture| (format!("main/binary-{architecture}/Packages.xz"), b"Package: tool\n".to_vec()));
            list(environment, &indexes);
        }),
        Case::new("archive: an index that is no list of packages", |environment| {
            reindex(environment, |_, _| "<html>Sorry, we are moving.</html>\n".to_owned());
        }),
        Case::new("archive: a path that leaves the archive", indexed("Filename: pool/", "Filename: ../../pool/")),
        Case::new("archive: a name that is none", indexed("Package: tool\n", "Package: ../tool\n")),
        Case::new("archive: a version that is none", indexed("Version: 2.0-1\n", "Version: two\n")),
        Case::new("archive: a package without a digest", indexed("SHA256: ", "MD5sum: ")),
        Case::new(
            "archive: a dependency that is not there",
            indexed("Depends: base-files", "Depends: base-files (>= 13)"),
        ),
    ]
}

#[test]
fn archives_of_packages() {
    let table = Table::new();
    let (said, wrong) = table.run(|| table.packages(), cases());
    assert_snapshot!(said, @r"
    # archive: no release file
    1 error: hello: cannot be built
      caused by: cannot fetch Release of `stable`, declared in consign.yaml
      caused by: file://[folder]/mirror/dists/stable/Release: not found
    hint: are `uri` and `suites` in `debian: mirrors:` right, and is the mirror complete?

    # archive: a release file that has expired
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the release file expired at 2023-11-14T22:14:20Z
    hint: the mirror is no longer brought up to date, or somebody passes off an old release file as new: name another in `debian: mirrors:`

    # archive: a release file from the future
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the release file is from the future: 2123-11-14T22:13:20Z
    hint: is this machine's clock right?

    # archive: a release file without a time
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the release file's field `Date` is not a time: `yesterday 22:13:20 UTC`
      caused by: failed to parse RFC 2822 datetime into Jiff zoned datetime: expected day at beginning of RFC 2822 datetime since first non-whitespace byte, `y`, is not a digit, but did not recognize a valid weekday abbreviation
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # archive: the release file of another suite
    5 error: hello: cannot be built
      caused by: the source declared in consign.yaml says that it is `testing`, not `stable`
    hint: are `uri` and `suites` in `debian: mirrors:` right?

    # archive: another architecture
    3 error: hello: cannot be built
      caused by: no source of packages for `stable` has the architecture `amd64`; add a mirror that has it to `debian: mirrors:` in the configuration, with `suites: [stable]` and `architectures: [amd64]`

    # archive: no index of a component
    3 error: hello: cannot be built
      caused by: `stable`, declared in consign.yaml, has no index of `main` for `amd64`

    # archive: a digest that is too short
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the release file's field `SHA256`
      caused by: `sha256:00` is not a digest: expected `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal digits
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # archive: two digests of one file
    5 error: hello: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the release file's field `SHA256` names `main/binary-amd64/Packages.gz` twice, differently
    hint: name another mirror in `debian: mirrors:`, or ask those who keep this one

    # archive: a changed index
    5 error: hello: cannot be built
      caused by: cannot fetch dists/stable/main/binary-amd64/Packages.gz
      caused by: file://[folder]/mirror/dists/stable/main/binary-amd64/by-hash/SHA256/000000000001…: the digest is sha256:000000000002…, expected sha256:000000000001…
    hint: the mirror is just being updated, or somebody changed what it has: run this again later, or name another in `debian: mirrors:`

    # archive: an index that is cut off
    5 error: hello: cannot be built
      caused by: cannot fetch dists/stable/main/binary-amd64/Packages.gz
      caused by: file://[folder]/mirror/dists/stable/main/binary-amd64/by-hash/SHA256/000000000001…: 152 bytes, expected 305
    hint: the mirror is just being updated, or somebody changed what it has: run this again later, or name another in `debian: mirrors:`

    # archive: an index that is longer than it was signed
    5 error: hello: cannot be built
      caused by: cannot fetch dists/stable/main/binary-amd64/Packages.gz
      caused by: file://[folder]/mirror/dists/stable/main/binary-amd64/by-hash/SHA256/000000000001…: 817 bytes, expected 305
    hint: the mirror is just being updated, or somebody changed what it has: run this again later, or name another in `debian: mirrors:`

    # archive: an index that is not there
    1 error: hello: cannot be built
      caused by: cannot fetch dists/stable/main/binary-amd64/Packages.gz
      caused by: file://[folder]/mirror/dists/stable/main/binary-amd64/Packages.gz: not found
    hint: are `uri` and `suites` in `debian: mirrors:` right, and is the mirror complete?

    # archive: an index that is not the xz that its name says
    1 error: hello: cannot be built
      caused by: cannot unpack dists/stable/main/binary-amd64/Packages.xz
      caused by: main/binary-amd64/Packages.xz: damaged
      caused by: stream/file format not recognized
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # archive: an index that is no list of packages
    1 error: hello: cannot be built
      caused by: cannot read the index of packages
      caused by: dists/stable/main/binary-amd64/Packages, line 1: a paragraph without the field `Package`
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # archive: a path that leaves the archive
    1 error: hello: cannot be built
      caused by: the packages cannot be installed
      caused by: dists/stable/main/binary-amd64/Packages, line 10
      caused by: package `tool`: the field `Filename` cannot be `../../pool/main/tool/tool_2.0-1_amd64.deb`
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # archive: a name that is none
    3 error: hello: cannot be built
      caused by: the packages cannot be installed
      caused by: tool is wanted, and there is no tool for amd64

    # archive: a version that is none
    5 error: hello linux/amd64: cannot be built
      caused by: pool/main/tool/tool_2.0-1_amd64.deb says that it is tool 2.0-1 amd64, but it was chosen as tool two amd64
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # archive: a package without a digest
    1 error: hello: cannot be built
      caused by: the packages cannot be installed
      caused by: dists/stable/main/binary-amd64/Packages, line 10
      caused by: package `tool`: the field `SHA256` is missing
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # archive: a dependency that is not there
    3 error: hello: cannot be built
      caused by: the packages cannot be installed
      caused by: tool needs base-files (>= 13), and base-files 12 is the newest
    ");
    assert_eq!(wrong, [""; 0]);
}
