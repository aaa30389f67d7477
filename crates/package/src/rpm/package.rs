use super::header::{ByteKind, Header};
use super::{HeaderError, RpmFiles};
use crate::PackageUrl;
use std::fmt::Write;

const SIGNATURE_MD5: u32 = 261;
const SHA1_OF_HEADER: u32 = 269;
const SHA256_OF_HEADER: u32 = 273;
const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const SUMMARY: u32 = 1004;
const SIZE: u32 = 1009;
const VENDOR: u32 = 1011;
const LICENCE: u32 = 1014;
const PACKAGER: u32 = 1015;
const URL: u32 = 1020;
const ARCHITECTURE: u32 = 1022;
const SOURCE: u32 = 1044;
const LONG_SIZE: u32 = 5009;
const MODULARITY_LABEL: u32 = 5096;

/// The name under which rpm keeps public keys among its packages.
const PUBLIC_KEY: &str = "gpg-pubkey";

/// An installed package of rpm's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpmPackage {
    /// Name.
    pub name: String,
    /// Epoch; none is as good as zero when versions are compared.
    pub epoch: Option<u32>,
    /// Version of the software.
    pub version: String,
    /// Release of that version.
    pub release: String,
    /// Architecture, or `noarch`.
    pub architecture: Option<String>,
    /// The source package that it was built from.
    pub source: Option<RpmSource>,
    /// Module and stream that it belongs to, such as `nodejs:18:8080020230824080519:63b34585`.
    pub modularity_label: Option<String>,
    /// Whose distribution it is of.
    pub vendor: Option<String>,
    /// Who built it.
    pub packager: Option<String>,
    /// Licence, as written.
    pub licence: Option<String>,
    /// What it is, in a line.
    pub summary: Option<String>,
    /// Home page, as written.
    pub homepage: Option<String>,
    /// Size of its files, in bytes.
    pub size: Option<u64>,
    /// Digests as `algorithm:hex`: SHA-256 and SHA-1 of its header, MD5 of header and payload.
    pub checksums: Vec<String>,
    /// What it owns.
    pub files: RpmFiles,
}

/// A source package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpmSource {
    /// Name of its file, such as `bash-5.1.8-4.el9.src.rpm`.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its version and release. Its epoch is not known.
    pub version: String,
}

impl RpmPackage {
    /// Makes a package of what a header says; `None` if it is that of a public key.
    pub(super) fn of(header: &Header<'_>) -> Result<Option<Self>, HeaderError> {
        let needed = |tag, name| header.text(tag)?.ok_or(HeaderError::Missing { tag, name });
        let name = needed(NAME, "name")?;
        if name == PUBLIC_KEY {
            return Ok(None);
        }
        let size = match header.long(LONG_SIZE)? {
            Some(size) => Some(size),
            None => header.numbers(SIZE)?.first().copied().map(u64::from),
        };
        Ok(Some(Self {
            name,
            epoch: header.numbers(EPOCH)?.first().copied(),
            version: needed(VERSION, "version")?,
            release: needed(RELEASE, "release")?,
            architecture: header.text(ARCHITECTURE)?,
            source: header.text(SOURCE)?.and_then(RpmSource::of_file),
            modularity_label: header.text(MODULARITY_LABEL)?,
            vendor: header.text(VENDOR)?,
            packager: header.text(PACKAGER)?,
            licence: header.text(LICENCE)?,
            summary: header.text(SUMMARY)?,
            homepage: header.text(URL)?,
            size,
            checksums: checksums(header)?,
            files: RpmFiles::of(header)?,
        }))
    }

    /// Returns epoch, version and release, as they are compared: `1:2.3-4`, without an epoch of none.
    pub fn full_version(&self) -> String {
        let epoch = self.epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
        format!("{epoch}{}-{}", self.version, self.release)
    }

    /// Returns its package URL (purl-spec, `types/rpm-definition.json`): `vendor` is the `ID` and `release` the `VERSION_ID` of the
    /// distribution.
    pub fn purl(&self, vendor: &str, release: Option<&str>) -> PackageUrl {
        let distribution = release.map(|release| format!("{vendor}-{release}")).unwrap_or_default();
        let qualifiers = [
            ("arch", self.architecture.as_deref().unwrap_or_default()),
            ("distro", &distribution),
            ("epoch", &self.epoch.map(|epoch| epoch.to_string()).unwrap_or_default()),
            ("rpmmod", self.modularity_label.as_deref().unwrap_or_default()),
            ("upstream", self.source.as_ref().map_or("", |source| &source.file)),
        ];
        PackageUrl::of_distribution(
            "rpm",
            vendor,
            &self.name,
            &format!("{}-{}", self.version, self.release),
            &qualifiers,
        )
    }
}

impl RpmSource {
    /// Takes the name of its file apart; `None`: it is none of a source package.
    pub fn of_file(file: String) -> Option<Self> {
        let stem = file.strip_suffix(".rpm")?.rsplit_once('.')?.0;
        let (rest, release) = stem.rsplit_once('-')?;
        let (name, version) = rest.rsplit_once('-')?;
        let (name, version) = (name.to_owned(), format!("{version}-{release}"));
        Some(Self { file, name, version })
    }
}

fn checksums(header: &Header<'_>) -> Result<Vec<String>, HeaderError> {
    let mut checksums = Vec::new();
    for (tag, algorithm, digits) in [(SHA256_OF_HEADER, "sha256", 64), (SHA1_OF_HEADER, "sha1", 40)] {
        let is_hex = |text: &String| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hex = header.text(tag)?.filter(is_hex);
        checksums.extend(hex.map(|hex| format!("{algorithm}:{}", hex.to_ascii_lowercase())));
    }
    let md5 = header.bytes(SIGNATURE_MD5, ByteKind::Binary)?;
    if md5.len() == 16 {
        let mut text = "md5:".to_owned();
        for byte in md5 {
            // Writing to a string does not fail.
            _ = write!(text, "{byte:02x}");
        }
        checksums.push(text);
    }
    Ok(checksums)
}
