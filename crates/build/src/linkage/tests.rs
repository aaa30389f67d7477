use super::*;
use crate::tree::Segment;
use consign_oci::layer::{Entry, Kind};
use consign_testkit::elf::Elf;

const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

fn program() -> Elf {
    Elf::new("amd64").loader(LOADER).needs("libc.so.6").wants("libc.so.6", "GLIBC_2.34")
}

fn libc(latest: &str) -> Elf {
    Elf::new("amd64").name("libc.so.6").defines("GLIBC_2.2.5").defines("GLIBC_2.34").defines(latest)
}

/// An image with the C library of Debian 12, as it lies there, and further files; a target is a link.
fn tree(more: &[(&str, Vec<u8>)], links: &[(&str, &str)]) -> Tree {
    let mut tree = Tree::default();
    let folder = "usr/lib/x86_64-linux-gnu";
    let loader = Elf::new("amd64").name("ld-linux-x86-64.so.2").build();
    let library = libc("GLIBC_2.36").needs("ld-linux-x86-64.so.2").build();
    let debian = [
        (format!("{folder}/ld-linux-x86-64.so.2"), Kind::File(loader.into())),
        (format!("{folder}/libc.so.6"), Kind::File(library.into())),
        ("lib".to_owned(), Kind::Symlink("usr/lib".to_owned())),
        ("lib64/ld-linux-x86-64.so.2".to_owned(), Kind::Symlink(format!("/{folder}/ld-linux-x86-64.so.2"))),
    ];
    let more = more.iter().map(|(path, bytes)| ((*path).to_owned(), Kind::File(bytes.clone().into())));
    let links = links.iter().map(|(path, target)| ((*path).to_owned(), Kind::Symlink((*target).to_owned())));
    for (path, kind) in debian.into_iter().chain(more).chain(links) {
        let entry = Entry { mode: 0o755, ..Entry::new(path.parse().unwrap(), kind) };
        tree.put(entry, Segment::Package("p".into())).unwrap();
    }
    tree
}

/// Returns what is said of a file of the user's at a path in the image.
fn said(tree: Tree, path: &str, file: &LocalFile, stands_alone: bool) -> Result<Vec<String>, String> {
    said_on(&BaseFiles::default(), tree, path, file, stands_alone)
}

fn said_on(
    base: &BaseFiles,
    mut tree: Tree,
    path: &str,
    file: &LocalFile,
    stands_alone: bool,
) -> Result<Vec<String>, String> {
    crate::local_files::put(&mut tree, [file].into_iter(), 0).unwrap();
    assert_eq!(file.path().as_str(), path);
    let surroundings = Surroundings {
        platform: &"linux/amd64".parse().unwrap(),
        tree: &tree,
        base,
        stands_alone,
        packages: true,
        environment: &["PATH=/usr/bin".to_owned(), "LD_LIBRARY_PATH=/opt/first".to_owned()],
    };
    check(std::slice::from_ref(file), &surroundings).map_err(|error| error.to_string())
}

fn file(path: &str, contents: Vec<u8>, provided: &[&str]) -> LocalFile {
    LocalFile::of_test(path, contents, provided)
}

#[test]
fn programs_find_what_they_need() {
    let library = |name: &str| Elf::new("amd64").name(name).needs("libc.so.6").build();
    let table = [
        ("a static program", Elf::new("amd64").build(), vec![]),
        ("the C library", program().build(), vec![]),
        (
            "a library of the system",
            program().needs("liba.so.1").build(),
            vec![("usr/lib/liba.so.1", library("liba.so.1"))],
        ),
        (
            "beside the program",
            program().needs("liba.so.1").runpath("$ORIGIN/../lib").build(),
            vec![("opt/lib/liba.so.1", library("liba.so.1"))],
        ),
        (
            "in the environment",
            program().needs("liba.so.1").build(),
            vec![("opt/first/liba.so.1", library("liba.so.1"))],
        ),
        (
            "in a folder of the configuration",
            program().needs("liba.so.1").build(),
            vec![("usr/local/lib/liba.so.1", library("liba.so.1")), ("etc/ld.so.conf", b"/usr/local/lib\n".to_vec())],
        ),
        (
            "by the path of who needs what needs it",
            program().needs("liba.so.1").rpath("${ORIGIN}/x").build(),
            vec![
                ("opt/bin/x/liba.so.1", Elf::new("amd64").name("liba.so.1").needs("libb.so.1").build()),
                ("opt/bin/x/libb.so.1", library("libb.so.1")),
            ],
        ),
        (
            "past one for another machine",
            program().needs("liba.so.1").build(),
            vec![("opt/first/liba.so.1", Elf::new("arm64").build()), ("usr/lib/liba.so.1", library("liba.so.1"))],
        ),
        (
            "versions of a library that has none",
            program().needs("liba.so.1").wants("liba.so.1", "A_9").build(),
            vec![("usr/lib/liba.so.1", library("liba.so.1"))],
        ),
        (
            "a library that is loaded under another name",
            program().needs("/opt/a.so").needs("liba.so.1").build(),
            vec![("opt/a.so", Elf::new("amd64").name("liba.so.1").build())],
        ),
        (
            "beside a loader elsewhere",
            Elf::new("amd64").loader("/opt/libc/ld.so").needs("liba.so.1").build(),
            vec![("opt/libc/ld.so", Elf::new("amd64").build()), ("opt/libc/liba.so.1", Elf::new("amd64").build())],
        ),
        (
            "a library that another has loaded before",
            Elf::new("amd64").needs("libjvm.so").build(),
            vec![("opt/server/libjvm.so", library("libjvm.so"))],
        ),
    ];
    for (what, contents, more) in table {
        let said = said(tree(&more, &[]), "opt/bin/x-program", &file("opt/bin/x-program", contents, &[]), false);
        assert_eq!(said, Ok(vec![]), "{what}");
    }
}

