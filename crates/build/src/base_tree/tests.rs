use super::*;
use consign_image::unpack::{Layer, Options, unpack};
use consign_oci::media_type;
use consign_testkit::elf::Elf;
use consign_testkit::layers::random;
use consign_testkit::mutate::cases_or;
use std::fs;
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// A layer of lines such as `folder/`, `file`, `link -> target` and `name = target` for hard links.
fn layer(lines: &[&str]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for line in lines {
        let mut header = Header::new_gnu();
        header.set_size(0);
        header.set_mode(if line.starts_with("tmp") { 0o1777 } else { 0o750 });
        match (line.split_once(" -> "), line.split_once(" = ")) {
            (Some((path, target)), _) => {
                header.set_entry_type(EntryType::Symlink);
                archive.append_link(&mut header, path, target).unwrap();
            }
            (_, Some((path, target))) => {
                header.set_entry_type(EntryType::Link);
                archive.append_link(&mut header, path, target).unwrap();
            }
            _ => {
                header.set_entry_type(if line.ends_with('/') { EntryType::Directory } else { EntryType::Regular });
                archive.append_data(&mut header, line, io::empty()).unwrap();
            }
        }
    }
    archive.into_inner().unwrap()
}

fn tree(layers: &[&[&str]]) -> Tree {
    read_within(layers, false, MEMORY_LIMIT).unwrap().tree
}

fn read_within(layers: &[&[&str]], files: bool, limit: usize) -> Result<Reading, BaseLayerError> {
    let mut reading = Reading::new(files, limit);
    for lines in layers {
        reading.begin();
        reading.members(&mut &layer(lines)[..])?;
    }
    Ok(reading)
}

fn listing(tree: &Tree) -> String {
    let line = |node: &crate::tree::Node| match &node.entry.kind {
        Kind::Symlink(target) => format!("{} -> {target}", node.entry.path.as_str()),
        _ => format!("{}/", node.entry.path.as_str()),
    };
    tree.nodes().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn lays_layers_on_each_other() {
    let lower: &[&str] = &["usr/", "usr/bin/", "bin -> usr/bin", "a/", "a/b/", "a/l -> b", "tmp/"];
    for (upper, expected) in [
        (&["usr/bin/x"][..], "a/ a/b/ a/l -> b bin -> usr/bin tmp/ usr/ usr/bin/"),
        (&["bin/y/"], "a/ a/b/ a/l -> b bin -> usr/bin tmp/ usr/ usr/bin/ usr/bin/y/"),
        (&["bin/"], "a/ a/b/ a/l -> b bin/ tmp/ usr/ usr/bin/"),
        (&["a"], "bin -> usr/bin tmp/ usr/ usr/bin/"),
        (&["a/.wh.b"], "a/ a/l -> b bin -> usr/bin tmp/ usr/ usr/bin/"),
        (&["a/c/", "a/.wh..wh..opq"], "a/ a/c/ bin -> usr/bin tmp/ usr/ usr/bin/"),
        (&[".wh.a", "a/", "a/n -> x"], "a/ a/n -> x bin -> usr/bin tmp/ usr/ usr/bin/"),
        (&["a/", "a/n -> x", ".wh.a"], "a/ a/n -> x bin -> usr/bin tmp/ usr/ usr/bin/"),
        (&["m = bin"], "a/ a/b/ a/l -> b bin -> usr/bin m -> usr/bin tmp/ usr/ usr/bin/"),
        (&["l -> l", "l/x/", "k/.wh..wh.plnk"], "a/ a/b/ a/l -> b bin -> usr/bin l -> l tmp/ usr/ usr/bin/"),
    ] {
        let tree = tree(&[lower, upper]);
        assert_eq!(listing(&tree).replace('\n', " "), expected, "{upper:?}");
        assert_eq!(tree.get(&"tmp".parse().unwrap()).unwrap().entry.mode, 0o1777);
    }
}

#[test]
fn whatever_is_remembered_counts() {
    const LIMIT: usize = 32 << 10;
    let lines = |line: &dyn Fn(usize) -> String| (0..400).map(line).collect::<Vec<_>>();
    let files = lines(&|number| format!("usr/share/doc/a-long-name-of-a-package/file-{number}"));
    let deep = [format!("{}file", "folder/".repeat(200))];
    let (half, other) = files.split_at(200);
    for (what, layers, with_files, fits) in [
        ("files that are only passed", vec![&files[..]], false, false),
        ("files of one layer after the other", vec![half, other], false, true),
        ("files that are kept", vec![&files[..100], &files[100..200]], true, false),
        ("one file again and again", vec![&files[..50]; 50], true, true),
        ("folders that one path makes", vec![&deep[..]], true, false),
        ("folders that one path would make", vec![&deep[..]], false, false),
        ("folders that are there", vec![&["usr/".to_owned(), "usr/bin/".to_owned()][..]; 400], false, true),
        ("what is hidden and comes again", vec![&[".wh.a".to_owned(), "a -> x".repeat(40)][..]; 400], false, true),
    ] {
        let layers: Vec<Vec<&str>> = layers.iter().map(|lines| lines.iter().map(String::as_str).collect()).collect();
        let layers: Vec<&[&str]> = layers.iter().map(Vec::as_slice).collect();
        match read_within(&layers, with_files, LIMIT) {
            Ok(reading) => assert!(fits && reading.memory <= LIMIT, "{what}"),
            Err(error) => {
                assert_eq!(error.to_string(), "the layers have more than 32768 bytes of names", "{what}");
                assert!(!fits, "{what}");
            }
        }
    }
}

#[test]
fn texts_that_loaders_read_count() {
    let mut archive = Builder::new(Vec::new());
    for number in 0..4 {
        let mut header = Header::new_gnu();
        header.set_size(TEXT_LIMIT);
        archive
            .append_data(&mut header, format!("etc/ld.so.conf.d/{number}"), io::repeat(b'\n').take(TEXT_LIMIT))
            .unwrap();
    }
    let archive = archive.into_inner().unwrap();
    for (limit, fits) in [(3 * TEXT_LIMIT, false), (5 * TEXT_LIMIT, true)] {
        let mut reading = Reading::new(true, usize::try_from(limit).unwrap());
        assert_eq!(reading.members(&mut &archive[..]).is_ok(), fits);
    }
}

/// Returns the folders and links below a folder on the disk, as [`listing`] does, each with its mode where it is a folder.
fn listed(root: &Path, at: &str, lines: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(at)).unwrap() {
        let path = format!("{at}{}", entry.unwrap().file_name().to_str().unwrap());
        let metadata = fs::symlink_metadata(root.join(&path)).unwrap();
        if metadata.is_symlink() {
            lines.push(format!("{path} -> {}", fs::read_link(root.join(&path)).unwrap().display()));
        } else if metadata.is_dir() {
            lines.push(format!("{path}/"));
            listed(root, &format!("{path}/"), lines);
        }
    }
}

