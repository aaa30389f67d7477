//! Build information of Go's, in programs made by hand.

use crate::formats::{MACHINES, fat, mach_o, pe};
use crate::information::{DATA, LIST, SECTION, inline, pointers};
use crate::lines;
use consign_package::language::binary;

const FOUND: [&str; 5] = [
    "a.example/b v0.9.1",
    "stdlib 1.21.3",
    "x.example/one v1.2.3",
    "x.example/fork v1.0.1",
    "x.example/three ? (./three)",
];

#[test]
fn both_forms_are_read_on_all_machines() {
    for machine in MACHINES {
        for data in [inline("go1.21.3", LIST), pointers(machine, "go1.21.3", LIST)] {
            assert_eq!(lines(&binary::read(&machine.elf(SECTION, &data)).unwrap()), FOUND, "{machine:?}");
            // Without a section of that name, and without any, it is among the data.
            let data_before = [vec![1; 48], data.clone()].concat();
            let is_inline = data.get(15) == Some(&2);
            for section in ["", ".data", ".go.buildinfo.x"].into_iter().filter(|_| is_inline) {
                let found = binary::read(&machine.elf(section, &data_before)).unwrap();
                assert_eq!(lines(&found), FOUND, "{machine:?} {section}");
            }
        }
    }
    // What only begins like it, as in programs that read it, is passed over.
    let data = [&b"\xff Go buildinf:\0\0"[..], &[0; 48], &inline("go1.21.3", LIST)].concat();
    assert_eq!(lines(&binary::read(&MACHINES[0].elf("", &data)).unwrap()), FOUND);
    let found = binary::read(&MACHINES[0].elf(SECTION, &inline("go1.21.3", LIST))).unwrap();
    let sums: Vec<&str> = found.iter().flat_map(|one| &one.checksums).map(|sum| sum.get(..5).unwrap()).collect();
    assert_eq!(sums, ["h1:AA", "h1:BB"]);
}

#[test]
fn other_formats_are_read() {
    let data = inline("go1.21.3", LIST);
    for (name, file) in [
        ("pe", pe(".data", DATA, &[vec![0; 32], data.clone()].concat())),
        ("mach-o", mach_o("__go_buildinfo", &data)),
        ("mach-o without the section", mach_o("__data", &data)),
        ("fat", fat(&[mach_o("__go_buildinfo", &data), mach_o("__go_buildinfo", &data)])),
    ] {
        assert_eq!(lines(&binary::read(&file).unwrap()), FOUND, "{name}");
    }
    // What is only read is no place for it.
    assert_eq!(binary::read(&pe(".rdata", 0x4000_0040, &data)).unwrap(), []);
}

#[test]
fn where_a_file_lies_in_memory_does_not_matter() {
    let data = inline("go1.21.3", LIST);
    let mut files: Vec<Vec<u8>> = MACHINES.iter().map(|machine| machine.elf(SECTION, &data)).collect();
    files.extend([pe(".data", DATA, &data), mach_o("__go_buildinfo", &data), fat(&[mach_o("__go_buildinfo", &data)])]);
    for (index, file) in files.iter().enumerate() {
        for before in 1..8 {
            let memory = [vec![0; before], file.clone()].concat();
            let found = binary::read(&memory[before..]).unwrap();
            assert_eq!(lines(&found), FOUND, "file {index}, {before} bytes on");
        }
    }
}

#[test]
fn what_is_not_said_stays_unknown() {
    for (go, list, expected) in [
        ("go1.22rc1", "", vec!["stdlib 1.22.0-rc.1"]),
        ("devel go1.22-abcdef Mon Nov 2 2026", "", vec!["stdlib ?"]),
        ("go1.20.5-fips", "path\tx\nmod\tx.example/a\t\t\n", vec!["x.example/a ?", "stdlib 1.20.5"]),
        (
            "go1.25.1 X:nodwarf5",
            "mod\tx.example/a\tv1.0.0+dirty\t\n",
            vec!["x.example/a v1.0.0+dirty", "stdlib 1.25.1"],
        ),
        ("go1.25.1", "mod\tx.example/a\t(devel)\t\nbuild\tvcs.revision=abc\n", vec!["x.example/a ?", "stdlib 1.25.1"]),
        (
            "go1.25.1",
            "mod\tx.example/a\tv1.0.0\t\nbuild\t-ldflags=\"-X main.version=2.0.0\"\n",
            vec!["x.example/a v1.0.0", "stdlib 1.25.1"],
        ),
        ("go1.25.1", "path\tcmd/go\n", vec!["toolchain 1.25.1", "stdlib 1.25.1"]),
        ("go1.25.1", "later\twords\tof Go's\n", vec!["stdlib 1.25.1"]),
    ] {
        let file = MACHINES[0].elf(SECTION, &inline(go, list));
        assert_eq!(lines(&binary::read(&file).unwrap()), expected, "{go} {list}");
    }
}

#[test]
fn what_is_there_and_cannot_be_read_is_an_error() {
    let whole = inline("go1.21.3", LIST);
    let cut = whole.get(..60).unwrap().to_vec();
    let endless = [&whole[..32], &[0xff; 12]].concat();
    let huge = [&whole[..32], &[0xff, 0xff, 0xff, 0xff, 0x0f], b"go1.21.3"].concat();
    let modules = |count: usize| "dep\tx.example/a\tv1.0.0\n".repeat(count);
    for (name, data, message) in [
        (
            "cut",
            cut,
            "its build information of Go is damaged, or stripped in part; which modules are in it is not known",
        ),
        (
            "endless",
            endless,
            "its build information of Go is damaged, or stripped in part; which modules are in it is not known",
        ),
        (
            "empty",
            inline("", ""),
            "its build information of Go is damaged, or stripped in part; which modules are in it is not known",
        ),
        ("huge", huge, "its list of Go modules is longer than 16777216 bytes, and is not read"),
        (
            "many",
            inline("go1.21.3", &modules(100_001)),
            "its list of Go modules is longer than 100000 modules, and is not read",
        ),
        (
            "columns",
            inline("go1.21.3", "path\tx\ndep\tx\n"),
            "line 2 of its list of Go modules is not as Go writes it; which modules are in it is not known",
        ),
        (
            "control character",
            inline("go1.21.3", "dep\tx.example/a\0\tv1.0.0\n"),
            "line 1 of its list of Go modules is not as Go writes it; which modules are in it is not known",
        ),
        (
            "replacement",
            inline("go1.21.3", "=>\tx\tv1\t\n"),
            "line 1 of its list of Go modules is not as Go writes it; which modules are in it is not known",
        ),
        (
            "addresses",
            [&b"\xff Go buildinf:\x07\0"[..], &[1; 64]].concat(),
            "its build information of Go is damaged, or stripped in part; which modules are in it is not known",
        ),
    ] {
        let error = binary::read(&MACHINES[0].elf(SECTION, &data)).unwrap_err();
        assert_eq!(error.to_string(), message, "{name}");
    }
    let found = binary::read(&MACHINES[0].elf(SECTION, &inline("go1.21.3", &modules(100_000)))).unwrap();
    assert_eq!(found.len(), 2);
}
