use super::{CRATES, Executable, Segment};
use object::macho::{FAT_MAGIC_64, MachHeader32, MachHeader64};
use object::read::macho::{FatArch as _, LoadCommandVariant, MachHeader, MachOFatFile32, MachOFatFile64};
use object::read::macho::{Section as _, Segment as MachSegment};
use object::{Endianness, Error};

/// The section of Go's build information (cmd/link).
const GO: &[u8] = b"__go_buildinfo";
/// Memory that is read and written, and not run.
const READ_WRITE: u32 = 3;

/// Reads a file for several machines.
pub(super) fn read_all(contents: &[u8]) -> Result<Vec<Executable<'_>>, Error> {
    let all: Vec<&[u8]> = if contents.starts_with(&FAT_MAGIC_64.to_be_bytes()) {
        MachOFatFile64::parse(contents)?
            .arches()
            .iter()
            .map(|machine| machine.data(contents))
            .collect::<Result<_, _>>()?
    } else {
        MachOFatFile32::parse(contents)?
            .arches()
            .iter()
            .map(|machine| machine.data(contents))
            .collect::<Result<_, _>>()?
    };
    // Static libraries for several machines are archives in such a file.
    all.into_iter().filter(|one| super::Format::of(one) == Some(super::Format::MachO)).map(read).collect()
}

pub(super) fn read(contents: &[u8]) -> Result<Executable<'_>, Error> {
    match contents {
        [0xfe, 0xed, 0xfa, 0xce, ..] | [0xce, ..] => read_as(MachHeader32::<Endianness>::parse(contents, 0)?, contents),
        _ => read_as(MachHeader64::<Endianness>::parse(contents, 0)?, contents),
    }
}

fn read_as<'a, H: MachHeader<Endian = Endianness>>(header: &H, contents: &'a [u8]) -> Result<Executable<'a>, Error> {
    let endian = header.endian()?;
    let mut executable = Executable::default();
    let mut data = None;
    let mut commands = header.load_commands(endian, contents, 0)?;
    while let Some(command) = commands.next()? {
        match command.variant() {
            Ok(LoadCommandVariant::Segment32(segment, sections)) => {
                add(&mut executable, &mut data, segment, sections, endian, contents);
            }
            Ok(LoadCommandVariant::Segment64(segment, sections)) => {
                add(&mut executable, &mut data, segment, sections, endian, contents);
            }
            _ => {}
        }
    }
    executable.go = executable.go.or(data);
    Ok(executable)
}

fn add<'a, S: MachSegment<Endian = Endianness>>(
    executable: &mut Executable<'a>,
    data: &mut Option<(u64, u64)>,
    segment: &S,
    sections: &'a [u8],
    endian: Endianness,
    contents: &'a [u8],
) {
    let Ok(loaded) = segment.data(endian, contents) else { return };
    let address = segment.vmaddr(endian).into();
    let is_data = segment.initprot(endian).0 == READ_WRITE && segment.maxprot(endian).0 == READ_WRITE;
    if data.is_none() && is_data && address != 0 && !loaded.is_empty() {
        *data = Some((address, loaded.len() as u64));
    }
    executable.segments.push(Segment { address, contents: loaded });
    for section in segment.sections(endian, sections).unwrap_or_default() {
        if executable.go.is_none() && section.name() == GO {
            executable.go = Some((section.addr(endian).into(), section.size(endian).into()));
        } else if executable.crates.is_none() && section.name() == CRATES {
            executable.crates = section.data(endian, contents, section.offset(endian).into()).ok().or(Some(&[]));
        }
    }
}
