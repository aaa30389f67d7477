//! `/etc/ld.so.cache`, as ldconfig writes it (glibc, `sysdeps/generic/dl-cache.h`, "struct cache_file_new", format 1.1).

use crate::tree::{Segment, Tree, TreeError};
use consign_oci::Platform;
use consign_oci::layer::{Entry, EntryPath, Kind};
use consign_package::elf::{Linked, Machine};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

const MAGIC: &[u8; 20] = b"glibc-ld.so.cache1.1";
const HEADER_LENGTH: u32 = 48;
const ENTRY_LENGTH: u32 = 24;
const EXTENSION_MAGIC: u32 = 0xeaa4_2174;
/// Deepest nesting of `include` in `/etc/ld.so.conf`.
const INCLUDE_LIMIT: usize = 8;

/// A library that the loader will find by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Library {
    soname: String,
    path: String,
}

/// Writes `/etc/ld.so.cache` into the image, and the links from libraries' names to their files that are missing, when the image
/// holds ldconfig.
pub(crate) fn write(tree: &mut Tree, platform: &Platform, mtime: u64) -> Result<(), TreeError> {
    let programs = ["sbin/ldconfig", "usr/sbin/ldconfig"].map(|path| tree.file(path));
    let programs = programs.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some(generator) = programs.iter().flatten().find_map(|program| generator(program)) else { return Ok(()) };
    let (Some(machine), Some((flags, little))) = (Machine::of(platform), flags(platform)) else { return Ok(()) };
    let mut libraries = Vec::new();
    for folder in folders(tree)? {
        let (found, links) = search(tree, &folder, &machine)?;
        libraries.extend(found);
        for (name, target) in links {
            let path: EntryPath = format!("{folder}/{name}").parse()?;
            if !tree.contains(path.as_str()) {
                let entry = Entry { mode: 0o777, mtime, ..Entry::new(path, Kind::Symlink(target)) };
                tree.put(entry, Segment::Generated)?;
            }
        }
    }
    let bytes = encode(&mut libraries, flags, little, &generator);
    let file = |path: &str, kind, mode| -> Result<Entry, TreeError> {
        Ok(Entry { mode, mtime, ..Entry::new(path.parse()?, kind) })
    };
    tree.put(file("etc/ld.so.cache", Kind::File(bytes.into()), 0o644)?, Segment::Generated)?;
    tree.put(file("var/cache/ldconfig", Kind::Directory, 0o700)?, Segment::Generated)
}

/// Returns how the image's own ldconfig names itself in the caches that it writes: a text in its data.
fn generator(program: &[u8]) -> Option<Vec<u8>> {
    const START: &[u8] = b"ldconfig (";
    let start = program.windows(START.len()).position(|window| window == START)?;
    let text = &program[start..];
    let length = text.iter().take(200).position(|byte| *byte == 0)?;
    text[..length].is_ascii().then(|| text[..length].to_vec())
}

/// Returns the flags of a platform's libraries (glibc, `sysdeps/generic/ldconfig.h`) and whether it is little-endian.
fn flags(platform: &Platform) -> Option<(u32, bool)> {
    const ELF_LIBC6: u32 = 3;
    let (architecture, little) = match platform.architecture() {
        "amd64" => (0x0300, true),
        "386" => (0, true),
        "arm64" => (0x0a00, true),
        "arm" if platform.variant() == Some("v7") => (0x0900, true),
        "arm" => (0x0b00, true),
        "ppc64le" => (0x0500, true),
        "s390x" => (0x0400, false),
        "riscv64" => (0x1000, true),
        "mips64le" => (0x0700, true),
        "loong64" => (0x1400, true),
        _ => return None,
    };
    Some((architecture | ELF_LIBC6, little))
}

/// Returns the folders that are searched, each once: those of `/etc/ld.so.conf`, then the system's.
pub(crate) fn folders(tree: &Tree) -> Result<Vec<String>, TreeError> {
    let mut listed = Vec::new();
    read_configuration(tree, "/etc/ld.so.conf", INCLUDE_LIMIT, &mut BTreeSet::new(), &mut listed)?;
    // Debian's C library is built with `/lib/TRIPLET` as its system folder and lists it in the configuration, too.
    listed.extend(["/lib".to_owned(), "/usr/lib".to_owned()]);
    let mut seen = BTreeSet::new();
    listed.retain(|folder| {
        let real = folder.parse().ok().and_then(|folder| tree.resolve(&folder).ok());
        real.is_some_and(|real| tree.is_directory(real.as_str()) && seen.insert(real))
    });
    Ok(listed)
}

