use crate::advisory::{Advisory, Affected};
use crate::ecosystem::Ecosystem;
use crate::entry::{Spelling, encode_details, encode_record, encode_versions};
use crate::format::{Contents, Encoder, LIST_LIMIT, Packer, Section, SectionContents};
use crate::reading::{FeedKey, Gathered, Reading, RecordDigest};
use crate::summary::{FeedSummary, Origin, Times};
use consign_oci::Digest;
use consign_package::Kind;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, ErrorKind};

/// Texts that are written once, wherever they occur.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<String, u64>,
    packer: Packer,
}

impl Spelling for Texts {
    fn number(&mut self, text: &str) -> io::Result<u64> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let number = self.packer.push(text.as_bytes())?;
        self.numbers.insert(text.to_owned(), number);
        Ok(number)
    }
}

/// Writes a database. The same records give the same bytes, in whatever order they came.
pub(crate) fn written(mut reading: Reading) -> io::Result<Vec<u8>> {
    reading.settle();
    let (feeds, numbers) = feeds(&reading);
    let mut records: Vec<(&RecordDigest, &Gathered)> = reading.records.iter().collect();
    records
        .sort_unstable_by(|(one, first), (other, second)| (&first.advisory.id, one).cmp(&(&second.advisory.id, other)));
    let mut contents = Contents { feeds, ..Contents::default() };
    let mut texts = Texts::default();
    let mut sections: [Packer; 7] = Default::default();
    // What is only listed has no entries.
    let listed = reading.listed.iter().map(|(ecosystem, name)| ((ecosystem.clone(), name.as_str()), Vec::new()));
    let mut packages: BTreeMap<(String, &str), Vec<(u64, &Affected)>> = listed.collect();
    let mut names: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for (number, (digest, Gathered { advisory, feeds })) in (0..).zip(records) {
        contents.times.add(advisory.changed, None);
        let feeds: BTreeSet<u64> = feeds.iter().filter_map(|key| numbers.get(key).copied()).collect();
        sections[Section::Records as usize].push(&encode_record(advisory, &feeds, &mut texts)?)?;
        sections[Section::Details as usize].push(&encode_details(&advisory.details, digest))?;
        for affected in &advisory.affected {
            let key = (affected.ecosystem.key(), affected.package.as_str());
            packages.entry(key).or_default().push((number, affected));
        }
        for name in advisory.names.all.iter().chain(&advisory.names.numbers) {
            names.entry(name.to_ascii_lowercase()).or_default().insert(number);
        }
    }
    for ((ecosystem, package), entries) in &packages {
        let mut item = Encoder::default();
        count(entries.len(), &mut item)?;
        for (record, affected) in entries {
            item.number(*record);
            encode_versions(affected, &mut item, &mut texts)?;
        }
        sections[Section::Packages as usize].push_keyed(&package_key(ecosystem, package), &item.0)?;
    }
    for (artifact, names) in artifacts(packages.keys()) {
        let mut item = Encoder::default();
        count(names.len(), &mut item)?;
        names.iter().for_each(|name| item.text(name));
        sections[Section::Artifacts as usize].push_keyed(artifact.as_bytes(), &item.0)?;
    }
    for (number, vulnerability) in &reading.vulnerabilities {
        sections[Section::Vulnerabilities as usize].push_keyed(number.as_bytes(), &vulnerability.encoded())?;
    }
    for (name, records) in &names {
        let mut item = Encoder::default();
        count(records.len(), &mut item)?;
        records.iter().for_each(|record| item.number(*record));
        sections[Section::Names as usize].push_keyed(name.as_bytes(), &item.0)?;
    }
    sections[Section::Texts as usize] = texts.packer;
    for (section, packer) in Section::ALL.into_iter().zip(&mut sections) {
        let items = packer.finish()?;
        contents.sections[section as usize] = SectionContents { items, chunks: std::mem::take(&mut packer.places) };
    }
    let mut bytes = contents.encode();
    sections.iter_mut().for_each(|packer| bytes.append(&mut packer.stored));
    Ok(bytes)
}

/// Writes how many elements a list has that grows with the number of records. One that would not be read again is not written.
fn count(count: usize, item: &mut Encoder) -> io::Result<()> {
    if count > LIST_LIMIT {
        return Err(io::Error::new(
            ErrorKind::FileTooLarge,
            "what is said about one package, or by one name, is too much",
        ));
    }
    item.count(count);
    Ok(())
}

/// Returns the names of Maven's packages by their artifacts: archives often say no more of themselves.
fn artifacts<'a>(packages: impl Iterator<Item = &'a (String, &'a str)>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let maven = Ecosystem::Language(Kind::Maven).key();
    let mut artifacts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, name) in packages.filter(|(ecosystem, _)| *ecosystem == maven) {
        if let Some((_, artifact)) = name.rsplit_once(':') {
            artifacts.entry(artifact).or_default().insert(name);
        }
    }
    artifacts
}

/// Returns the key of a package. No ecosystem has a zero in it; one that has is nobody's.
pub(crate) fn package_key(ecosystem: &str, package: &str) -> Vec<u8> {
    [ecosystem.as_bytes(), b"\0", package.as_bytes()].concat()
}

/// Returns the feeds, and the number of each. What two paths have of one feed is one if it is the same.
fn feeds(reading: &Reading) -> (Vec<FeedSummary>, HashMap<&FeedKey, u64>) {
    let mut distinct: BTreeMap<(String, String), (FeedSummary, Vec<&FeedKey>)> = BTreeMap::new();
    for (key, feed) in &reading.feeds {
        let digests: Vec<u8> = feed.records.iter().flatten().copied().collect();
        let digest = Digest::of(&[key.1.as_bytes(), b"\0", &digests].concat());
        let records =
            || feed.records.iter().filter_map(|digest| reading.records.get(digest)).map(|known| &known.advisory);
        let slot = distinct.entry((key.1.clone(), digest.to_string())).or_insert_with(|| {
            let origins = origins(&key.1, records(), &feed.about);
            let count = feed.records.len() as u64;
            (FeedSummary { name: key.1.clone(), records: count, published: None, digest, origins }, Vec::new())
        });
        // Whose records all say when they were changed needs nobody else's word.
        let is_dated = records().next().is_some() && records().all(|advisory| advisory.changed.is_some());
        let published = feed.published.or(reading.published.filter(|_| !is_dated));
        slot.0.published = slot.0.published.max(published);
        slot.1.push(key);
    }
    let mut numbers = HashMap::new();
    let mut summaries = Vec::new();
    for (number, (summary, keys)) in (0..).zip(distinct.into_values()) {
        numbers.extend(keys.into_iter().map(|key| (key, number)));
        summaries.push(summary);
    }
    (summaries, numbers)
}

/// Counts what a feed says, by ecosystem.
fn origins<'a>(feed: &str, records: impl Iterator<Item = &'a Advisory>, about: &BTreeSet<String>) -> Vec<Origin> {
    let mut origins: BTreeMap<String, Times> = about.iter().map(|name| (name.clone(), Times::default())).collect();
    for advisory in records {
        let of_feed = advisory.affected.iter().map(|affected| &affected.ecosystem);
        let of_feed: BTreeSet<&Ecosystem> = of_feed.filter(|ecosystem| crate::feed::is_of(feed, ecosystem)).collect();
        for ecosystem in of_feed {
            origins.entry(ecosystem.key()).or_default().add(advisory.changed, advisory.withdrawn);
        }
    }
    origins.into_iter().map(|(ecosystem, times)| Origin { ecosystem, times }).collect()
}
