//! `Packages.db`: slots that say where packages lie, and the packages (rpm, `lib/backend/ndb/rpmpkg.c`). Numbers are little-endian.

use super::bytes::{little32, slice};
use super::{RpmError, Visit};

const MAGIC: &[u8; 4] = b"RpmP";
const SLOT: &[u8; 4] = b"Slot";
const PACKAGE: &[u8; 4] = b"BlbS";
const END: &[u8; 4] = b"BlbE";
const PAGE: usize = 4096;
/// Bytes of a slot. The header takes the room of two.
const SLOT_SIZE: usize = 16;
/// Packages begin and end at multiples of it.
const BLOCK: usize = 16;
const PACKAGE_HEAD: usize = 16;
const PACKAGE_TAIL: usize = 12;

/// Returns whether this is such a database.
pub(super) fn is_ndb(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Finds the entries.
pub(super) fn entries(database: &[u8], visit: &mut Visit<'_>) -> Result<(), RpmError> {
    let damaged = |offset, reason| RpmError::damaged("ndb", offset, reason);
    let number = |at| little32(database, at).and_then(|number| usize::try_from(number).ok());
    if number(4) != Some(0) {
        return Err(RpmError::Unsupported { what: "an ndb of a version other than 0" });
    }
    let end = number(12).and_then(|pages| pages.checked_mul(PAGE)).filter(|end| (PAGE..=database.len()).contains(end));
    let slots = end.and_then(|end| database.get(..end)).ok_or_else(|| damaged(12, "its slots end after it"))?;
    // Packages do not lie over each other, so they are together no longer than the database.
    let mut left = database.len();
    for at in (2 * SLOT_SIZE..slots.len()).step_by(SLOT_SIZE) {
        if slice(slots, at, 4) != Some(SLOT) {
            return Err(damaged(at, "a slot does not begin as one"));
        }
        let (Some(index), Some(offset), Some(blocks)) = (number(at + 4), number(at + 8), number(at + 12)) else {
            return Err(damaged(at, "a slot is cut off"));
        };
        // A slot without an offset is free.
        if offset == 0 {
            continue;
        }
        let place = offset.checked_mul(BLOCK).zip(blocks.checked_mul(BLOCK));
        let package = place.and_then(|(start, length)| slice(database, start, length));
        let package = package.ok_or_else(|| damaged(at, "a slot points behind the end"))?;
        left = left.checked_sub(package.len()).ok_or_else(|| damaged(at, "packages lie over each other"))?;
        visit(content(package, index).ok_or_else(|| damaged(offset * BLOCK, "a package is not what its slot says"))?)?;
    }
    Ok(())
}

/// Returns what is in a package's room, if the sum at its end is right.
fn content(package: &[u8], index: usize) -> Option<&[u8]> {
    let number = |at| little32(package, at).and_then(|number| usize::try_from(number).ok());
    let tail = package.len().checked_sub(PACKAGE_TAIL)?;
    let length = number(12)?;
    let is_whole = package.starts_with(PACKAGE)
        && package.ends_with(END)
        && number(4)? == index
        && number(tail + 4)? == length
        && little32(package, tail)? == adler32(package.get(..tail)?);
    if is_whole { slice(package.get(..tail)?, PACKAGE_HEAD, length) } else { None }
}

/// The sum of RFC 1950.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    let (mut low, mut high) = (1_u32, 0_u32);
    // So many bytes fit before a sum overflows.
    for chunk in bytes.chunks(5552) {
        for byte in chunk {
            low += u32::from(*byte);
            high += low;
        }
        (low, high) = (low % MODULUS, high % MODULUS);
    }
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_as_others_do() {
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        assert_eq!(adler32(&[0xff; 100_000]), 0x149a_302c);
    }
}
