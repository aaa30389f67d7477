use super::package::Package;
use super::source_error::SourceError;
use bytes::Bytes;
use consign_fetch::Fetcher;
use consign_package::deb::{DebFile, Limits, PackageRecord};
use futures::{StreamExt as _, TryStreamExt as _};

/// How many packages are fetched and unpacked at the same time.
const CONCURRENCY: usize = 8;

/// Fetches packages, checks them against the index and takes them apart. They come back in the order given.
pub(crate) async fn download(
    records: &[(PackageRecord, String)],
    fetcher: &Fetcher,
) -> Result<Vec<Package>, SourceError> {
    let packages: Vec<_> = records.iter().map(|(record, uri)| fetch(record, uri, fetcher)).collect();
    futures::stream::iter(packages).buffered(CONCURRENCY).try_collect().await
}

async fn fetch(record: &PackageRecord, uri: &str, fetcher: &Fetcher) -> Result<Package, SourceError> {
    let url = format!("{uri}/{}", record.filename);
    let bytes = fetcher.exact(&url, &record.sha256, record.size).await;
    let bytes = bytes.map_err(|source| SourceError::Fetch { what: record.filename.clone(), source })?;
    let record = record.clone();
    let package = tokio::task::spawn_blocking(move || open(&record, bytes)).await;
    package.map_err(|source| SourceError::Worker { source })?
}

fn open(record: &PackageRecord, bytes: Bytes) -> Result<Package, SourceError> {
    let failed = |source| SourceError::Package { file: record.filename.clone(), source: Box::new(source) };
    let file = DebFile::read(bytes, Limits::default()).map_err(failed)?;
    let control = file.control();
    let found = ["Package", "Version", "Architecture"].map(|field| control.get(field).unwrap_or_default());
    let expected = [record.name.as_str(), record.version.as_str(), record.architecture.as_str()];
    if found != expected {
        return Err(SourceError::OtherPackage {
            file: record.filename.clone(),
            found: found.join(" "),
            expected: expected.join(" "),
        });
    }
    Ok(Package {
        name: record.name.clone(),
        version: record.version.to_string(),
        architecture: record.architecture.clone(),
        control: control.fields().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        scripts: file.scripts().clone(),
        conffiles: file.conffiles().to_vec(),
        md5sums: file.md5sums().map(str::to_owned),
        replaces: record.replaces.clone(),
        entries: file.into_entries(),
    })
}