#[test]
fn agrees_with_what_is_unpacked() {
    let mut compared = 0;
    for case in 0..cases_or(500) {
        let (layers, root) = (random(case), tempfile::tempdir().unwrap());
        // Unpacking leaves pipes out, and then they keep no folder from being hidden.
        let is_pipe = |entry: tar::Entry<'_, &[u8]>| entry.header().entry_type() == EntryType::Fifo;
        let has_pipe =
            |layer: &Vec<u8>| tar::Archive::new(&layer[..]).entries().unwrap().any(|entry| is_pipe(entry.unwrap()));
        if layers.iter().any(has_pipe) {
            continue;
        }
        let blobs = layers
            .iter()
            .map(|layer| Ok::<_, io::Error>(Layer { media_type: media_type::LAYER.to_owned(), reader: &layer[..] }));
        if unpack(blobs, root.path(), &Options::default()).is_err() {
            continue;
        }
        let mut reading = Reading::new(false, MEMORY_LIMIT);
        for layer in &layers {
            reading.begin();
            reading.members(&mut &layer[..]).unwrap();
        }
        let mut lines = Vec::new();
        listed(root.path(), "", &mut lines);
        let found: Vec<String> = listing(&reading.tree).split_terminator('\n').map(str::to_owned).collect();
        // Folders that were only made to hold a file are not known, and are like those that would be made.
        let missing: Vec<&String> = lines.iter().filter(|line| !line.ends_with('/') && !found.contains(line)).collect();
        let made_up: Vec<&String> = found.iter().filter(|line| !lines.contains(line)).collect();
        assert!(missing.is_empty() && made_up.is_empty(), "case {case}: missing {missing:?}, made up {made_up:?}");
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}

#[test]
fn is_in_no_layer_but_where_it_leads_to_something_new() {
    let mut tree = tree(&[&["usr/", "usr/bin/", "bin -> usr/bin", "tmp/", "a/b/"]]);
    let file =
        |path: &str| Entry { mode: 0o644, mtime: 1, ..Entry::new(path.parse().unwrap(), Kind::File("x".into())) };
    assert!(tree.clone().into_segments().is_empty());
    tree.put(file("bin/x"), Segment::Files).unwrap();
    tree.put(file("tmp/new/x"), Segment::Files).unwrap();
    assert!(tree.put(file("a"), Segment::Files).is_err());
    let segments = tree.into_segments();
    let names: Vec<Vec<(&str, u32)>> = segments
        .iter()
        .map(|segment| segment.iter().map(|entry| (entry.path.as_str(), entry.mode)).collect())
        .collect();
    let folders = vec![("tmp", 0o1777), ("tmp/new", 0o755), ("usr", 0o750), ("usr/bin", 0o750)];
    assert_eq!(names, [folders, vec![("tmp/new/x", 0o644), ("usr/bin/x", 0o644)]]);
}

/// A layer of files with contents, and of links to them: `path`, or `path = target`.
fn layer_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (line, contents) in entries {
        let mut header = Header::new_gnu();
        header.set_mode(0o755);
        match line.split_once(" = ") {
            Some((path, target)) => {
                header.set_entry_type(EntryType::Link);
                header.set_size(0);
                archive.append_link(&mut header, path, target).unwrap();
            }
            None => {
                header.set_size(contents.len() as u64);
                archive.append_data(&mut header, line, *contents).unwrap();
            }
        }
    }
    archive.into_inner().unwrap()
}

