use consign_oci::Digest;
use std::io::{self, Write as _};

/// A package of a [`super::Mirror`].
#[derive(Clone, Debug)]
pub struct MirrorPackage {
    name: String,
    version: String,
    architecture: String,
    fields: Vec<(String, String)>,
    control: Vec<(String, Vec<u8>, u32)>,
    entries: Vec<(String, Kind, u32)>,
    time: u64,
}

#[derive(Clone, Debug)]
enum Kind {
    File(Vec<u8>),
    Directory,
    Symlink(String),
}

impl MirrorPackage {
    /// Starts a package without files.
    pub fn new(name: &str, version: &str, architecture: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: architecture.to_owned(),
            fields: Vec::new(),
            control: Vec::new(),
            entries: Vec::new(),
            time: 1_600_000_000,
        }
    }

    /// Adds a field, such as `Depends`.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a maintainer script or another file of the control archive.
    pub fn script(mut self, name: &str, text: &str) -> Self {
        self.control.push((name.to_owned(), text.as_bytes().to_vec(), 0o755));
        self
    }

    /// Adds a file.
    pub fn file(mut self, path: &str, contents: &[u8], mode: u32) -> Self {
        self.entries.push((path.to_owned(), Kind::File(contents.to_vec()), mode));
        self
    }

    /// Adds a folder.
    pub fn directory(mut self, path: &str, mode: u32) -> Self {
        self.entries.push((path.to_owned(), Kind::Directory, mode));
        self
    }

    /// Adds a symbolic link.
    pub fn link(mut self, path: &str, target: &str) -> Self {
        self.entries.push((path.to_owned(), Kind::Symlink(target.to_owned()), 0o777));
        self
    }

    /// Sets the time of the files, in seconds since 1970.
    pub fn time(mut self, time: u64) -> Self {
        self.time = time;
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the architecture.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Returns where an archive keeps the package.
    pub fn pool_path(&self) -> String {
        // As Debian's archive does, without the epoch.
        let version = self.version.split_once(':').map_or(self.version.as_str(), |(_, version)| version);
        format!("pool/main/{0}/{0}_{version}_{1}.deb", self.name, self.architecture)
    }

    /// Returns the paragraph of an index.
    pub(super) fn stanza(&self, bytes: &[u8]) -> String {
        let digest = Digest::of(bytes);
        let head = self.head();
        format!("{head}Filename: {}\nSize: {}\nSHA256: {}\n", self.pool_path(), bytes.len(), digest.hex())
    }

    fn head(&self) -> String {
        let mut text =
            format!("Package: {}\nVersion: {}\nArchitecture: {}\n", self.name, self.version, self.architecture);
        text += "Maintainer: Nobody <nobody@example.org>\n";
        for (name, value) in &self.fields {
            text += &format!("{name}: {value}\n");
        }
        text + "Description: made for a test\n"
    }

    /// Returns the bytes of the `.deb` file (deb(5)).
    pub fn build(&self) -> io::Result<Vec<u8>> {
        let mut control = vec![("control".to_owned(), Kind::File(self.head().into_bytes()), 0o644)];
        control.extend(self.control.iter().map(|(name, text, mode)| (name.clone(), Kind::File(text.clone()), *mode)));
        let members = [
            ("debian-binary", b"2.0\n".to_vec()),
            ("control.tar.gz", archive(&control, self.time)?),
            ("data.tar.gz", archive(&self.entries, self.time)?),
        ];
        let mut file = b"!<arch>\n".to_vec();
        for (name, bytes) in members {
            // Name, time, user, group, mode and size (ar(5)).
            writeln!(file, "{name:<16}{:<12}{:<6}{:<6}{:<8o}{:<10}`", 0, 0, 0, 0o100_644, bytes.len())?;
            file.extend_from_slice(&bytes);
            if bytes.len() % 2 == 1 {
                file.push(b'\n');
            }
        }
        Ok(file)
    }
}

fn archive(entries: &[(String, Kind, u32)], time: u64) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, kind, mode) in entries {
        let path = format!("./{}", path.trim_start_matches('/'));
        let mut header = tar::Header::new_gnu();
        header.set_mode(*mode);
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        match kind {
            Kind::File(contents) => {
                header.set_size(contents.len() as u64);
                archive.append_data(&mut header, path, &contents[..])?;
            }
            Kind::Directory => {
                header.set_entry_type(tar::EntryType::Directory);
                archive.append_data(&mut header, format!("{path}/"), io::empty())?;
            }
            Kind::Symlink(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                archive.append_link(&mut header, path, target)?;
            }
        }
    }
    let bytes = archive.into_inner()?;
    let mut compressed = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::new(6));
    compressed.write_all(&bytes)?;
    compressed.finish()
}
