use super::{CRATES, Executable, Segment};
use object::elf::{FileHeader32, FileHeader64, PF_W, PF_X, PT_LOAD, SHT_NOBITS};
use object::read::elf::{FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Endianness, Error};

/// The section of Go's build information (cmd/link).
const GO: &[u8] = b".go.buildinfo";

pub(super) fn read(contents: &[u8]) -> Result<Executable<'_>, Error> {
    match contents.get(4) {
        Some(1) => read_as(FileHeader32::<Endianness>::parse(contents)?, contents),
        _ => read_as(FileHeader64::<Endianness>::parse(contents)?, contents),
    }
}

fn read_as<'a, H: FileHeader<Endian = Endianness>>(header: &H, contents: &'a [u8]) -> Result<Executable<'a>, Error> {
    let endian = header.endian()?;
    let mut executable = Executable::default();
    let mut data = None;
    for segment in header.program_headers(endian, contents)? {
        // A segment that ends behind the file is none: files of debugging information have such.
        let Ok(loaded) = segment.data(endian, contents) else { continue };
        let address = segment.p_vaddr(endian).into();
        if segment.p_type(endian) == PT_LOAD {
            let flags = segment.p_flags(endian);
            if data.is_none() && flags & PF_W != Default::default() && flags & PF_X == Default::default() {
                data = Some((address, loaded.len() as u64));
            }
            executable.segments.push(Segment { address, contents: loaded });
        }
    }
    // A list of sections that is damaged keeps no program from running: then its segments must do.
    let sections = header.section_headers(endian, contents).unwrap_or_default();
    let names = header.shstrndx(endian, contents).ok().and_then(|index| sections.get(usize::try_from(index).ok()?));
    let names = names.and_then(|names| names.data(endian, contents).ok()).unwrap_or_default();
    for section in sections.iter().filter(|section| section.sh_type(endian) != SHT_NOBITS) {
        // Compared in place: to look for the end of each name first would take long in a list that was made for it.
        let name = usize::try_from(section.sh_name(endian)).ok().and_then(|start| names.get(start..));
        let is = |wanted: &[u8]| name.and_then(|name| name.strip_prefix(wanted)?.first()) == Some(&0);
        if executable.go.is_none() && is(GO) {
            executable.go = Some((section.sh_addr(endian).into(), section.sh_size(endian).into()));
        } else if executable.crates.is_none() && is(CRATES) {
            executable.crates = section.data(endian, contents).ok().or(Some(&[]));
        }
    }
    executable.go = executable.go.or(data);
    Ok(executable)
}