#[test]
fn what_is_too_large_to_be_looked_at_is_not_known() {
    let small = Elf::new("amd64").name("liba.so.1").build();
    let large = Elf::new("amd64").name("liba.so.1").needs(&"b".repeat(2 * small.len())).build();
    let (small, large, text, none) = (&small[..], &large[..], &b"text"[..], &b""[..]);
    let limit = (small.len() + large.len()) / 2;
    let (file, link) = ("lib/liba.so.1", "lib/liba.so.1 = lib/liba.so.2");
    // What is said of `lib/liba.so.1`: what it is linked to, that nobody knows, or nothing.
    for (what, layers, expected) in [
        ("as large as is looked at", vec![vec![(file, small)]], Some(true)),
        ("larger", vec![vec![(file, large)]], Some(false)),
        ("no library", vec![vec![("lib/liba", large)]], None),
        ("larger, and another one later", vec![vec![(file, large)], vec![(file, small)]], Some(true)),
        ("larger later", vec![vec![(file, small)], vec![(file, large)]], Some(false)),
        ("larger, and no library later", vec![vec![(file, large)], vec![(file, text)]], None),
        ("another name of a larger one", vec![vec![("lib/liba.so.2", large), (link, none)]], Some(false)),
        ("another name of one below", vec![vec![("lib/liba.so.2", large)], vec![(link, none)]], Some(false)),
        ("of another one later", vec![vec![(file, large)], vec![("lib/liba.so.2", small), (link, none)]], Some(true)),
        ("of no library later", vec![vec![(file, small), ("lib/liba.so.2", text)], vec![(link, none)]], None),
        ("of a larger one later", vec![vec![(file, small)], vec![("lib/liba.so.2", large), (link, none)]], Some(false)),
    ] {
        let mut reading = Reading { library_limit: limit as u64, ..Reading::new(true, MEMORY_LIMIT) };
        for layer in layers {
            reading.begin();
            reading.members(&mut &layer_of(&layer)[..]).unwrap();
        }
        let path = file.parse().unwrap();
        let found = (reading.files.libraries.contains_key(&path), reading.files.unread.contains(&path));
        let expected = expected.map_or((false, false), |is_read| (is_read, !is_read));
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn what_is_passed_over_takes_memory_too() {
    let names: Vec<String> = (0..200).map(|number| format!("usr/lib/a-long-name-of-a-library-{number}.so")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"12"[..])).collect();
    let memory = |library_limit: u64| {
        let mut reading = Reading { library_limit, ..Reading::new(true, MEMORY_LIMIT) };
        reading.members(&mut &layer_of(&entries)[..]).unwrap();
        reading.memory
    };
    assert!(memory(1) >= memory(2) + 200 * PATH_SIZE);
}