/// Adds the folders that a file lists. Each file, and each pattern, counts once: files that include each other would multiply.
fn read_configuration(
    tree: &Tree,
    path: &str,
    depth: usize,
    seen: &mut BTreeSet<String>,
    folders: &mut Vec<String>,
) -> Result<(), TreeError> {
    if !seen.insert(path.to_owned()) {
        return Ok(());
    }
    let text = tree.file(path)?.unwrap_or_default();
    for line in String::from_utf8_lossy(&text).lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        match line.strip_prefix("include").filter(|rest| rest.starts_with([' ', '\t'])) {
            Some(patterns) if depth > 0 => {
                for pattern in patterns.split_whitespace() {
                    if !seen.insert(format!("include {pattern}")) {
                        continue;
                    }
                    for file in included(tree, pattern)? {
                        read_configuration(tree, &file, depth - 1, seen, folders)?;
                    }
                }
            }
            Some(_) => {}
            None if line.starts_with('/') => folders.push(line.trim_end_matches('/').to_owned()),
            None => {}
        }
    }
    Ok(())
}

/// Returns the files that a pattern such as `/etc/ld.so.conf.d/*.conf` names, in order.
fn included(tree: &Tree, pattern: &str) -> Result<Vec<String>, TreeError> {
    let Some((folder, name)) = pattern.rsplit_once('/') else { return Ok(Vec::new()) };
    let Some(folder) = folder.parse().ok().and_then(|folder| tree.resolve(&folder).ok()) else {
        return Ok(Vec::new());
    };
    let names = tree.children(&folder)?.into_iter().map(|node| &node.entry.path);
    Ok(names.filter(|path| super::glob::matches(name, path.name())).map(|path| path.to_string()).collect())
}

/// Libraries, and links with their targets.
type Found = (Vec<Library>, Vec<(String, String)>);

/// Returns the libraries of a folder, and the links from their names that are to be there.
fn search(tree: &Tree, folder: &str, machine: &Machine) -> Result<Found, TreeError> {
    let Some(real) = folder.parse().ok().and_then(|folder: EntryPath| tree.resolve(&folder).ok()) else {
        return Ok(Found::default());
    };
    // Name of the library, by soname, and whether it is a link that already bears the name.
    let mut found: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for node in tree.children(&real)? {
        let name = node.entry.path.name();
        let is_library = ["lib", "ld-", "ld64.so."].iter().any(|start| name.starts_with(start)) && name.contains(".so");
        let temporary = [".dpkg-new", ".dpkg-tmp", "-gdb.py"].iter().any(|end| name.ends_with(end));
        if !is_library || temporary {
            continue;
        }
        let Some(contents) = tree.file(node.entry.path.as_str())? else { continue };
        let Some(library) = Linked::read(&contents).filter(|found| found.is_shared && found.machine.runs_on(machine))
        else {
            continue;
        };
        let soname = library.soname.unwrap_or_else(|| name.to_owned());
        // A link counts as one only when it bears the library's name or is the one that compilers use.
        let for_compilers = name.ends_with(".so") && soname.starts_with(name);
        let is_link = matches!(node.entry.kind, Kind::Symlink(_)) && (name == soname || for_compilers);
        match found.get_mut(&soname) {
            Some(existing) => {
                let better =
                    (!is_link && existing.1) || (is_link == existing.1 && compare(&existing.0, name) == Ordering::Less);
                if better {
                    *existing = (name.to_owned(), is_link);
                }
            }
            None => drop(found.insert(soname, (name.to_owned(), is_link))),
        }
    }
    let libraries = found.keys().map(|soname| Library { soname: soname.clone(), path: format!("{folder}/{soname}") });
    let links = found.iter().filter(|(soname, (name, is_link))| !is_link && *soname != name);
    Ok((libraries.collect(), links.map(|(soname, (name, _))| (soname.clone(), name.clone())).collect()))
}

/// Compares names as the loader does: runs of digits by their value (glibc, `_dl_cache_libcmp`).
fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (mut i, mut j) = (0, 0);
    let digit = |bytes: &[u8], at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    while i < one.len() {
        match (digit(one, i), digit(other, j)) {
            (true, true) => {
                let number = |bytes: &[u8], at: &mut usize| {
                    let mut value: u128 = 0;
                    while digit(bytes, *at) {
                        value = value.saturating_mul(10).saturating_add(u128::from(bytes[*at] - b'0'));
                        *at += 1;
                    }
                    value
                };
                match number(one, &mut i).cmp(&number(other, &mut j)) {
                    Ordering::Equal => {}
                    unequal => return unequal,
                }
            }
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {
                let (left, right) = (one[i], other.get(j).copied().unwrap_or(0));
                if left != right {
                    return left.cmp(&right);
                }
                i += 1;
                j += 1;
            }
        }
    }
    if j < other.len() { Ordering::Less } else { Ordering::Equal }
}

