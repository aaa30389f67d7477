use super::GoError;
use crate::language::executable::Executable;

/// What the information begins with, in front of two bytes that say how it is written (debug/buildinfo).
const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: usize = 16;
const HEADER: usize = 32;
/// The bits that say how it is written: pointers of the largest byte first; texts behind the header (Go 1.18 and later), not pointers to them.
const BIG_ENDIAN: u8 = 1;
const INLINE: u8 = 2;
/// Longest text, in bytes.
const TEXT_LIMIT: usize = 16 << 20;
/// How many places that begin like it are looked at.
const TRIED: usize = 16;
/// The marks of 16 bytes around the list of modules (cmd/go/internal/modload, `infoStart`).
const MARK: usize = 16;

/// The two texts of which build information consists.
pub(super) struct BuildInformation {
    /// Which Go it was.
    pub(super) go: String,
    /// The list of modules; empty where it was built without any.
    pub(super) modules: String,
}

impl BuildInformation {
    /// Finds it where the linker puts it: in a section of its own, else near the beginning of the data.
    pub(super) fn find(executable: &Executable<'_>) -> Result<Option<Self>, GoError> {
        let Some((start, size)) = executable.go else { return Ok(None) };
        let aligned = start.next_multiple_of(ALIGNMENT as u64);
        let Some(rest) = executable.at(aligned) else { return Ok(None) };
        let length = usize::try_from(size.saturating_sub(aligned - start)).unwrap_or(usize::MAX);
        let searched = rest.get(..length.min(rest.len())).unwrap_or_default();
        let (mut place, mut wrong, mut tried) = (0, None, 0);
        while let Some(bytes) = searched.get(place..).filter(|bytes| bytes.len() >= HEADER) {
            if bytes.starts_with(MAGIC) {
                let rest = rest.get(place..).unwrap_or_default();
                // Programs that look for such information, as this one does, may hold its first bytes elsewhere.
                match Self::read(rest, executable) {
                    Ok(found) => return Ok(Some(found)),
                    Err(error) => wrong = wrong.or(Some(error)),
                }
                tried += 1;
                if tried == TRIED {
                    break;
                }
            }
            place += ALIGNMENT;
        }
        wrong.map_or(Ok(None), Err)
    }

    fn read(bytes: &[u8], executable: &Executable<'_>) -> Result<Self, GoError> {
        let (&[.., size, flags], texts) = bytes.split_at_checked(MAGIC.len() + 2).ok_or(GoError::Damaged)? else {
            return Err(GoError::Damaged);
        };
        let (go, modules) = if flags & INLINE == 0 {
            let pointers = Pointers { size, big_endian: flags & BIG_ENDIAN != 0, executable };
            let (go, rest) = pointers.first(texts)?;
            (pointers.text(go)?, pointers.text(pointers.first(rest)?.0)?)
        } else {
            let (go, rest) = counted(bytes.get(HEADER..).ok_or(GoError::Damaged)?)?;
            (go, counted(rest)?.0)
        };
        if go.is_empty() {
            return Err(GoError::Damaged);
        }
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| GoError::Damaged);
        Ok(Self { go: text(go)?, modules: text(unmarked(modules))? })
    }
}

/// Returns the list of modules without the marks around it; nothing where there are none.
fn unmarked(bytes: &[u8]) -> &[u8] {
    match bytes.len().checked_sub(MARK) {
        Some(end) if end > MARK && bytes.get(end - 1) == Some(&b'\n') => bytes.get(MARK..end).unwrap_or_default(),
        _ => &[],
    }
}

/// Returns a text in front of which its length is, 7 bits a byte, and what follows it.
fn counted(bytes: &[u8]) -> Result<(&[u8], &[u8]), GoError> {
    let mut length = 0_u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        length |= bits.checked_shl(7 * u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or_default();
        if byte & 0x80 == 0 {
            let rest = bytes.get(index + 1..).unwrap_or_default();
            return rest.split_at_checked(bounded(length)?).ok_or(GoError::Damaged);
        }
    }
    Err(GoError::Damaged)
}

fn bounded(length: u64) -> Result<usize, GoError> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > TEXT_LIMIT { Err(GoError::TooLong { limit: TEXT_LIMIT, unit: "bytes" }) } else { Ok(length) }
}

/// How addresses are written in a program.
struct Pointers<'a> {
    size: u8,
    big_endian: bool,
    executable: &'a Executable<'a>,
}

impl<'a> Pointers<'a> {
    /// Returns the first address, or length, of some bytes, and what follows it.
    fn first<'b>(&self, bytes: &'b [u8]) -> Result<(u64, &'b [u8]), GoError> {
        if !matches!(self.size, 4 | 8) {
            return Err(GoError::Damaged);
        }
        let (word, rest) = bytes.split_at_checked(self.size.into()).ok_or(GoError::Damaged)?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let number = if self.big_endian { word.iter().fold(0, join) } else { word.iter().rev().fold(0, join) };
        Ok((number, rest))
    }

    /// Returns the text to whose address and length an address leads; none where a program has no list of modules.
    fn text(&self, address: u64) -> Result<&'a [u8], GoError> {
        if address == 0 {
            return Ok(&[]);
        }
        let (start, rest) = self.first(self.executable.at(address).ok_or(GoError::Damaged)?)?;
        let length = bounded(self.first(rest)?.0)?;
        if length == 0 {
            return Ok(&[]);
        }
        self.executable.at(start).and_then(|bytes| bytes.get(..length)).ok_or(GoError::Damaged)
    }
}
