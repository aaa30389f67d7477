use super::{DebError, Limits, container};
use crate::decompress;
use bytes::Bytes;
use std::io;

/// Largest control archive, decompressed, in bytes.
const CONTROL_LIMIT: u64 = 64 * 1024 * 1024;
/// zstd's level: it is to be quick, the package as it came is smaller.
const LEVEL: i32 = 1;

/// The inner archives of a package, decompressed.
pub(super) struct Archives {
    pub(super) control: Bytes,
    pub(super) data: Bytes,
}

impl Archives {
    pub(super) fn unpack(package: &Bytes, limits: Limits) -> Result<Self, DebError> {
        let members = container::read(package)?;
        let unpack = |name: &str, member: &[u8], limit| {
            decompress(name, member, limit).map(Bytes::from).map_err(|source| DebError::Decompress { source })
        };
        Ok(Self {
            control: unpack(&members.control_name, &members.control, CONTROL_LIMIT)?,
            data: unpack(&members.data_name, &members.data, limits.decompressed)?,
        })
    }

    /// Makes a package of them (deb(5), ar(5)).
    pub(super) fn pack(&self) -> io::Result<Vec<u8>> {
        let control = zstd::bulk::compress(&self.control, LEVEL)?;
        let data = zstd::bulk::compress(&self.data, LEVEL)?;
        let mut package = b"!<arch>\n".to_vec();
        for (name, content) in
            [("debian-binary", &b"2.0\n"[..]), ("control.tar.zst", &control[..]), ("data.tar.zst", &data[..])]
        {
            let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", content.len());
            package.extend_from_slice(header.as_bytes());
            package.extend_from_slice(content);
            if content.len() % 2 == 1 {
                package.push(b'\n');
            }
        }
        Ok(package)
    }
}
