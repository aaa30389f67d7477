mod elf;
mod mach_o;
mod pe;

use super::binary::BinaryError;

/// Most machines that a file of Apple's may be for. The first bytes of such files are those of Java's classes too, and no class has a
/// version below 45 in this place (Java Virtual Machine Specification, table 4.1-A).
const MACHINES: u32 = 30;
/// The section of crates (cargo-auditable, PARSING.md).
const CRATES: &[u8] = b".dep-v0";

/// A format of programs and libraries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Elf,
    Pe,
    MachO,
    /// Several files of Mach-O, one for each machine.
    Fat,
}

/// Where a program of Windows says where its header is, and how far that is at most; in bytes.
const PE_PLACE: usize = 0x3c;
const PE_PLACE_LIMIT: u32 = 1 << 20;

impl Format {
    /// Returns what a file is, by its first bytes.
    pub(super) fn of(first_bytes: &[u8]) -> Option<Self> {
        match first_bytes {
            [0x7f, b'E', b'L', b'F', ..] => Some(Self::Elf),
            [b'M', b'Z', ..] => is_pe(first_bytes).then_some(Self::Pe),
            [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => Some(Self::MachO),
            [0xca, 0xfe, 0xba, 0xbe | 0xbf, a, b, c, d, ..] => {
                (1..=MACHINES).contains(&u32::from_be_bytes([*a, *b, *c, *d])).then_some(Self::Fat)
            }
            _ => None,
        }
    }
}

/// Returns whether what begins with two letters goes on as a program does: with the place of its header, which is near (PE format, "MS-DOS Stub").
/// Texts may begin with the same letters.
fn is_pe(first_bytes: &[u8]) -> bool {
    let place = first_bytes.get(PE_PLACE..).and_then(<[u8]>::first_chunk);
    place.is_some_and(|place| u32::from_le_bytes(*place) <= PE_PLACE_LIMIT)
}

/// A stretch of a file that is loaded to an address.
pub(super) struct Segment<'a> {
    pub(super) address: u64,
    pub(super) contents: &'a [u8],
}

/// What matters here of a program or library.
#[derive(Default)]
pub(super) struct Executable<'a> {
    pub(super) segments: Vec<Segment<'a>>,
    /// Where Go's build information is, or may be: its address and size.
    pub(super) go: Option<(u64, u64)>,
    /// The section of crates.
    pub(super) crates: Option<&'a [u8]>,
}

impl<'a> Executable<'a> {
    /// Reads the headers of a file; there may be several programs in one of Apple's, and none where only the first bytes are of that kind.
    pub(super) fn all(contents: &'a [u8]) -> Result<Vec<Self>, BinaryError> {
        let damaged = |format| move |source| BinaryError::Damaged { format, source };
        match Format::of(contents) {
            Some(Format::Elf) => Ok(vec![elf::read(contents).map_err(damaged("ELF"))?]),
            Some(Format::Pe) => Ok(pe::read(contents).map_err(damaged("PE"))?.into_iter().collect()),
            Some(Format::MachO) => Ok(vec![mach_o::read(contents).map_err(damaged("Mach-O"))?]),
            Some(Format::Fat) => mach_o::read_all(contents).map_err(damaged("Mach-O")),
            None => Ok(Vec::new()),
        }
    }

    /// Returns what is loaded to an address, to the end of its segment.
    pub(super) fn at(&self, address: u64) -> Option<&'a [u8]> {
        self.segments.iter().find_map(|segment| {
            let rest = segment.contents.get(usize::try_from(address.checked_sub(segment.address)?).ok()?..)?;
            (!rest.is_empty()).then_some(rest)
        })
    }
}
