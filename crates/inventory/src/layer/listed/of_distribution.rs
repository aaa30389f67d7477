use super::Listed;
use crate::layer::owned;
use consign_package::Kind;
use consign_package::apk::installed::ApkPackage;
use consign_package::deb::{self, installed::InstalledPackage};
use consign_package::rpm::{self, RpmError, RpmPackage};

impl From<InstalledPackage> for Listed {
    fn from(installed: InstalledPackage) -> Self {
        let InstalledPackage { name, version, architecture, source_name, source_version, .. } = installed;
        let purl = deb::purl("debian", None, &name, &version, &architecture, Some((&source_name, &source_version)));
        Self {
            kind: Kind::Debian,
            name,
            version: Some(version.to_string()),
            architecture: Some(architecture),
            source: Some((source_name, source_version.to_string())),
            supplier: installed.maintainer,
            homepage: installed.homepage,
            description: installed.description,
            // What else it brought lies beside the database.
            files: owned::of_configuration(installed.configuration_files.iter().map(String::as_str)),
            purl,
            ..Self::default()
        }
    }
}

/// Longest path of a file, in bytes (Linux `PATH_MAX`). Nothing lies at a longer one.
const PATH_LIMIT: usize = 4096;
/// Most bytes that the paths of all packages of a database take, with their digests. A thousand paths of a package and sixty bytes of a path are many.
const FILES_LIMIT: usize = 128 << 20;

/// Returns the paths of a package's files with their digests, one on each line as [`owned::line`] makes it. A small database can name very many files in a folder with a long name: what is beyond
/// the bounds belongs to nobody, so that what lies there is looked at for itself.
fn files_text<'a>(files: impl Iterator<Item = (&'a str, &'a str, Option<String>)>, left: &mut usize) -> String {
    let mut text = String::new();
    for (folder, name, digest) in files {
        let line = owned::line(&digest.unwrap_or_default(), &format!("{folder}/{name}"));
        if folder.len() + name.len() < PATH_LIMIT && line.len() < *left {
            *left -= line.len() + 1;
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

impl Listed {
    /// Takes the packages of a database of apk's.
    pub(crate) fn all_of_apk(packages: Vec<ApkPackage>) -> Vec<Self> {
        let mut left = FILES_LIMIT;
        packages.into_iter().map(|package| Self::of_apk(package, &mut left)).collect()
    }

    /// Reads the packages of a database of rpm's, with what was written last, if that lies beside it.
    pub(crate) fn all_of_rpm(database: &[u8], log: Option<&[u8]>) -> Result<Vec<Self>, RpmError> {
        let (mut left, mut listed) = (FILES_LIMIT, Vec::new());
        rpm::each(database, log, &mut |package| listed.push(Self::of_rpm(package, &mut left)))?;
        Ok(listed)
    }

    fn of_apk(package: ApkPackage, left: &mut usize) -> Self {
        let folders = package.folders.iter();
        let files = folders.flat_map(|folder| folder.files.iter().map(|file| (folder.path.as_str(), file)));
        let files =
            files.map(|(folder, (name, digest))| (folder, name.as_str(), digest.as_ref().map(ToString::to_string)));
        let files = files_text(files, left);
        Self {
            purl: package.purl("alpine", None).to_string(),
            source: Some((package.source_name().to_owned(), package.version.clone())),
            kind: Kind::Alpine,
            name: package.name,
            version: Some(package.version),
            architecture: package.architecture,
            licences: package.licence.into_iter().collect(),
            supplier: package.maintainer,
            homepage: package.homepage,
            description: package.description,
            // Its digest is of the control data, which is no file that anybody has.
            files,
            ..Self::default()
        }
    }

    fn of_rpm(package: RpmPackage, left: &mut usize) -> Self {
        let files = package.files.with_digests();
        let files = files.map(|(folder, name, digest)| (folder.trim_end_matches('/'), name, digest.map(str::to_owned)));
        let files = files_text(files, left);
        Self {
            purl: package.purl("redhat", None).to_string(),
            kind: Kind::Rpm,
            version: Some(package.full_version()),
            name: package.name,
            architecture: package.architecture,
            source: package.source.map(|source| (source.name, source.version)),
            licences: package.licence.into_iter().collect(),
            supplier: package.vendor.or(package.packager),
            homepage: package.homepage,
            description: package.summary,
            checksums: package.checksums,
            files,
            ..Self::default()
        }
    }
}
