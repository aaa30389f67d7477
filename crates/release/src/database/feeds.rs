use super::{DatabaseSource, DatabaseUpdateError};
use bytes::Bytes;
use consign_fetch::{FetchError, Fetcher, without_secrets};
use consign_scan::FeedSource;
use futures::{StreamExt, TryStreamExt, stream};
use std::path::{Path, PathBuf};

/// Largest file of a feed, in bytes. OSV's archive of npm has some two hundred million.
const FEED_LIMIT: u64 = 512 << 20;
/// How many files are fetched at once.
const AT_ONCE: usize = 4;
/// What compressed files and archives begin with, and the end of a name that says so.
const STARTS: [(&[u8], &str); 4] = [
    (b"PK\x03\x04", ".zip"),
    (b"\x1f\x8b", ".json.gz"),
    (b"\xfd7zXZ\0", ".json.xz"),
    (b"\x28\xb5\x2f\xfd", ".json.zst"),
];
/// Ends of names by which feeds are read.
const ENDS: [&str; 9] = [".json", ".yaml", ".yml", ".csv", ".zip", ".tar", ".gz", ".xz", ".zst"];

/// A file of a feed that is on its way.
struct Part {
    /// The name of the feed, for messages.
    feed: String,
    /// Where its publisher offers it.
    address: String,
    /// Which of all it is.
    number: usize,
}

/// Fetches feeds into a folder, and returns where each lies, and what it is called and where it came from. What a server says has not changed is not sent
/// again. One that cannot be had fails them all.
pub(super) async fn fetch(
    sources: &[DatabaseSource],
    mirrors: &[String],
    fetcher: &Fetcher,
    folder: &Path,
    told: &(dyn Fn(&str) + Sync),
) -> Result<Vec<FeedSource>, DatabaseUpdateError> {
    let mut parts = Vec::new();
    let mut paths = Vec::new();
    for source in sources {
        let (feed, addresses) = match source {
            DatabaseSource::Feed(feed) => (feed.name.clone(), feed.addresses.clone()),
            DatabaseSource::Address(address) => (without_secrets(address), vec![address.clone()]),
            DatabaseSource::Path(path) => {
                paths.push(FeedSource { path: path.clone(), name: None });
                continue;
            }
            DatabaseSource::Published(reference) => {
                return Err(DatabaseUpdateError::Mixed { reference: reference.to_string() });
            }
        };
        for address in addresses {
            let (feed, number) = (feed.clone(), parts.len());
            parts.push(Part { feed, address, number });
        }
    }
    let fetched = stream::iter(parts)
        .map(|part| async move {
            told(&part.feed);
            let (bytes, address) = from_mirrors(&part, mirrors, fetcher).await?;
            let name = match without_secrets(&address) {
                address if address == part.feed => address,
                address => format!("the feed `{}` ({address})", part.feed),
            };
            kept(&part, &bytes, folder).map(|path| FeedSource { path, name: Some(name) })
        })
        .buffered(AT_ONCE);
    let fetched: Vec<FeedSource> = fetched.try_collect().await?;
    paths.extend(fetched);
    Ok(paths)
}

/// Asks each mirror in turn, and only where there is none the publisher. The last one's answer is told. Returns the
/// address that answered, too.
async fn from_mirrors(
    part: &Part,
    mirrors: &[String],
    fetcher: &Fetcher,
) -> Result<(Bytes, String), DatabaseUpdateError> {
    let failed = |source| DatabaseUpdateError::Fetch { feed: part.feed.clone(), source };
    let addresses = mirrors.iter().filter_map(|mirror| consign_fetch::mirrored(&part.address, mirror));
    let mut addresses: Vec<String> = addresses.collect();
    let is_mirrored = !mirrors.is_empty() && !part.address.starts_with("file:");
    let last = match addresses.pop() {
        // Who names mirrors wants nobody else to be asked.
        None if is_mirrored => {
            return Err(failed(FetchError::Address { url: without_secrets(&part.address) }));
        }
        last => last.unwrap_or_else(|| part.address.clone()),
    };
    for address in addresses {
        if let Ok(bytes) = fetcher.current(&address, FEED_LIMIT).await {
            return Ok((bytes, address));
        }
    }
    let bytes = fetcher.current(&last, FEED_LIMIT).await.map_err(failed)?;
    Ok((bytes, last))
}

/// Writes a feed to a file by the name of which it is read.
fn kept(part: &Part, bytes: &Bytes, folder: &Path) -> Result<PathBuf, DatabaseUpdateError> {
    let folder = folder.join(part.number.to_string());
    let path = folder.join(file_name(&part.address, bytes));
    let written = std::fs::create_dir(&folder).and_then(|()| std::fs::write(&path, bytes));
    written.map(|()| path.clone()).map_err(|source| DatabaseUpdateError::Write { path, source })
}

/// Returns a name for what was found at an address: its last part, with an end that says what it is where that has none.
fn file_name(address: &str, bytes: &[u8]) -> String {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let name: String = last
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .skip_while(|c| *c == '.')
        .take(100)
        .collect();
    if ENDS.iter().any(|end| name.ends_with(end)) {
        return name;
    }
    let end = STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map_or(".json", |(_, end)| end);
    format!("{}{end}", if name.is_empty() { "feed" } else { &name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        let name = |address: &str, bytes: &[u8]| file_name(address, bytes);
        assert_eq!(name("https://a.example/tracker/data/json", b"{}"), "json.json");
        assert_eq!(name("https://a.example/npm/all.zip", b"PK\x03\x04"), "all.zip");
        assert_eq!(name("https://a.example/x?token=1", b"\x1f\x8b"), "x.json.gz");
        assert_eq!(name("https://a.example/..%2f.hidden.yaml#x", b""), "2f.hidden.yaml");
        assert_eq!(name("https://a.example/", b"PK\x03\x04"), "feed.zip");
    }
}
