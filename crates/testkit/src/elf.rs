//! Programs and libraries that hold nothing but what a loader reads of them: no test needs a compiler for an architecture, or an older C library.

use std::collections::BTreeMap;

/// Bytes of the header of a file, and of that of a segment (System V ABI, 64 bits).
const FILE_HEADER: usize = 64;
const SEGMENT_HEADER: usize = 56;

/// A 64-bit, little-endian ELF file that is linked dynamically, to be made.
#[derive(Clone, Debug)]
pub struct Elf {
    machine: u16,
    interpreter: Option<String>,
    /// Entries of the dynamic section whose values are texts, by tag.
    texts: Vec<(u64, String)>,
    wanted: Vec<(String, String)>,
    defined: Vec<String>,
}

impl Elf {
    /// Starts a library without a name for an architecture, `amd64` or `arm64`.
    pub fn new(architecture: &str) -> Self {
        let machine = if architecture == "amd64" { 62 } else { 183 };
        Self { machine, interpreter: None, texts: Vec::new(), wanted: Vec::new(), defined: Vec::new() }
    }

    /// Makes it a program that asks for a loader.
    pub fn loader(mut self, path: &str) -> Self {
        self.interpreter = Some(path.to_owned());
        self
    }

    /// Adds a library that it needs.
    pub fn needs(self, library: &str) -> Self {
        self.text(1, library)
    }

    /// Sets the name that it has as a library.
    pub fn name(self, name: &str) -> Self {
        self.text(14, name)
    }

    /// Sets the folders in which libraries of this file and of those that it needs are looked for.
    pub fn rpath(self, folders: &str) -> Self {
        self.text(15, folders)
    }

    /// Sets the folders in which libraries of this file are looked for.
    pub fn runpath(self, folders: &str) -> Self {
        self.text(29, folders)
    }

    /// Adds a version that it needs of a library.
    pub fn wants(mut self, library: &str, version: &str) -> Self {
        self.wanted.push((library.to_owned(), version.to_owned()));
        self
    }

    /// Adds a version that it has.
    pub fn defines(mut self, version: &str) -> Self {
        self.defined.push(version.to_owned());
        self
    }

    fn text(mut self, tag: u64, text: &str) -> Self {
        self.texts.push((tag, text.to_owned()));
        self
    }

    /// Returns the bytes.
    pub fn build(&self) -> Vec<u8> {
        let mut strings = Strings::default();
        let mut body = Vec::new();
        let start = FILE_HEADER + 3 * SEGMENT_HEADER;
        let interpreter = self.interpreter.as_ref().map(|path| {
            body.extend(path.bytes().chain([0]));
            (start, path.len() + 1)
        });
        body.resize(body.len().next_multiple_of(8), 0);
        let mut dynamic: Vec<(u64, u64)> =
            self.texts.iter().map(|(tag, text)| (*tag, u64::from(strings.offset(text)))).collect();
        if !self.wanted.is_empty() {
            dynamic.extend([(0x6fff_fffe, (start + body.len()) as u64), (0x6fff_ffff, self.wanted.len() as u64)]);
            for (number, (library, version)) in self.wanted.iter().enumerate() {
                // Elf64_Verneed, then its one Elf64_Vernaux.
                let next = if number + 1 == self.wanted.len() { 0 } else { 32 };
                halves(&mut body, &[1, 1]);
                words(&mut body, &[strings.offset(library), 16, next, 0]);
                halves(&mut body, &[0, 2]);
                words(&mut body, &[strings.offset(version), 0]);
            }
        }
        if !self.defined.is_empty() {
            let all: Vec<&str> = std::iter::once("base").chain(self.defined.iter().map(String::as_str)).collect();
            dynamic.extend([(0x6fff_fffc, (start + body.len()) as u64), (0x6fff_fffd, all.len() as u64)]);
            for (number, version) in all.iter().enumerate() {
                // Elf64_Verdef, then its one Elf64_Verdaux. The first stands for the file.
                let next = if number + 1 == all.len() { 0 } else { 28 };
                halves(&mut body, &[1, u16::from(number == 0), 1, 1]);
                words(&mut body, &[0, 20, next, strings.offset(version), 0]);
            }
        }
        body.resize(body.len().next_multiple_of(8), 0);
        dynamic.extend([(5, (start + body.len()) as u64), (10, strings.bytes().len() as u64), (0, 0)]);
        body.extend(strings.bytes());
        body.resize(body.len().next_multiple_of(8), 0);
        let dynamic_start = start + body.len();
        for (tag, value) in &dynamic {
            longs(&mut body, &[*tag, *value]);
        }
        let segments = [
            Some((1, 0, start + body.len())),
            interpreter.map(|(start, length)| (3, start, length)),
            Some((2, dynamic_start, dynamic.len() * 16)),
        ];
        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        halves(&mut bytes, &[3, self.machine]);
        words(&mut bytes, &[1]);
        longs(&mut bytes, &[0, FILE_HEADER as u64, 0]);
        words(&mut bytes, &[0]);
        halves(&mut bytes, &[64, 56, segments.iter().flatten().count() as u16, 0, 0, 0]);
        for (kind, start, length) in segments.into_iter().flatten() {
            let (start, length) = (start as u64, length as u64);
            words(&mut bytes, &[kind, 4]);
            longs(&mut bytes, &[start, start, start, length, length, 8]);
        }
        bytes.resize(start, 0);
        bytes.extend(body);
        bytes
    }
}

/// The texts of a file, each once, with where they stand.
#[derive(Default)]
struct Strings {
    text: Vec<u8>,
    offsets: BTreeMap<String, u32>,
}

impl Strings {
    fn offset(&mut self, text: &str) -> u32 {
        if let Some(known) = self.offsets.get(text) {
            return *known;
        }
        let offset = self.text.len() as u32 + 1;
        self.text.extend(text.bytes().chain([0]));
        self.offsets.insert(text.to_owned(), offset);
        offset
    }

    /// Returns all texts, after an empty one.
    fn bytes(&self) -> Vec<u8> {
        [&[0], &self.text[..]].concat()
    }
}

fn halves(bytes: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
}

fn words(bytes: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
}

fn longs(bytes: &mut Vec<u8>, values: &[u64]) {
    values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
}
