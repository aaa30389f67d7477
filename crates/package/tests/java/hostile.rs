//! Archives that are damaged, or made to fill memory, take time, or hide what is in them.

use crate::zips::{Entry, Lies, lying, zip};
use crate::{lines, problems};
use consign_package::language::java;
use std::time::{Duration, Instant};

#[test]
fn what_is_damaged_is_a_problem() {
    let good = zip(&[Entry::properties("a.b", "c", "1")]);
    let broken = |change: &dyn Fn(&mut Entry)| {
        let mut entry = Entry::properties("a.b", "c", "1");
        change(&mut entry);
        zip(&[entry])
    };
    let path = "META-INF/maven/a.b/c/pom.properties";
    for (name, file, expected) in [
        ("text", b"no archive".to_vec(), "no zip archive, or cut off; not catalogued".to_owned()),
        ("cut", good[..good.len() - 30].to_vec(), "no zip archive, or cut off; not catalogued".to_owned()),
        (
            "sum",
            broken(&|entry| entry.sum = Some(7)),
            format!("{path}: damaged (its sum is another than stated); not catalogued"),
        ),
        ("encrypted", broken(&|entry| entry.flags = 1), format!("{path}: encrypted; not catalogued")),
        (
            "method",
            broken(&|entry| entry.method = 12),
            format!("{path}: compressed by method 12, which consign does not read; not catalogued"),
        ),
        (
            "large",
            broken(&|entry| entry.contents = vec![b' '; 70_000]),
            format!("{path}: larger than 65536 bytes; not catalogued"),
        ),
    ] {
        assert_eq!(problems(&java::read("c.jar", &file)), [expected], "{name}");
    }
    // Files of other programs that have such names.
    for (path, contents) in
        [("c.rar", &b"Rar!\x1a\x07\x01\0"[..]), ("c.nar", b"\x0d\0\0\0\0\0\0\0nix-archive-1"), ("c.jar", b"")]
    {
        assert_eq!(problems(&java::read(path, contents)), [""; 0], "{path}");
    }
    // What is damaged within keeps nothing else from being read.
    let outer = zip(&[Entry::new("lib/bad.jar", "no archive"), Entry::new("lib/c.jar", good)]);
    let catalogued = java::read("app.war", &outer);
    assert_eq!(lines(&catalogued), ["a.b:c 1 in lib/c.jar", "app ?"]);
    assert_eq!(problems(&catalogued), ["lib/bad.jar: no zip archive, or cut off; not catalogued"]);
}

#[test]
fn lies_about_the_number_of_entries_hide_nothing() {
    let entries = [Entry::properties("a.b", "c", "1"), Entry::properties("a.b", "hidden", "1")];
    for count in [0, 1, 3, 9000] {
        let catalogued = java::read("c-1.jar", &lying(&entries, &Lies { count: Some(count), ..Lies::default() }));
        let hidden = "a.b:hidden 1 in META-INF/maven/a.b/hidden/pom.properties";
        assert_eq!(lines(&catalogued), ["a.b:c 1", hidden], "{count}");
        let expected = format!("it states {count} entries and lists 2; made to hide some from some readers");
        assert_eq!(problems(&catalogued), [expected]);
    }
}

#[test]
fn an_archive_in_a_comment_hides_nothing() {
    // Behind the archive is the end of an empty one, and more: Java takes the first for the archive.
    let file =
        [zip(&[Entry::properties("a.b", "c", "1")]), b"PK\x05\x06".to_vec(), vec![0; 18], b"more".to_vec()].concat();
    assert_eq!(lines(&java::read("c.jar", &file)), ["a.b:c 1"]);
}

/// Bytes that are a hundred times smaller when compressed.
fn thin(size: usize) -> Vec<u8> {
    let mut number = 1_u32;
    let mut bytes = vec![0; size];
    for block in bytes.chunks_mut(4096) {
        for byte in block.iter_mut().take(20) {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = number.to_le_bytes()[3];
        }
    }
    bytes
}

