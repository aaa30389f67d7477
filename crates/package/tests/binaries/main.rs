//! What programs and libraries say of what they are made of: hand-made ones, and ones that Go and Rust build here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cargo;
mod formats;
mod go;
mod go_builds;
mod information;
mod listed;

use consign_package::Found;
use consign_package::language::binary;

/// Returns what is found, a line each: name, version, and where from.
fn lines(found: &[Found]) -> Vec<String> {
    let line = |one: &Found| {
        let version = one.version.as_deref().unwrap_or("?");
        let origin = one.origin.as_ref().map_or_else(String::new, |origin| format!(" ({origin})"));
        format!("{} {version}{origin}", one.name)
    };
    found.iter().map(line).collect()
}

/// The first bytes of a program of Windows, which say where its header is.
fn windows(header: u32) -> [u8; 64] {
    let mut bytes = [0; 64];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[60..].copy_from_slice(&header.to_le_bytes());
    bytes
}

#[test]
fn knows_binaries_by_their_first_bytes() {
    for (bytes, expected) in [
        (&b"\x7fELF\x02\x01\x01\0"[..], true),
        (&windows(0x80), true),
        (&windows(0x7f00_0000), false),
        (b"MZ: 1\nName: a text that begins with the same two letters, and is long enough", false),
        (b"\xcf\xfa\xed\xfe\x0c\0\0\x01", true),
        (b"\xfe\xed\xfa\xce\0\0\0\x12", true),
        (b"\xca\xfe\xba\xbe\0\0\0\x02", true),
        // A class of Java's.
        (b"\xca\xfe\xba\xbe\0\0\0\x34", false),
        (b"#!/bin/sh", false),
        (b"\x7fEL", false),
        (b"", false),
    ] {
        assert_eq!(binary::is_binary(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn what_says_nothing_has_nothing() {
    for bytes in [
        &b""[..],
        b"text",
        b"MZ, a text that begins like a program",
        b"\xca\xfe\xba\xbe\0\0\0\x34 a class",
        &std::fs::read(std::env::current_exe().unwrap()).unwrap(),
    ] {
        assert_eq!(binary::read(bytes).unwrap(), []);
    }
    let error = binary::read(b"\x7fELF\x02\x01\x01 cut off").unwrap_err();
    assert_eq!(error.to_string(), "a damaged ELF file; what it is made of is not known");
}
