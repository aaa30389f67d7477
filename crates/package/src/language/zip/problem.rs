use std::fmt;
use std::io;

/// Something in an archive that is not catalogued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the archive, such as `BOOT-INF/lib/a.jar`; `None`: the archive itself.
    pub inner_path: Option<String>,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner_path {
            Some(path) => write!(formatter, "{path}: {}", self.reason),
            None => self.reason.fmt(formatter),
        }
    }
}

/// Why something is not catalogued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is no directory of a zip archive at its end.
    #[error("no zip archive, or cut off; not catalogued")]
    NoArchive,
    /// Its directory leads nowhere, or an entry's bytes are not what it states.
    #[error("damaged ({0}); not catalogued")]
    Damaged(&'static str),
    /// Compressed bytes that are damaged.
    #[error("damaged ({0}); not catalogued")]
    Compressed(io::ErrorKind),
    /// Nobody runs what needs a password.
    #[error("encrypted; not catalogued")]
    Encrypted,
    /// A form of compression that neither Java nor Python reads everywhere.
    #[error("compressed by method {0}, which consign does not read; not catalogued")]
    Method(u16),
    /// Bytes that are there once and listed several times.
    #[error("its entries overlap, as they do in archives that are made to fill memory; not catalogued")]
    Overlap,
    /// It is far smaller than what is in it.
    #[error("more than {0} times larger when decompressed; not catalogued")]
    Ratio(u64),
    /// An entry that says little in most archives.
    #[error("larger than {0} bytes; not catalogued")]
    TooLarge(u64),
    /// An archive in it that would fill memory.
    #[error("takes more than {0} bytes of memory, with the archives around it; not catalogued")]
    Memory(u64),
    /// Whoever asked wants no more of it.
    #[error("no more is read; the rest is not catalogued")]
    Ended,
    /// All that was decompressed of the outermost archive.
    #[error("what is in it is larger than {0} bytes in all; the rest is not catalogued")]
    Total(u64),
    /// All entries of the outermost archive and of those in it.
    #[error("more than {0} entries in all; the rest is not catalogued")]
    Entries(u64),
    /// All packages.
    #[error("more than {0} packages; the rest is not catalogued")]
    Packages(usize),
    /// An archive in an archive in an archive …
    #[error("{0} archives within each other; what is deeper is not catalogued")]
    Depth(usize),
    /// A path within paths.
    #[error("its path is longer than {0} bytes; not catalogued")]
    LongPath(usize),
    /// What it is called, or is said to be, has several lines, control characters, or more letters than any name.
    #[error("it has a name that no package has; not catalogued")]
    Name,
    /// Metadata that is about a package, and does not say which.
    #[error("nothing says which package, or which version of it, it is; not catalogued")]
    Unnamed,
    /// What readers that count and readers that look see differs. All that is listed is catalogued.
    #[error("it states {stated} entries and lists {listed}; made to hide some from some readers")]
    Count {
        /// How many it says there are.
        stated: u64,
        /// How many there are.
        listed: u64,
    },
    /// Problems beyond those that are listed.
    #[error("more than {0} problems; the rest is not listed")]
    Problems(usize),
}