#[test]
fn bombs_are_not_unpacked() {
    let bomb = zip(&[Entry::new("a.jar", vec![0; 64 << 20])]);
    let expected = "a.jar: more than 200 times larger when decompressed; not catalogued";
    assert_eq!(problems(&java::read("app.jar", &bomb)), [expected]);
    // The same bytes, listed often.
    let kernel = vec![Entry::new("a.jar", vec![7; 1 << 20]); 200];
    let file = lying(&kernel, &Lies { overlaps: true, ..Lies::default() });
    let expected = "its entries overlap, as they do in archives that are made to fill memory; not catalogued";
    assert_eq!(problems(&java::read("app.jar", &file)), [expected]);
    // Each is small enough, and all are not.
    let part = zip(&[Entry::new("b.jar", thin(64 << 20))]);
    let all: Vec<Entry> = (0..20).map(|index| Entry::stored(&format!("{index}.jar"), part.clone())).collect();
    let start = Instant::now();
    let catalogued = java::read("app.jar", &zip(&all));
    assert!(lines(&catalogued).contains(&"app ?".to_owned()), "what is known is told");
    let found = problems(&catalogued);
    let expected = "15.jar!/b.jar: what is in it is larger than 1073741824 bytes in all; the rest is not catalogued";
    assert_eq!(found.last().unwrap(), expected);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn many_small_archives_within_each_other_end_soon() {
    let mut inner = zip(&[Entry::new("a.class", vec![0; 900 << 10])]);
    for _ in 0..5 {
        let all: Vec<Entry> = (0..16).map(|index| Entry::new(&format!("{index}.jar"), inner.clone())).collect();
        inner = zip(&all);
    }
    let start = Instant::now();
    let catalogued = java::read("app.jar", &inner);
    assert_eq!(problems(&catalogued), ["more than 50000 packages; the rest is not catalogued"]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn depth_is_bounded() {
    let mut file = zip(&[Entry::properties("a.b", "deepest", "1")]);
    for depth in 0..1000 {
        file = zip(&[Entry::stored(&format!("{depth}.jar"), file)]);
    }
    let catalogued = java::read("app.jar", &file);
    assert_eq!(catalogued.found.len(), 16);
    let path: Vec<String> = (0..16).map(|depth| format!("{}.jar", 999 - depth)).collect();
    let expected = format!("{}: 16 archives within each other; what is deeper is not catalogued", path.join("!/"));
    assert_eq!(problems(&catalogued), [expected]);
}

#[test]
fn what_is_listed_is_bounded() {
    let long = Entry::new(&format!("{}.jar", "x".repeat(5000)), "");
    let expected = "its path is longer than 4096 bytes; not catalogued";
    assert_eq!(problems(&java::read("a.jar", &zip(&[long]))), [expected]);
    let odd = Entry::stored("lib/a\n-1.jar", zip(&[]));
    let catalogued = java::read("a.jar", &zip(&[odd]));
    assert_eq!(problems(&catalogued), ["lib/a\n-1.jar: it has a name that no package has; not catalogued"]);
    assert_eq!(lines(&catalogued), ["a ?"]);
    let bad: Vec<Entry> = (0..500).map(|index| Entry::new(&format!("{index}.jar"), "bad")).collect();
    let all = problems(&java::read("a.jar", &zip(&bad)));
    assert_eq!((all.len(), all[100].as_str()), (101, "more than 100 problems; the rest is not listed"));
    let many: Vec<Entry> = (0..50_001).map(|index| Entry::properties("a.b", &format!("c{index}"), "1")).collect();
    let catalogued = java::read("a.jar", &zip(&many));
    assert_eq!(catalogued.found.len(), 50_000);
    assert_eq!(problems(&catalogued), ["more than 50000 packages; the rest is not catalogued"]);
}

#[test]
fn entries_are_counted_in_all() {
    let entry = Entry::stored("a", "");
    let file = lying(&vec![entry; 1_000_001], &Lies::default());
    let start = Instant::now();
    assert_eq!(problems(&java::read("a.jar", &file)), ["more than 1000000 entries in all; the rest is not catalogued"]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}
