//! Package files: an `ar` archive of `debian-binary`, `control.tar` and `data.tar` (deb(5)).

mod archives;
mod container;
mod data;
mod error;

pub use error::DebError;

use super::Paragraph;
use archives::Archives;
use bytes::Bytes;
use consign_oci::layer::Entry;
use std::collections::BTreeMap;

/// The files of a control archive that are run or read when a package is installed or removed.
const SCRIPTS: [&str; 6] = ["config", "postinst", "postrm", "preinst", "prerm", "triggers"];

/// How much a package may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest sum of its files when decompressed, in bytes.
    pub decompressed: u64,
    /// Most files, folders and links.
    pub entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decompressed: 2 * 1024 * 1024 * 1024, entries: 500_000 }
    }
}

/// A package file that was read whole.
#[derive(Clone, Debug)]
pub struct DebFile {
    control: Paragraph,
    scripts: BTreeMap<String, String>,
    conffiles: Vec<String>,
    md5sums: Option<String>,
    entries: Vec<Entry>,
}

impl DebFile {
    /// Reads a package. Its files are slices of one decompressed buffer.
    ///
    /// What cannot stand in an image is an error: devices, pipes, sparse files, paths and hard links that lead out of the
    /// package, and paths that lead through a link of the package.
    pub fn read(bytes: Bytes, limits: Limits) -> Result<Self, DebError> {
        Self::parse(&Archives::unpack(&bytes, limits)?, limits)
    }

    /// Reads a package, and makes of it another with the same contents that is read faster: its archives are compressed with zstd.
    pub fn repack(bytes: Bytes, limits: Limits) -> Result<(Self, Vec<u8>), DebError> {
        let archives = Archives::unpack(&bytes, limits)?;
        let quick = archives.pack().map_err(|source| DebError::Archive { source })?;
        Ok((Self::parse(&archives, limits)?, quick))
    }

    fn parse(Archives { control, data }: &Archives, limits: Limits) -> Result<Self, DebError> {
        let mut files = data::read_texts(control, limits.entries)?;
        let text = files.remove("control").ok_or(DebError::NoControl)?;
        let control = Paragraph::parse(&text).map_err(|source| DebError::Control { source })?;
        let conffiles = files.remove("conffiles").unwrap_or_default();
        let md5sums = files.remove("md5sums");
        files.retain(|name, _| SCRIPTS.contains(&name.as_str()));
        Ok(Self {
            control,
            scripts: files,
            conffiles: conffiles.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            md5sums,
            entries: data::read_entries(data, limits.entries)?,
        })
    }

    /// Returns the control data.
    pub fn control(&self) -> &Paragraph {
        &self.control
    }

    /// Returns the maintainer scripts and triggers by name: `config`, `postinst`, `postrm`, `preinst`, `prerm`, `triggers`.
    pub fn scripts(&self) -> &BTreeMap<String, String> {
        &self.scripts
    }

    /// Returns the lines of `conffiles`: absolute paths, some after the word `remove-on-upgrade`.
    pub fn conffiles(&self) -> &[String] {
        &self.conffiles
    }

    /// Returns the text of `md5sums`, as scanners expect it beside the control data.
    pub fn md5sums(&self) -> Option<&str> {
        self.md5sums.as_deref()
    }

    /// Returns the files, folders and links, in the package's order. The root folder is left out.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the files, folders and links, in the package's order.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}
