use super::index::mirrored;
use super::signed::{ARCHITECTURES, package, repackage};
use super::tar_file::{ended, entry};
use super::{Case, Table};
use crate::common::TestEnvironment;
use crate::debian::mirror;
use consign_testkit::mirror::Fault;
use insta::assert_snapshot;
use std::fs;

/// A zstd frame that asks for a window of 2 GiB (RFC 8878, section 3.1.1.1.2).
const WIDE: &[u8] = b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00";

/// A package file of these parts (deb(5), ar(5)).
fn deb(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        file.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", bytes.len()).bytes());
        file.extend_from_slice(bytes);
        file.resize(file.len().next_multiple_of(2), b'\n');
    }
    file
}

fn control(architecture: &str) -> String {
    format!(
        "Package: tool\nVersion: 2.0-1\nArchitecture: {architecture}\nMaintainer: Nobody <nobody@example.org>\n\
         Depends: base-files\nDescription: made for a test\n"
    )
}

fn control_archive(architecture: &str) -> Vec<u8> {
    ended(&[entry(b'0', "./control", "", control(architecture).as_bytes())])
}

fn of(members: impl Fn(&str) -> Vec<(&'static str, Vec<u8>)> + 'static) -> impl Fn(&TestEnvironment) {
    move |environment| {
        repackage(environment, |architecture| {
            let members = members(architecture);
            deb(&members.iter().map(|(name, bytes)| (*name, &bytes[..])).collect::<Vec<_>>())
        });
    }
}

/// A package of just these entries.
fn with(entries: Vec<Vec<u8>>) -> impl Fn(&TestEnvironment) {
    of(move |architecture| {
        let control = control_archive(architecture);
        vec![("debian-binary", b"2.0\n".to_vec()), ("control.tar", control), ("data.tar", ended(&entries))]
    })
}

/// A package whose control archive has just these entries.
fn controlled(entries: impl Fn(&str) -> Vec<Vec<u8>> + 'static) -> impl Fn(&TestEnvironment) {
    of(move |architecture| {
        let control = ended(&entries(architecture));
        vec![("debian-binary", b"2.0\n".to_vec()), ("control.tar", control), ("data.tar", ended(&[]))]
    })
}

pub(super) fn cases() -> Vec<Case> {
    let program = entry(b'0', "./usr/bin/tool", "", b"tool");
    vec![
        Case::new("package: changed", mirrored(mirror().fault(Fault::Package("tool".into())))),
        Case::new("package: cut off", |environment| {
            for path in ARCHITECTURES.map(package) {
                let bytes = fs::read(environment.path(&path)).unwrap();
                environment.write(&path, &bytes[..bytes.len() / 2]);
            }
        }),
        Case::new("package: not there", |environment| {
            fs::remove_dir_all(environment.path("mirror/pool/main/tool")).unwrap();
        }),
        Case::new("package: not a package file", |environment| repackage(environment, |_| b"hello\n".to_vec())),
        Case::new("package: of a later form", of(|_| vec![("debian-binary", b"3.0\n".to_vec())])),
        Case::new(
            "package: without control data",
            of(|_| vec![("debian-binary", b"2.0\n".to_vec()), ("data.tar", ended(&[]))]),
        ),
        Case::new("package: without a control file", controlled(|_| vec![entry(b'0', "./md5sums", "", b"")])),
        Case::new(
            "package: a script that leads out of the control data",
            controlled(|architecture| {
                let good = entry(b'0', "./control", "", control(architecture).as_bytes());
                vec![good, entry(b'0', "../../postinst", "", b"#!/bin/sh\n")]
            }),
        ),
        Case::new(
            "package: another version than the index says",
            controlled(|architecture| {
                let other = control(architecture).replace("2.0-1", "1.0-1");
                vec![entry(b'0', "./control", "", other.as_bytes())]
            }),
        ),
        Case::new("package: a path that leads out", with(vec![entry(b'0', "./../../etc/passwd", "", b"x")])),
        Case::new("package: a device", with(vec![entry(b'3', "./dev/sda", "", b"")])),
        Case::new("package: a pipe", with(vec![entry(b'6', "./run/pipe", "", b"")])),
        Case::new("package: a hard link out", with(vec![entry(b'1', "./usr/bin/tool", "../../etc/shadow", b"")])),
        Case::new("package: a hard link to nothing", with(vec![entry(b'1', "./usr/bin/tool", "./etc/shadow", b"")])),
        Case::new(
            "package: a file behind a link",
            with(vec![entry(b'2', "./etc/x", "/etc", b""), entry(b'0', "./etc/x/passwd", "", b"x")]),
        ),
        Case::new("package: a file twice", with(vec![program.clone(), program])),
        Case::new(
            "package: files that ask for 2 GiB of memory",
            of(|architecture| {
                let control = control_archive(architecture);
                vec![("debian-binary", b"2.0\n".to_vec()), ("control.tar", control), ("data.tar.zst", WIDE.to_vec())]
            }),
        ),
        Case::new(
            "package: files that are no archive",
            of(|architecture| {
                let control = control_archive(architecture);
                vec![("debian-binary", b"2.0\n".to_vec()), ("control.tar", control), ("data.tar", vec![b'x'; 700])]
            }),
        ),
    ]
}

#[test]
fn packages() {
    let table = Table::new();
    let (said, wrong) = table.run(|| table.packages(), cases());
    assert_snapshot!(said, @r"
    # package: changed
    5 error: hello linux/amd64: cannot be built
      caused by: cannot fetch pool/main/tool/tool_2.0-1_amd64.deb
      caused by: file://[folder]/mirror/pool/main/tool/tool_2.0-1_amd64.deb: the digest is sha256:000000000001…, expected sha256:000000000002…
    hint: the mirror is just being updated, or somebody changed what it has: run this again later, or name another in `debian: mirrors:`

    # package: cut off
    5 error: hello linux/amd64: cannot be built
      caused by: cannot fetch pool/main/tool/tool_2.0-1_amd64.deb
      caused by: file://[folder]/mirror/pool/main/tool/tool_2.0-1_amd64.deb: 245 bytes, expected 490
    hint: the mirror is just being updated, or somebody changed what it has: run this again later, or name another in `debian: mirrors:`

    # package: not there
    1 error: hello linux/amd64: cannot be built
      caused by: cannot fetch pool/main/tool/tool_2.0-1_amd64.deb
      caused by: file://[folder]/mirror/pool/main/tool/tool_2.0-1_amd64.deb: not found
    hint: are `uri` and `suites` in `debian: mirrors:` right, and is the mirror complete?

    # package: not a package file
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: not a package file: at byte 0, `!<arch>` is missing
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: of a later form
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has format 3.0; consign reads 2.x
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: without control data
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: not a package file: no `control.tar` where it should be
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: without a control file
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has no control data
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a script that leads out of the control data
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has a path that cannot stand in an image
      caused by: `../../postinst` is not a path inside an image: leads out of its folder (`..`)
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: another version than the index says
    5 error: hello linux/amd64: cannot be built
      caused by: pool/main/tool/tool_2.0-1_amd64.deb says that it is tool 1.0-1 amd64, but it was chosen as tool 2.0-1 amd64
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a path that leads out
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has a path that cannot stand in an image
      caused by: `./../../etc/passwd` is not a path inside an image: leads out of its folder (`..`)
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a device
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has a device at /dev/sda, which cannot stand in an image
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a pipe
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has a pipe at /run/pipe, which cannot stand in an image
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a hard link out
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has a path that cannot stand in an image
      caused by: `../../etc/shadow` is not a path inside an image: leads out of its folder (`..`)
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a hard link to nothing
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package's hard link /usr/bin/tool names /etc/shadow, which is not an earlier file of it
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a file behind a link
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package's /etc/x/passwd lies in /etc/x, which is not a folder
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: a file twice
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package has two entries at /usr/bin/tool
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: files that ask for 2 GiB of memory
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package cannot be decompressed
      caused by: data.tar.zst: damaged
      caused by: Frame requires too much memory for decoding
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`

    # package: files that are no archive
    1 error: hello linux/amd64: cannot be built
      caused by: cannot read the package pool/main/tool/tool_2.0-1_amd64.deb
      caused by: the package's archive is damaged
      caused by: numeric field was not a number: xxxxxxxx when getting cksum for xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    hint: the archive itself is at fault: ask those who keep it, or name another in `debian: mirrors:`
    ");
    assert_eq!(wrong, [""; 0]);
}