fn encode(libraries: &mut [Library], flags: u32, little: bool, generator: &[u8]) -> Vec<u8> {
    // Descending; of equal names the one that was found first stays first.
    libraries.sort_by(|one, other| compare(&other.soname, &one.soname));
    let (strings, offsets) = string_table(libraries.iter().flat_map(|library| [&library.soname, &library.path]));
    let count = libraries.len() as u32;
    let base = HEADER_LENGTH + count * ENTRY_LENGTH;
    let strings_end = base + strings.len() as u32;
    let extension = strings_end.next_multiple_of(4);

    let mut bytes = Vec::new();
    let word = |bytes: &mut Vec<u8>, value: u32| {
        bytes.extend(if little { value.to_le_bytes() } else { value.to_be_bytes() });
    };
    bytes.extend(MAGIC);
    word(&mut bytes, count);
    word(&mut bytes, strings.len() as u32);
    bytes.extend([if little { 2 } else { 3 }, 0, 0, 0]);
    word(&mut bytes, extension);
    bytes.extend([0; 12]);
    for library in libraries.iter() {
        word(&mut bytes, flags);
        word(&mut bytes, base + offsets[&library.soname]);
        word(&mut bytes, base + offsets[&library.path]);
        bytes.extend([0; 12]);
    }
    bytes.extend(&strings);
    bytes.resize(extension as usize, 0);
    // One extension section: tag 0, the program that wrote the cache.
    for value in [EXTENSION_MAGIC, 1, 0, 0, extension + 24, generator.len() as u32] {
        word(&mut bytes, value);
    }
    bytes.extend(generator);
    bytes
}

/// Returns one block that holds every string, NUL-terminated, and where each begins. A string that ends another shares its bytes
/// (glibc, `elf/stringtable.c`).
fn string_table<'a>(strings: impl Iterator<Item = &'a String>) -> (Vec<u8>, BTreeMap<String, u32>) {
    let mut sorted: Vec<&String> = strings.collect::<BTreeSet<_>>().into_iter().collect();
    // By the reversed text, descending; of two where one ends the other, the longer comes first.
    sorted.sort_by(|one, other| {
        let pairs = one.bytes().rev().zip(other.bytes().rev());
        let difference = pairs.map(|(left, right)| right.cmp(&left)).find(|order| order.is_ne());
        difference.unwrap_or_else(|| other.len().cmp(&one.len()))
    });
    let mut block = Vec::new();
    let mut offsets = BTreeMap::new();
    let mut previous: Option<(&String, u32)> = None;
    for string in sorted {
        let offset = match previous {
            Some((longer, start)) if longer.ends_with(string.as_str()) => start + (longer.len() - string.len()) as u32,
            _ => {
                let offset = block.len() as u32;
                block.extend(string.bytes());
                block.push(0);
                offset
            }
        };
        offsets.insert(string.clone(), offset);
        previous = Some((string, offset));
    }
    (block, offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_numbers_by_value() {
        for (one, other, expected) in [
            ("libz.so.1", "libz.so.1", Ordering::Equal),
            ("libz.so.10", "libz.so.9", Ordering::Greater),
            ("liba.so", "libb.so", Ordering::Less),
            ("lib1.so", "liba.so", Ordering::Greater),
            ("libc.so", "libc.so.6", Ordering::Less),
            ("libc.so.6", "libc.so", Ordering::Greater),
        ] {
            assert_eq!(compare(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn files_that_include_each_other_come_to_an_end() {
        let mut tree = Tree::default();
        let include = "include /etc/ld.so.conf.d/*.conf\n".repeat(100);
        for (path, text) in
            [("etc/ld.so.conf", include.clone()), ("etc/ld.so.conf.d/a.conf", format!("{include}/opt/a\n"))]
        {
            let kind = Kind::File(text.into());
            let entry = Entry { mode: 0o644, mtime: 1, ..Entry::new(path.parse().unwrap(), kind) };
            tree.put(entry, Segment::Generated).unwrap();
        }
        let entry = Entry { mode: 0o755, mtime: 1, ..Entry::new("opt/a".parse().unwrap(), Kind::Directory) };
        tree.put(entry, Segment::Generated).unwrap();
        assert_eq!(folders(&tree).unwrap(), ["/opt/a"]);
    }

    #[test]
    fn strings_share_their_ends() {
        let strings = ["libc.so.6".to_owned(), "/lib/libc.so.6".to_owned(), "/lib/libz.so.1".to_owned()];
        let (block, offsets) = string_table(strings.iter());
        assert_eq!(block, b"/lib/libc.so.6\0/lib/libz.so.1\0");
        assert_eq!((offsets["/lib/libc.so.6"], offsets["libc.so.6"], offsets["/lib/libz.so.1"]), (0, 5, 15));
    }

    #[test]
    fn finds_how_ldconfig_names_itself() {
        let program = b"\x7fELF...\0ldconfig (Debian GLIBC 2.36-9) stable release version 2.36\0more";
        assert_eq!(generator(program).unwrap(), b"ldconfig (Debian GLIBC 2.36-9) stable release version 2.36");
        assert_eq!(generator(b"nothing"), None);
    }
}
