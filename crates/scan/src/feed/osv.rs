use super::{Failure, OSV};
use crate::advisory::{Advisory, Affected, Details};
use crate::ecosystem::Ecosystem;
use crate::names::Names;
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::record::{self, Record};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Reads a record of the OSV schema, and names the feeds that it is part of: one for all releases of each distribution.
pub(super) fn read(place: &str, bytes: &[u8]) -> Result<(BTreeSet<String>, Advisory), Failure> {
    let record = Record::read(place, bytes)?;
    let names = Names::of(&record.id, &record.aliases, &record.upstream);
    let rating = Rating::of_all(&record);
    let references = record.references.into_iter().map(|reference| reference.url);
    let details = Details::new(&record.summary, &record.details, references);
    // Most records of Go's say that they were published and changed in the year 1, which is nothing.
    let times = [Some(record.modified), record.published].into_iter().flatten();
    let changed = { times }.find(|time| *time >= Timestamp::UNIX_EPOCH);
    let affected: Vec<Affected> = record.affected.into_iter().filter_map(affected).collect();
    let is_modular =
        affected.iter().flat_map(|affected| affected.versions.fixed()).any(|fixed| fixed.contains(".module"));
    let streams = if is_modular { streams(&details.summary) } else { Vec::new() };
    let feed = |affected: &Affected| format!("{OSV}{}", affected.ecosystem.group());
    let mut feeds: BTreeSet<String> = affected.iter().map(feed).collect();
    if feeds.is_empty() {
        feeds.insert(format!("{OSV}no package"));
    }
    let (id, withdrawn) = (record.id, record.withdrawn);
    Ok((feeds, Advisory { id, names, changed, withdrawn, rating, streams, affected, details }))
}

/// `None`: it is about no package.
fn affected(affected: record::Affected) -> Option<Affected> {
    let rating = Rating::of_one(&affected);
    let package = affected.package?;
    let ecosystem = Ecosystem::of_record(&package.ecosystem);
    let package = ecosystem.name(&package.name);
    let versions = AffectedVersions::of(affected.ranges, affected.versions, ecosystem.is_semantic());
    Some(Affected { ecosystem, package, rating, versions, status: None })
}

/// Returns the streams that a summary names, such as `ruby:2.5` in `Moderate: ruby:2.5 security update`. Records of modules say it nowhere else.
fn streams(summary: &str) -> Vec<String> {
    let is_stream = |word: &&str| {
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte))
        };
        word.split_once(':').is_some_and(|(module, stream)| is_name(module) && is_name(stream))
    };
    let words = summary.split([' ', ',', ';', '(', ')']);
    words.filter(is_stream).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_stand_in_summaries() {
        for (summary, expected) in [
            ("Moderate: ruby:2.5 security, bug fix, and enhancement update", &["ruby:2.5"][..]),
            ("Low: virt:rhel and virt-devel:rhel security and bug fix update", &["virt:rhel", "virt-devel:rhel"]),
            ("container-tools:rhel8 security update", &["container-tools:rhel8"]),
            ("Important: kernel security update", &[]),
        ] {
            assert_eq!(streams(summary), expected);
        }
    }
}
