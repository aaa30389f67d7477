use super::{ContentsError, OnDisk};
use bytes::Bytes;
use std::io::{self, Read};

/// The contents of a file that goes into a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// In memory.
    Bytes(Bytes),
    /// In a file on this machine, which is read when the layer is written.
    OnDisk(OnDisk),
}

impl Contents {
    /// Returns how many bytes there are.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::OnDisk(file) => file.size,
        }
    }

    /// Returns what reads the contents in bounded memory. Where a file is not what it was, reading fails at the latest at the end.
    pub fn reader(&self) -> Result<Box<dyn Read + '_>, ContentsError> {
        Ok(match self {
            Self::Bytes(bytes) => Box::new(&bytes[..]),
            Self::OnDisk(file) => Box::new(file.reader()?),
        })
    }

    /// Returns the contents, if they have at most `limit` bytes. More is an error of the kind [`io::ErrorKind::FileTooLarge`].
    pub fn read(&self, limit: u64) -> io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) if bytes.len() as u64 > limit => Err(io::ErrorKind::FileTooLarge.into()),
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::OnDisk(file) => Ok(file.read(limit)?.into()),
        }
    }
}

impl Default for Contents {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl From<Bytes> for Contents {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Contents {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<String> for Contents {
    fn from(text: String) -> Self {
        Self::Bytes(text.into())
    }
}

impl From<&'static [u8]> for Contents {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Bytes(Bytes::from_static(bytes))
    }
}

impl From<&'static str> for Contents {
    fn from(text: &'static str) -> Self {
        Self::Bytes(Bytes::from_static(text.as_bytes()))
    }
}

impl From<OnDisk> for Contents {
    fn from(file: OnDisk) -> Self {
        Self::OnDisk(file)
    }
}
