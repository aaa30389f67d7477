//! Numbers in bytes; `None` where the bytes end before.

/// Returns `length` bytes from `at`.
pub(super) fn slice(bytes: &[u8], at: usize, length: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(length)?)
}

fn array<const LENGTH: usize>(bytes: &[u8], at: usize) -> Option<[u8; LENGTH]> {
    slice(bytes, at, LENGTH)?.try_into().ok()
}

/// Reads a big-endian number of two bytes.
pub(super) fn big16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

/// Reads a big-endian number of four bytes.
pub(super) fn big32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

/// Reads a big-endian number of eight bytes.
pub(super) fn big64(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_be_bytes)
}

/// Reads a little-endian number of two bytes.
pub(super) fn little16(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_le_bytes)
}

/// Reads a little-endian number of four bytes.
pub(super) fn little32(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}
