//! Files of bounded size, read whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Reads a text as [`read_text`] does, from where nobody has to be waited for: a pipe or a device is refused.
pub(crate) fn read_file(path: &Path, limit: u64) -> io::Result<String> {
    // Asked before it is opened: opening a pipe waits for somebody who writes to it.
    match fs::metadata(path)?.is_file() {
        true => read_text(path, limit),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Reads a text of at most `limit` bytes. A longer one is refused, not cut off.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    text(read_bytes(path, limit)?)
}

/// Reads a file of at most `limit` bytes. A longer one is refused, not cut off.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_at_most(File::open(path)?, limit)
}

/// Reads everything, unless it is more than `limit` bytes.
pub(crate) fn read_at_most(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes")));
    }
    Ok(bytes)
}

/// Returns bytes as a text, if they are one.
pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not a text (UTF-8)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "twelve bytes").unwrap();
        assert_eq!(read_text(&path, 12).unwrap(), "twelve bytes");
        assert_eq!(read_text(&path, 11).unwrap_err().to_string(), "it has more than 11 bytes");
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text(&path, 12).unwrap_err().to_string(), "it is not a text (UTF-8)");
        for other in [folder.path(), Path::new("/dev/null")] {
            assert_eq!(read_file(other, 12).unwrap_err().to_string(), "it is not a regular file");
        }
        assert_eq!(read_text(Path::new("/dev/null"), 12).unwrap(), "");
    }
}
