//! A database of trivy's: a file of bbolt with its table of packages.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// Bytes of a page.
const PAGE: usize = 4096;
/// A page of key and value pairs (bbolt, `internal/common/page.go`).
const LEAF: u16 = 0x02;
const META: u16 = 0x04;
const FREE: u16 = 0x10;
/// A value that is a bucket (bbolt, `internal/common/inode.go`).
const BUCKET: u32 = 1;
/// bbolt, `internal/common/types.go`.
const MAGIC: u32 = 0xED0C_DAED;
/// The page of the root bucket: two of meta data and the list of free ones come before.
const ROOT: u64 = 3;

/// An advisory as trivy's database has it.
#[derive(Clone, Copy, Debug)]
pub struct TrivyAdvisory<'a> {
    /// The release of the distribution, as trivy names it: `debian 13`.
    pub release: &'a str,
    /// The source package.
    pub package: &'a str,
    /// The number of the vulnerability.
    pub vulnerability: &'a str,
    /// The version that is free of it.
    pub fixed: &'a str,
    /// How bad it is, in trivy's words.
    pub severity: &'a str,
}

/// Writes a database into trivy's cache folder, changed last at a time, RFC 3339.
pub fn write_database(cache: &Path, changed: &str, advisories: &[TrivyAdvisory<'_>]) -> io::Result<()> {
    let mut root = BTreeMap::new();
    for advisory in advisories {
        let TrivyAdvisory { release, package, vulnerability, fixed, severity } = advisory;
        let detail = format!(r#"{{"FixedVersion":"{fixed}"}}"#);
        bucket(bucket(&mut root, release), package).insert((*vulnerability).to_owned(), Value::Text(detail));
        let rating = format!(r#"{{"Title":"{vulnerability}","Severity":"{severity}"}}"#);
        bucket(&mut root, "vulnerability").insert((*vulnerability).to_owned(), Value::Text(rating));
    }
    let folder = cache.join("db");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("trivy.db"), file(&root))?;
    let metadata = format!(
        r#"{{"Version":2,"NextUpdate":"2099-01-01T00:00:00Z","UpdatedAt":"{changed}","DownloadedAt":"{changed}"}}"#
    );
    fs::write(folder.join("metadata.json"), metadata)
}

type Bucket = BTreeMap<String, Value>;

enum Value {
    Text(String),
    Bucket(Bucket),
}

/// Returns the bucket of this name, which is made if it is not there.
fn bucket<'a>(outer: &'a mut Bucket, name: &str) -> &'a mut Bucket {
    match outer.entry(name.to_owned()).or_insert_with(|| Value::Bucket(Bucket::new())) {
        Value::Bucket(inner) => inner,
        Value::Text(_) => panic!("`{name}` is no bucket"),
    }
}

/// Returns the file: two pages of meta data, an empty list of free pages, and the root bucket with all others within.
fn file(root: &Bucket) -> Vec<u8> {
    let mut pages = header(ROOT, LEAF, root);
    pages.resize(pages.len().next_multiple_of(PAGE), 0);
    let overflow = pages.len() / PAGE - 1;
    pages[12..16].copy_from_slice(&(overflow as u32).to_le_bytes());
    let end = ROOT + 1 + overflow as u64;
    let mut file: Vec<u8> = [0, 1].into_iter().flat_map(|number| meta(number, end)).collect();
    file.extend(padded(header(2, FREE, &Bucket::new())));
    file.extend(pages);
    file
}

fn padded(mut page: Vec<u8>) -> Vec<u8> {
    page.resize(PAGE, 0);
    page
}

fn meta(number: u64, end: u64) -> Vec<u8> {
    let words = [MAGIC, 2, PAGE as u32, 0].map(u32::to_le_bytes);
    let longs = [ROOT, 0, 2, end, number].map(u64::to_le_bytes);
    let meta = [words.as_flattened(), longs.as_flattened()].concat();
    let page = header(number, META, &Bucket::new());
    padded([&page[..], &meta, &checksum(&meta).to_le_bytes()].concat())
}

/// FNV-1a of 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns a page with its elements: each bucket lies within the page that names it.
fn header(number: u64, flags: u16, bucket: &Bucket) -> Vec<u8> {
    let mut elements = Vec::new();
    let mut data = Vec::new();
    for (position, (key, value)) in bucket.iter().enumerate() {
        let (flag, value) = match value {
            Value::Text(text) => (0, text.clone().into_bytes()),
            Value::Bucket(inner) => (BUCKET, [vec![0; 16], header(0, LEAF, inner)].concat()),
        };
        let offset = 16 * (bucket.len() - position) + data.len();
        let words = [flag, offset as u32, key.len() as u32, value.len() as u32].map(u32::to_le_bytes);
        elements.extend(words.as_flattened());
        data.extend([key.as_bytes(), &value].concat());
    }
    let page =
        [&number.to_le_bytes()[..], &flags.to_le_bytes(), &(bucket.len() as u16).to_le_bytes(), &[0; 4]].concat();
    [page, elements, data].concat()
}
