use object::elf;
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _};

/// Longest name of a library, in bytes.
const LENGTH_LIMIT: usize = 256;

/// Returns the name that a shared library has for those who need it (`DT_SONAME`); the outer `None` is what is no shared library.
pub(crate) fn read(bytes: &[u8]) -> Option<Option<String>> {
    match bytes.get(4)? {
        1 => read_header(elf::FileHeader32::<object::Endianness>::parse(bytes).ok()?, bytes),
        _ => read_header(elf::FileHeader64::<object::Endianness>::parse(bytes).ok()?, bytes),
    }
}

fn read_header<Header: FileHeader>(header: &Header, bytes: &[u8]) -> Option<Option<String>> {
    let endian = header.endian().ok()?;
    if header.e_type(endian) != elf::ET_DYN {
        return None;
    }
    let segments = header.program_headers(endian, bytes).ok()?;
    let entries = segments.iter().find_map(|segment| segment.dynamic(endian, bytes).ok().flatten())?;
    let value = |tag: elf::DynamicTag| {
        let entry = entries.iter().find(|entry| entry.tag(endian) == tag)?;
        Some(entry.val(endian))
    };
    let (Some(table), Some(name)) = (value(elf::DT_STRTAB), value(elf::DT_SONAME)) else { return Some(None) };
    let address = table.checked_add(name)?;
    let text = segments.iter().find_map(|segment| {
        let start = address.checked_sub(segment.p_vaddr(endian).into())?;
        if segment.p_type(endian) != elf::PT_LOAD {
            return None;
        }
        segment.data(endian, bytes).ok()?.get(usize::try_from(start).ok()?..)
    })?;
    let length = text.iter().take(LENGTH_LIMIT).position(|byte| *byte == 0)?;
    let name = std::str::from_utf8(&text[..length]).ok()?;
    // A name with a slash would lead out of the library's folder.
    (!name.is_empty() && !name.contains('/')).then(|| Some(name.to_owned()))
}
