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
    let mut root = Bucket::default();
    for advisory in advisories {
        let TrivyAdvisory { release, package, vulnerability, fixed, severity } = advisory;
        let detail = format!(r#"{{"FixedVersion":"{fixed}"}}"#);
        root.within(release).within(package).texts.insert((*vulnerability).to_owned(), detail);
        let rating = format!(r#"{{"Title":"{vulnerability}","Severity":"{severity}"}}"#);
        root.within("vulnerability").texts.insert((*vulnerability).to_owned(), rating);
    }
    let folder = cache.join("db");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("trivy.db"), file(&root))?;
    let metadata = format!(
        r#"{{"Version":2,"NextUpdate":"2099-01-01T00:00:00Z","UpdatedAt":"{changed}","DownloadedAt":"{changed}"}}"#
    );
    fs::write(folder.join("metadata.json"), metadata)
}

/// What lies under keys of either kind, which no text and bucket share.
#[derive(Default)]
struct Bucket {
    texts: BTreeMap<String, String>,
    buckets: BTreeMap<String, Bucket>,
}

impl Bucket {
    /// Returns the bucket of this name, which is made if it is not there.
    fn within(&mut self, name: &str) -> &mut Self {
        self.buckets.entry(name.to_owned()).or_default()
    }

    /// Returns keys in order, each with its flag and its value: a bucket lies within the page that names it.
    fn elements(&self) -> BTreeMap<&str, (u32, Vec<u8>)> {
        let texts = self.texts.iter().map(|(key, text)| (key.as_str(), (0, text.clone().into_bytes())));
        let within = |bucket: &Self| [vec![0; 16], page(0, LEAF, bucket)].concat();
        texts.chain(self.buckets.iter().map(|(key, bucket)| (key.as_str(), (BUCKET, within(bucket))))).collect()
    }
}

/// Returns the file: two pages of meta data, an empty list of free pages, and the root bucket with all others within.
fn file(root: &Bucket) -> Vec<u8> {
    let mut pages = page(ROOT, LEAF, root);
    pages.resize(pages.len().next_multiple_of(PAGE), 0);
    let overflow = pages.len() / PAGE - 1;
    pages[12..16].copy_from_slice(&(overflow as u32).to_le_bytes());
    let end = ROOT + 1 + overflow as u64;
    let mut file: Vec<u8> = [0, 1].into_iter().flat_map(|number| meta(number, end)).collect();
    file.extend(padded(page(2, FREE, &Bucket::default())));
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
    let head = page(number, META, &Bucket::default());
    padded([&head[..], &meta, &checksum(&meta).to_le_bytes()].concat())
}

/// FNV-1a of 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns a page with its elements.
fn page(number: u64, flags: u16, bucket: &Bucket) -> Vec<u8> {
    let all = bucket.elements();
    let mut elements = Vec::new();
    let mut data = Vec::new();
    for (position, (key, (flag, value))) in all.iter().enumerate() {
        let offset = 16 * (all.len() - position) + data.len();
        elements
            .extend([*flag, offset as u32, key.len() as u32, value.len() as u32].map(u32::to_le_bytes).as_flattened());
        data.extend([key.as_bytes(), value].concat());
    }
    let head = [&number.to_le_bytes()[..], &flags.to_le_bytes(), &(all.len() as u16).to_le_bytes(), &[0; 4]].concat();
    [head, elements, data].concat()
}
