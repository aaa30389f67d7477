//! A small Debian archive in a folder: pool, indexes and a release file that a key made for it has signed.

mod deb;
mod key;

pub use deb::MirrorPackage;
pub use key::SigningKey;

use consign_oci::Digest;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// An archive that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The disk refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// OpenPGP refused.
    #[error(transparent)]
    OpenPgp(#[from] pgp::errors::Error),
    /// A key cannot be made.
    #[error("cannot make a key: {reason}")]
    Key {
        /// Why not.
        reason: String,
    },
}

/// Something that an attacker, or a broken server, did to an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The release file was changed after it was signed.
    Release,
    /// It was signed by a key that nobody trusts.
    WrongKey,
    /// A package of this name was changed after it was listed.
    Package(String),
    /// The indexes were changed after they were listed.
    Index,
}

/// Makes an archive.
#[derive(Clone, Debug)]
pub struct Mirror {
    suite: String,
    origin: String,
    architectures: Vec<String>,
    packages: Vec<MirrorPackage>,
    date: u64,
    valid_until: Option<u64>,
    by_hash: bool,
    fault: Option<Fault>,
}

/// An archive that was written.
#[derive(Clone, Debug)]
pub struct WrittenMirror {
    /// Its address, `file:///…`.
    pub uri: String,
    /// The folder.
    pub folder: PathBuf,
    /// The key that users should trust, binary.
    pub keyring: Vec<u8>,
}

impl Mirror {
    /// The date of archives unless another is set: 14 November 2023, 22:13:20 UTC.
    pub const DATE: u64 = 1_700_000_000;

    /// Starts an archive of Debian's with one suite and no packages.
    pub fn new(suite: &str) -> Self {
        Self {
            suite: suite.to_owned(),
            origin: "Debian".to_owned(),
            architectures: vec!["amd64".to_owned()],
            packages: Vec::new(),
            date: Self::DATE,
            valid_until: None,
            by_hash: true,
            fault: None,
        }
    }

    /// Sets who the archive says that it is.
    pub fn origin(mut self, origin: &str) -> Self {
        self.origin = origin.to_owned();
        self
    }

    /// Sets the architectures.
    pub fn architectures(mut self, architectures: &[&str]) -> Self {
        self.architectures = architectures.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Adds a package.
    pub fn package(mut self, package: MirrorPackage) -> Self {
        self.packages.push(package);
        self
    }

    /// Sets when the archive stops being valid, in seconds since 1970.
    pub fn valid_until(mut self, time: u64) -> Self {
        self.valid_until = Some(time);
        self
    }

    /// Leaves out the copies of the indexes that are named by their hashes.
    pub fn without_by_hash(mut self) -> Self {
        self.by_hash = false;
        self
    }

    /// Breaks the archive.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Writes the archive into a folder, signed by a new key.
    pub fn write(&self, folder: &Path) -> Result<WrittenMirror, MirrorError> {
        self.write_signed(folder, &SigningKey::generate(self.date)?)
    }

    /// Writes the archive into a folder, signed by this key.
    pub fn write_signed(&self, folder: &Path, key: &SigningKey) -> Result<WrittenMirror, MirrorError> {
        let mut stanzas = Vec::new();
        for package in &self.packages {
            stanzas.push((package, self.write_package(folder, package)?));
        }
        let suite = folder.join("dists").join(&self.suite);
        let mut listed = BTreeMap::new();
        for architecture in &self.architectures {
            let here = |package: &MirrorPackage| ["all", architecture.as_str()].contains(&package.architecture());
            let texts = stanzas.iter().filter(|(package, _)| here(package)).map(|(_, text)| text.as_str());
            let index = texts.collect::<Vec<_>>().join("\n");
            listed.extend(self.write_index(&suite, architecture, &index)?);
        }
        let text = self.release(&listed);
        let signed = match self.fault {
            Some(Fault::WrongKey) => SigningKey::generate(self.date)?.clear_sign(&text, self.date)?,
            _ => key.clear_sign(&text, self.date)?,
        };
        let signed = match self.fault {
            Some(Fault::Release) => signed.replacen("Label: ", "Label: x", 1),
            _ => signed,
        };
        fs::write(suite.join("InRelease"), signed)?;
        let uri = format!("file://{}", folder.display());
        Ok(WrittenMirror { uri, folder: folder.to_owned(), keyring: key.public()? })
    }

    fn write_package(&self, folder: &Path, package: &MirrorPackage) -> Result<String, MirrorError> {
        let mut bytes = package.build()?;
        let stanza = package.stanza(&bytes);
        if self.fault == Some(Fault::Package(package.name().to_owned()))
            && let Some(last) = bytes.last_mut()
        {
            *last ^= 1;
        }
        write(&folder.join(package.pool_path()), &bytes)?;
        Ok(stanza)
    }

    /// Writes the index of an architecture, plain and compressed. Returns what the release file says of them.
    fn write_index(
        &self,
        suite: &Path,
        architecture: &str,
        text: &str,
    ) -> Result<BTreeMap<String, String>, MirrorError> {
        let mut compressed = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::new(6));
        io::Write::write_all(&mut compressed, text.as_bytes())?;
        let mut listed = BTreeMap::new();
        for (name, bytes) in [("Packages", text.as_bytes().to_vec()), ("Packages.gz", compressed.finish()?)] {
            let folder = format!("main/binary-{architecture}");
            let digest = Digest::of(&bytes);
            listed.insert(format!("{folder}/{name}"), format!("{} {}", digest.hex(), bytes.len()));
            let mut written = bytes;
            if self.fault == Some(Fault::Index)
                && let Some(last) = written.last_mut()
            {
                *last ^= 1;
            }
            write(&suite.join(&folder).join(name), &written)?;
            if self.by_hash {
                write(&suite.join(&folder).join("by-hash/SHA256").join(digest.hex()), &written)?;
            }
        }
        Ok(listed)
    }

    fn release(&self, listed: &BTreeMap<String, String>) -> String {
        let mut text = format!(
            "Origin: {0}\nLabel: {0}\nSuite: {1}\nCodename: {1}\nDate: {2}\nArchitectures: {3}\nComponents: main\n",
            self.origin,
            self.suite,
            date(self.date),
            self.architectures.join(" "),
        );
        if let Some(time) = self.valid_until {
            text += &format!("Valid-Until: {}\n", date(time));
        }
        if self.by_hash {
            text += "Acquire-By-Hash: yes\n";
        }
        text += "SHA256:\n";
        for (path, line) in listed {
            // Writing to a string cannot fail.
            let _ = writeln!(text, " {line} {path}");
        }
        text
    }
}

/// Returns a time as release files write it (RFC 5322, in UTC).
fn date(seconds: u64) -> String {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or(i64::MAX)).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
