use super::{CRATES, Executable, Segment};
use object::pe::{IMAGE_NT_OPTIONAL_HDR32_MAGIC, IMAGE_NT_SIGNATURE};
use object::pe::{ImageDosHeader, ImageNtHeaders32, ImageNtHeaders64};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader as _, optional_header_magic};
use object::{Error, LittleEndian as LE};

/// A section that holds data, is read and written, and nothing else (PE Format, "Section Flags"); and bits that only say how it is aligned.
const DATA: u32 = 0xc000_0040;
const ALIGNMENT: u32 = 0x0060_0000;

/// Reads the headers; `None` for a program of DOS, or a text that begins like one.
pub(super) fn read(contents: &[u8]) -> Result<Option<Executable<'_>>, Error> {
    let Ok(dos) = ImageDosHeader::parse(contents) else { return Ok(None) };
    let start = usize::try_from(dos.nt_headers_offset()).unwrap_or(usize::MAX);
    if contents.get(start..).and_then(|rest| rest.get(..4)) != Some(&IMAGE_NT_SIGNATURE.to_le_bytes()[..]) {
        return Ok(None);
    }
    if optional_header_magic(contents)? == IMAGE_NT_OPTIONAL_HDR32_MAGIC {
        read_as::<ImageNtHeaders32>(contents, start as u64).map(Some)
    } else {
        read_as::<ImageNtHeaders64>(contents, start as u64).map(Some)
    }
}

fn read_as<H: ImageNtHeaders>(contents: &[u8], mut offset: u64) -> Result<Executable<'_>, Error> {
    let (headers, _) = H::parse(contents, &mut offset)?;
    let base = headers.optional_header().image_base();
    let mut executable = Executable::default();
    for section in headers.sections(contents, offset)?.iter() {
        let Ok(loaded) = section.pe_data(contents) else { continue };
        let address = base.wrapping_add(section.virtual_address.get(LE).into());
        if section.name.strip_prefix(CRATES) == Some(&[0]) {
            executable.crates = executable.crates.or(Some(loaded));
        }
        // Go's linker writes its build information near the beginning of its data, which has no section of its own.
        let is_data = section.characteristics.get(LE).0 & !ALIGNMENT == DATA;
        if executable.go.is_none() && is_data && section.virtual_address.get(LE) != 0 && !loaded.is_empty() {
            executable.go = Some((address, loaded.len() as u64));
        }
        executable.segments.push(Segment { address, contents: loaded });
    }
    Ok(executable)
}