#[test]
fn says_what_is_missing_and_what_to_do() {
    let table = [
        (
            Elf::new("amd64").loader("/lib/ld-musl-x86_64.so.1").build(),
            "it is linked dynamically, and its loader /lib/ld-musl-x86_64.so.1 is not in the image, which has \
             /lib64/ld-linux-x86-64.so.2; build it for that C library, or statically",
        ),
        (
            program().needs("libssl.so.3").build(),
            "it needs the library libssl.so.3, which is not in the image; build it statically, or add the package that has it; \
             `provided` names those that are there only when it runs",
        ),
        (
            program().needs("liba.so.1").build(),
            "/usr/lib/liba.so.1 needs the library libz.so.1, which is not in the image; ",
        ),
        (
            program().needs("libb.so.1").runpath("/nowhere").build(),
            "it needs the library libb.so.1, which is not in the image; ",
        ),
        (
            program()
                .wants("libc.so.6", "GLIBC_2.4")
                .wants("libc.so.6", "GLIBC_2.38")
                .wants("libc.so.6", "GLIBC_2.5")
                .build(),
            "it needs GLIBC_2.38, and /usr/lib/x86_64-linux-gnu/libc.so.6 of the image has no later than GLIBC_2.36; \
             build it where the libraries are as old as the image's, or statically, or make the image newer",
        ),
        (
            program().wants("libc.so.6", "FOO_1").build(),
            "it needs FOO_1, and /usr/lib/x86_64-linux-gnu/libc.so.6 of the image has no such version; ",
        ),
        (Elf::new("amd64").needs("libnone.so").build(), "it needs the library libnone.so, which is not in the image; "),
    ];
    // The second library lies where its own path says, which says nothing to those who need it.
    let more = [
        ("usr/lib/liba.so.1", Elf::new("amd64").name("liba.so.1").needs("libz.so.1").build()),
        ("opt/b/libb.so.1", Elf::new("amd64").name("libb.so.1").runpath("$ORIGIN").build()),
    ];
    for (contents, expected) in table {
        let error = said(tree(&more, &[]), "bin/x", &file("bin/x", contents, &[]), false).unwrap_err();
        let start = "image.yaml:3:5: `bin/x` would not start on linux/amd64: ";
        assert!(error.starts_with(&format!("{start}{expected}")), "{error}\n{expected}");
    }
}

#[test]
fn what_stands_alone_has_no_loader() {
    let said = |contents: Vec<u8>| said(Tree::default(), "x", &file("x", contents, &[]), true);
    assert!(
        said(program().build())
            .unwrap_err()
            .contains("its loader /lib64/ld-linux-x86-64.so.2 is not in the image; build it statically")
    );
    assert_eq!(said(Elf::new("amd64").build()), Ok(vec![]));
    assert_eq!(said(Elf::new("amd64").needs("libc.so.6").build()), Ok(vec![]), "a library alone is no program");
}

#[test]
fn what_comes_later_is_not_missed() {
    let contents = program().needs("libcuda.so.1").needs("libnvidia-ml.so.1").build();
    for (provided, expected) in
        [(&["libcuda.so.1", "libnvidia-*"][..], true), (&["*"], true), (&["libcuda.so.1"], false), (&["cuda"], false)]
    {
        let said = said(tree(&[], &[]), "x", &file("x", contents.clone(), provided), false);
        assert_eq!(said.is_ok(), expected, "{provided:?}");
    }
    let alone = said(Tree::default(), "x", &file("x", program().build(), &[LOADER, "libc.so.6"]), true);
    assert_eq!(alone, Ok(vec![]));
}

