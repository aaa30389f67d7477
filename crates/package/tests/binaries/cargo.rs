//! Lists of crates, as `cargo auditable` writes them.

use crate::formats::{MACHINES, mach_o, pe};
use crate::lines;
use crate::listed::{LIST, compressed};
use consign_package::Kind;
use consign_package::language::binary;
use std::process::Command;

const FOUND: [&str; 3] = ["adler 0.2.3", "forked 0.1.0 (git)", "tool 3.0.0 (local)"];

#[test]
fn crates_are_read_from_every_format() {
    let data = compressed(LIST.as_bytes());
    let mut files: Vec<Vec<u8>> = MACHINES.iter().map(|machine| machine.elf(".dep-v0", &data)).collect();
    files.extend([pe(".dep-v0", 0x4000_0040, &data), mach_o(".dep-v0", &data)]);
    for (index, file) in files.iter().enumerate() {
        let found = binary::read(file).unwrap_or_else(|error| panic!("file {index}: {error:?}"));
        assert_eq!(lines(&found), FOUND, "file {index}");
        assert!(found.iter().all(|one| one.kind == Kind::Cargo));
    }
}

#[test]
fn a_program_of_rustc_keeps_its_section() {
    let folder = tempfile::tempdir().unwrap();
    let data = compressed(LIST.as_bytes());
    std::fs::write(folder.path().join("list"), &data).unwrap();
    let code = format!(
        "#[used]\n#[unsafe(link_section = \".dep-v0\")]\nstatic LIST: [u8; {}] = *include_bytes!(\"list\");\nfn main() {{}}\n",
        data.len()
    );
    std::fs::write(folder.path().join("main.rs"), code).unwrap();
    let output = Command::new("rustc")
        .args(["--edition", "2024", "-C", "strip=symbols", "-o", "program", "main.rs"])
        .current_dir(folder.path())
        .output();
    let Ok(output) = output else {
        println!("not run: a program of rustc (rustc is not installed)");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let program = std::fs::read(folder.path().join("program")).unwrap();
    assert_eq!(lines(&binary::read(&program).unwrap()), FOUND);
}

#[test]
fn what_is_no_list_is_an_error() {
    let many = format!(r#"{{"packages":[{}]}}"#, [r#"{"name":"a","version":"1","source":"x"}"#; 100_001].join(","));
    for (name, data, message) in [
        ("no zlib", b"{}".to_vec(), "its list of crates is damaged; which crates are in it is not known"),
        ("nothing", Vec::new(), "its list of crates is damaged; which crates are in it is not known"),
        (
            "cut",
            compressed(LIST.as_bytes())[..40].to_vec(),
            "its list of crates is damaged; which crates are in it is not known",
        ),
        (
            "no list",
            compressed(b"[1]"),
            "its list of crates is not as `cargo auditable` writes it; which crates are in it is not known",
        ),
        (
            "no name",
            compressed(br#"{"packages":[{"name":"","version":"1.0.0","source":"x"}]}"#),
            "its list of crates is not as `cargo auditable` writes it; which crates are in it is not known",
        ),
        ("bomb", compressed(&vec![b' '; 9 << 20]), "its list of crates is longer than 8388608 bytes, and is not read"),
        ("many", compressed(many.as_bytes()), "its list of crates is longer than 100000 crates, and is not read"),
    ] {
        let error = binary::read(&MACHINES[0].elf(".dep-v0", &data)).unwrap_err();
        assert_eq!(error.to_string(), message, "{name}");
    }
}
