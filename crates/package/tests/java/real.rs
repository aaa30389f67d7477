//! Archives that other programs write.

use crate::{lines, problems};
use consign_package::language::java;
use std::io::{Cursor, Write as _};
use std::process::Command;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const PROPERTIES: &str = "groupId=a.b\nartifactId=c\nversion=1\n";

#[test]
fn archives_of_64_bits_are_read() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // More entries than a number of 16 bits holds, and sizes of 64 bits.
    for index in 0..70_000 {
        writer.start_file(format!("{index}.class"), SimpleFileOptions::default()).unwrap();
    }
    writer.start_file("META-INF/maven/a.b/c/pom.properties", SimpleFileOptions::default().large_file(true)).unwrap();
    writer.write_all(PROPERTIES.as_bytes()).unwrap();
    let file = writer.finish().unwrap().into_inner();
    for whole in [file.clone(), [&b"#!/bin/sh\n"[..], &file].concat()] {
        let catalogued = java::read("c.jar", &whole);
        assert_eq!((lines(&catalogued), problems(&catalogued)), (vec!["a.b:c 1".to_owned()], Vec::new()));
    }
}

#[test]
fn archives_of_the_program_jar_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let properties = folder.path().join("META-INF/maven/a.b/c");
    std::fs::create_dir_all(&properties).unwrap();
    std::fs::write(properties.join("pom.properties"), PROPERTIES).unwrap();
    std::fs::write(
        folder.path().join("m"),
        "Implementation-Vendor: A name that is long enough for a manifest to have it in two lines, says jar\n",
    )
    .unwrap();
    let arguments = ["cfm", "c-1.jar", "m", "META-INF"];
    let Ok(output) = Command::new("jar").args(arguments).current_dir(folder.path()).output() else {
        println!("not run: archives of the program jar (it is not installed)");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let catalogued = java::read("c-1.jar", &std::fs::read(folder.path().join("c-1.jar")).unwrap());
    assert_eq!((lines(&catalogued), problems(&catalogued)), (vec!["a.b:c 1".to_owned()], Vec::new()));
    let vendor = "A name that is long enough for a manifest to have it in two lines, says jar";
    assert_eq!(catalogued.found[0].supplier.as_deref(), Some(vendor));
}