#[test]
fn libraries_of_musl_are_where_musl_looks() {
    let loader = Elf::new("amd64").name("libc.musl-x86_64.so.1").build();
    let musl = |more: &[(&str, Vec<u8>)]| {
        let mut all = vec![("usr/lib/ld-musl-x86_64.so.1", loader.clone())];
        all.extend_from_slice(more);
        tree(&all, &[])
    };
    let program = |library: &str| {
        let program = Elf::new("amd64").loader("/lib/ld-musl-x86_64.so.1").needs("libc.musl-x86_64.so.1");
        file("x", program.needs(library).wants("libc.musl-x86_64.so.1", "GLIBC_2.99").build(), &[])
    };
    let library = || Elf::new("amd64").build();
    assert_eq!(said(musl(&[("usr/local/lib/liba.so", library())]), "x", &program("liba.so"), false), Ok(vec![]));
    let stated = [("etc/ld-musl-x86_64.path", b"/opt/a:/opt/b\n".to_vec()), ("opt/b/liba.so", library())];
    assert_eq!(said(musl(&stated), "x", &program("liba.so"), false), Ok(vec![]));
    let elsewhere = [("usr/lib/x86_64-linux-gnu/liba.so", library())];
    assert!(said(musl(&elsewhere), "x", &program("liba.so"), false).unwrap_err().contains("the library liba.so"));
}

#[test]
fn what_nobody_could_look_into_may_be_what_is_needed() {
    let path: EntryPath = "usr/lib/x86_64-linux-gnu/liba.so.1".parse().unwrap();
    let base = BaseFiles { unread: [path.clone()].into(), ..BaseFiles::default() };
    let library = |segment| {
        let mut tree = tree(&[], &[]);
        tree.put(Entry { mode: 0o755, ..Entry::new(path.clone(), Kind::File("x".into())) }, segment).unwrap();
        tree
    };
    let program = file("x", program().needs("liba.so.1").wants("liba.so.1", "A_9").build(), &[]);
    let missing = "the library liba.so.1";
    for (what, base, tree, starts) in [
        ("too large to be read", &base, library(Segment::Base), true),
        ("no library", &BaseFiles::default(), library(Segment::Base), false),
        ("taken from the base image", &base, tree(&[], &[]), false),
        ("of a package now", &base, library(Segment::Package("p".into())), false),
    ] {
        let said = said_on(base, tree, "x", &program, false);
        assert_eq!(said.is_ok(), starts, "{what}: {said:?}");
        assert!(said.err().is_none_or(|error| error.contains(missing)), "{what}");
    }
}

#[test]
fn scripts_without_their_program_are_warned_of() {
    let tools = [("usr/bin/env", b"x".to_vec()), ("usr/bin/python3", b"x".to_vec())];
    for (script, missing) in [
        ("#!/usr/bin/python3 -u\n", None),
        ("#!/bin/sh\n", Some("/bin/sh")),
        ("#! /usr/bin/env python3\n", None),
        ("#!/usr/bin/env -S A=b perl -w\n", Some("perl")),
        ("#!/usr/bin/env", None),
        ("no script", None),
        ("#!\n", None),
    ] {
        let said = said(tree(&tools, &[]), "x", &file("x", script.into(), &[]), false).unwrap();
        let expected = missing.map(|missing| format!("`x` is a script for `{missing}`, which is not in the image"));
        assert_eq!(said, Vec::from_iter(expected), "{script}");
    }
}

#[test]
fn nonsense_is_no_program() {
    let whole = program().needs("liba.so.1").rpath("/x").defines("A_1").build();
    for length in 0..whole.len() {
        drop(Linked::read(&whole[..length]));
        let mut altered = whole.clone();
        altered[length] ^= 0xff;
        drop(Linked::read(&altered));
    }
    let linked = Linked::read(&whole).unwrap();
    assert_eq!(linked.needed, ["libc.so.6", "liba.so.1"]);
    assert_eq!(linked.wanted_versions, [("libc.so.6".to_owned(), "GLIBC_2.34".to_owned())]);
    assert_eq!((linked.rpath, linked.runpath), (vec!["/x".to_owned()], None));
    assert_eq!(linked.defined_versions, ["A_1".to_owned()].into());
    assert_eq!(linked.interpreter.as_deref(), Some(LOADER));
}

#[test]
fn lists_without_an_end_are_not_read_to_it() {
    let many = (0..10_000).fold(program(), |elf, number| elf.wants("libc.so.6", &format!("A_{number}")));
    let linked = Linked::read(&many.needs("libz.so.1").build()).unwrap();
    assert!((1000..5000).contains(&linked.wanted_versions.len()), "{}", linked.wanted_versions.len());
    assert_eq!(linked.needed, ["libc.so.6", "libz.so.1"]);
}
