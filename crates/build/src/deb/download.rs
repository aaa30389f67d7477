use super::chosen::ChosenPackage;
use super::package::Package;
use super::source::DebianSources;
use super::source_error::SourceError;
use crate::kept::{Kept, Kind};
use bytes::Bytes;
use consign_fetch::{FetchError, Fetcher};
use consign_package::deb::{DebFile, Limits, PackageRecord, parse_relations};
use futures::{StreamExt as _, TryStreamExt as _};

/// What kept packages are called in the store.
const KEPT: Kind = Kind { name: "package", form: 1 };
/// How many packages are fetched and unpacked at the same time.
const CONCURRENCY: usize = 8;

/// Fetches packages, checks them against their digests and takes them apart. They come back in the order given.
pub(crate) async fn download(
    chosen: &[ChosenPackage],
    sources: &DebianSources,
    fetcher: &Fetcher,
    kept: &Kept,
) -> Result<Vec<Package>, SourceError> {
    let packages: Vec<_> = chosen.iter().map(|package| fetch(package, sources, fetcher, kept)).collect();
    futures::stream::iter(packages).buffered(CONCURRENCY).try_collect().await
}

/// Takes the package from the form in which it was kept, if it was fetched and checked before: there is nothing to decompress in it that takes long.
async fn fetch(
    chosen: &ChosenPackage,
    sources: &DebianSources,
    fetcher: &Fetcher,
    kept: &Kept,
) -> Result<Package, SourceError> {
    if chosen.size > PackageRecord::SIZE_LIMIT {
        let (name, size, limit) = (chosen.name.clone(), chosen.size, PackageRecord::SIZE_LIMIT);
        return Err(SourceError::TooLarge { name, size, limit });
    }
    let (wanted, earlier) = (chosen.clone(), kept.clone());
    let package = tokio::task::spawn_blocking(move || {
        let file = earlier.get(KEPT, &wanted.sha256)?;
        // What is not what it should be is made again.
        open(&wanted, DebFile::read(file.into(), Limits::default()).ok()?).ok()
    });
    if let Some(package) = package.await.map_err(|source| SourceError::Worker { source })? {
        return Ok(package);
    }
    let bytes = bytes(chosen, sources, fetcher).await?;
    let (chosen, kept) = (chosen.clone(), kept.clone());
    let package = tokio::task::spawn_blocking(move || {
        let failed = |source| SourceError::Package { file: chosen.path.clone(), source: Box::new(source) };
        let (file, quick) = DebFile::repack(bytes, Limits::default()).map_err(failed)?;
        let package = open(&chosen, file)?;
        kept.put(KEPT, &chosen.sha256, &quick);
        Ok(package)
    });
    package.await.map_err(|source| SourceError::Worker { source })?
}

/// Fetches the file from the archive that it was found at, else from any that has the suite: its digest says that it is the one.
async fn bytes(chosen: &ChosenPackage, sources: &DebianSources, fetcher: &Fetcher) -> Result<Bytes, SourceError> {
    let ChosenPackage { path, sha256, size, .. } = chosen;
    let failed = |source| SourceError::Fetch { what: path.clone(), source };
    if let Some(archive) = &chosen.archive {
        return fetcher.exact(&format!("{archive}/{path}"), sha256, *size).await.map_err(failed);
    }
    let mut archives: Vec<&str> = sources.archives(&chosen.suite).collect();
    archives.dedup();
    let mut other = None;
    for archive in &archives {
        match fetcher.exact(&format!("{archive}/{path}"), sha256, *size).await {
            Ok(bytes) => return Ok(bytes),
            Err(FetchError::NotFound { .. }) => {}
            Err(error) => other = other.or(Some(error)),
        }
    }
    Err(match other {
        Some(error) => failed(error),
        None if archives.is_empty() => SourceError::NoSource { suite: chosen.suite.clone() },
        None => SourceError::Gone {
            name: chosen.name.clone(),
            version: chosen.version.clone(),
            path: path.clone(),
            suite: chosen.suite.clone(),
        },
    })
}

fn open(chosen: &ChosenPackage, file: DebFile) -> Result<Package, SourceError> {
    let control = file.control();
    let found = ["Package", "Version", "Architecture"].map(|field| control.get(field).unwrap_or_default());
    let expected = [&chosen.name, &chosen.version, &chosen.architecture].map(String::as_str);
    if found != expected {
        return Err(SourceError::OtherPackage {
            file: chosen.path.clone(),
            found: found.join(" "),
            expected: expected.join(" "),
        });
    }
    let replaces = parse_relations(control.get("Replaces").unwrap_or_default())
        .map_err(|source| SourceError::Replaces { file: chosen.path.clone(), source })?;
    Ok(Package {
        name: chosen.name.clone(),
        version: chosen.version.clone(),
        architecture: chosen.architecture.clone(),
        control: control.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        scripts: file.scripts().clone(),
        conffiles: file.conffiles().to_vec(),
        md5sums: file.md5sums().map(str::to_owned),
        replaces,
        entries: file.into_entries(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_fetch::Options;
    use consign_store::Store;

    #[tokio::test]
    async fn a_package_that_says_it_is_huge_is_not_fetched() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let options = Options { cache: folder.path().join("cache"), offline: false, user_agent: "test".to_owned() };
        let fetcher = Fetcher::new(options).unwrap();
        for (size, expected) in [
            (PackageRecord::SIZE_LIMIT, "cannot fetch pool/a.deb"),
            (
                PackageRecord::SIZE_LIMIT + 1,
                "the package a has 2147483649 bytes, more than the 2147483648 allowed here",
            ),
        ] {
            let chosen = ChosenPackage {
                name: "a".to_owned(),
                version: "1".to_owned(),
                architecture: "all".to_owned(),
                suite: "test".to_owned(),
                path: "pool/a.deb".to_owned(),
                size,
                sha256: consign_oci::Digest::of(b"a"),
                url: "pkg:deb/debian/a@1".to_owned(),
                archive: Some(format!("file://{}", folder.path().display())),
            };
            let result = download(&[chosen], &DebianSources::none(), &fetcher, &Kept::new(&store, true)).await;
            assert_eq!(result.unwrap_err().to_string(), expected);
        }
    }
}
