use super::Machine;
use object::elf;
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeSet;

/// Longest text of a file's dynamic section, in bytes (Linux `PATH_MAX`).
const TEXT_LIMIT: usize = 4096;
/// Most entries of a dynamic section, and of all lists of versions.
const COUNT_LIMIT: usize = 4096;
/// Most segments that are loaded.
const SEGMENT_LIMIT: usize = 64;

/// What an ELF file needs to be loaded, and what it offers to others (System V ABI, "Dynamic Linking"; LSB, "Symbol Versioning").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// What it runs on.
    pub machine: Machine,
    /// Whether it can be loaded anywhere: a library, or a program of that kind.
    pub is_shared: bool,
    /// The loader that it asks for: that of a program which is linked dynamically (`PT_INTERP`).
    pub interpreter: Option<String>,
    /// The name that it has for those who need it (`DT_SONAME`).
    pub soname: Option<String>,
    /// The libraries that it needs (`DT_NEEDED`).
    pub needed: Vec<String>,
    /// Folders to look in for the libraries of this file and of those that it needs (`DT_RPATH`).
    pub rpath: Vec<String>,
    /// Folders to look in for the libraries of this file (`DT_RUNPATH`). Where it is there, `rpath` does not count.
    pub runpath: Option<Vec<String>>,
    /// Versions of symbols that it needs, by library.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wanted_versions: Vec<(String, String)>,
    /// Versions of symbols that it has.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub defined_versions: BTreeSet<String>,
}

impl Linked {
    /// Returns roughly the memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        let texts =
            self.needed.iter().chain(&self.rpath).chain(self.runpath.iter().flatten()).chain(&self.defined_versions);
        let wanted = self.wanted_versions.iter().flat_map(|(library, version)| [library, version]);
        size_of::<Self>() + texts.chain(wanted).map(|text| size_of::<String>() + text.len()).sum::<usize>()
    }

    /// Reads an ELF file; `None` for anything else, and for one that makes no sense.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let machine = Machine::read(bytes)?;
        match bytes.get(4)? {
            1 => read(elf::FileHeader32::<object::Endianness>::parse(bytes).ok()?, bytes, machine),
            _ => read(elf::FileHeader64::<object::Endianness>::parse(bytes).ok()?, bytes, machine),
        }
    }
}

fn read<Header: FileHeader>(header: &Header, bytes: &[u8], machine: Machine) -> Option<Linked> {
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let interpreter = segments.iter().find_map(|segment| segment.interpreter(endian, bytes).ok().flatten());
    let mut linked = Linked {
        machine,
        is_shared: header.e_type(endian) == elf::ET_DYN,
        interpreter: interpreter.map(|path| String::from_utf8_lossy(path).into_owned()),
        soname: None,
        needed: Vec::new(),
        rpath: Vec::new(),
        runpath: None,
        wanted_versions: Vec::new(),
        defined_versions: BTreeSet::new(),
    };
    let Some(entries) = segments.iter().find_map(|segment| segment.dynamic(endian, bytes).ok().flatten()) else {
        return Some(linked);
    };
    let entries = || entries.iter().take(COUNT_LIMIT);
    let value = |tag: elf::DynamicTag| entries().find(|entry| entry.tag(endian) == tag).map(|entry| entry.val(endian));
    let loaded = segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD).take(SEGMENT_LIMIT);
    let file = Loaded {
        little: header.is_little_endian(),
        segments: loaded.filter_map(|one| Some((one.p_vaddr(endian).into(), one.data(endian, bytes).ok()?))).collect(),
        texts: value(elf::DT_STRTAB).unwrap_or_default(),
        steps: Cell::new(COUNT_LIMIT),
    };
    for entry in entries() {
        let text = || file.text(entry.val(endian));
        match entry.tag(endian) {
            elf::DT_NEEDED => linked.needed.extend(text()),
            // A name with a slash would lead out of the library's folder.
            elf::DT_SONAME => linked.soname = text().filter(|name| !name.contains('/')),
            elf::DT_RPATH => linked.rpath = folders(text()),
            elf::DT_RUNPATH => linked.runpath = Some(folders(text())),
            _ => {}
        }
    }
    if let (Some(address), Some(count)) = (value(elf::DT_VERNEED), value(elf::DT_VERNEEDNUM)) {
        linked.wanted_versions = file.wanted(address, count);
    }
    if let (Some(address), Some(count)) = (value(elf::DT_VERDEF), value(elf::DT_VERDEFNUM)) {
        linked.defined_versions = file.defined(address, count);
    }
    Some(linked)
}

fn folders(text: Option<String>) -> Vec<String> {
    text.unwrap_or_default().split(':').filter(|folder| !folder.is_empty()).map(str::to_owned).collect()
}

/// A file as it lies in memory.
struct Loaded<'a> {
    little: bool,
    /// What is loaded, by address.
    segments: Vec<(u64, &'a [u8])>,
    /// Address of the texts.
    texts: u64,
    /// How many members of lists may still be looked at.
    steps: Cell<usize>,
}

impl Loaded<'_> {
    /// Returns what begins at an address, to the end of its segment.
    fn at(&self, address: u64) -> Option<&[u8]> {
        self.segments.iter().find_map(|(start, bytes)| bytes.get(usize::try_from(address.checked_sub(*start)?).ok()?..))
    }

    fn text(&self, offset: u64) -> Option<String> {
        let bytes = self.at(self.texts.checked_add(offset)?)?;
        let length = bytes.iter().take(TEXT_LIMIT).position(|byte| *byte == 0)?;
        let text = std::str::from_utf8(&bytes[..length]).ok()?;
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn half(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn word(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// Returns the versions that are needed (`Elf64_Verneed`, `Elf64_Vernaux`; the same for 32 bits), with their libraries.
    fn wanted(&self, address: u64, count: u64) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.chain(address, count, 12, |need, at| {
            let library = self.text(self.word(need, 4)?.into())?;
            let first = at.checked_add(self.word(need, 8)?.into())?;
            self.chain(first, self.half(need, 2)?.into(), 12, |version, _| {
                // One that is weak may be absent (`VER_FLG_WEAK`).
                if self.half(version, 4)? & 2 == 0 {
                    found.push((library.clone(), self.text(self.word(version, 8)?.into())?));
                }
                Some(())
            });
            Some(())
        });
        found
    }

    /// Returns the versions that are there (`Elf64_Verdef`, `Elf64_Verdaux`; the same for 32 bits).
    fn defined(&self, address: u64, count: u64) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.chain(address, count, 16, |definition, at| {
            let name = self.at(at.checked_add(self.word(definition, 12)?.into())?)?;
            // The first stands for the file itself (`VER_FLG_BASE`).
            if self.half(definition, 2)? & 1 == 0 {
                found.insert(self.text(self.word(name, 0)?.into())?);
            }
            Some(())
        });
        found
    }

    /// Shows each member of a chain, whose distance to the next stands at `next` in it.
    fn chain(&self, address: u64, count: u64, next: usize, mut visit: impl FnMut(&[u8], u64) -> Option<()>) {
        let mut address = address;
        for _ in 0..count {
            let Some(bytes) = self.at(address).filter(|_| self.steps.get() > 0) else { return };
            self.steps.set(self.steps.get() - 1);
            if visit(bytes, address).is_none() {
                return;
            }
            match self.word(bytes, next) {
                None | Some(0) => return,
                Some(distance) => address = address.saturating_add(distance.into()),
            }
        }
    }
}
