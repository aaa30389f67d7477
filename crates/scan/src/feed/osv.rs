use super::{Failure, OSV};
use crate::advisory::{Advisory, Affected, Details};
use crate::ecosystem::Ecosystem;
use crate::names::{Names, number};
use crate::range::AffectedVersions;
use crate::rating::Rating;
use crate::record::{self, Record};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// What errata of AlmaLinux begin with that fix a bug or add something.
const NO_ADVISORIES: [&str; 2] = ["ALBA-", "ALEA-"];
/// What advisories begin with that name their numbers as related ones: those that they fix.
const RELATED: &str = "ALSA-";

/// A record of the OSV schema.
#[derive(Debug)]
pub(super) struct Read {
    /// The feeds that it is part of: one for all releases of each distribution.
    pub(super) feeds: BTreeSet<String>,
    pub(super) advisory: Advisory,
    /// Packages that it names without saying anything against them.
    pub(super) listed: Vec<(Ecosystem, String)>,
}

pub(super) fn read(place: &str, bytes: &[u8]) -> Result<Read, Failure> {
    let record = Record::read(place, bytes)?;
    let mut names = Names::of(&record.id, &record.aliases, &record.upstream);
    let is_erratum = |kinds: &[&str]| kinds.iter().any(|kind| record.id.starts_with(kind));
    if is_erratum(&[RELATED]) || is_erratum(&NO_ADVISORIES) {
        names.numbers.extend(record.related.iter().filter_map(|name| number(name)));
    }
    let is_advisory = !is_erratum(&NO_ADVISORIES) || !names.numbers.is_empty();
    let rating = Rating::of_all(&record);
    let references = record.references.into_iter().map(|reference| reference.url);
    let details = Details::new(&record.summary, &record.details, references);
    // Most records of Go's say that they were published and changed in the year 1, which is nothing.
    let times = [Some(record.modified), record.published].into_iter().flatten();
    let changed = { times }.find(|time| *time >= Timestamp::UNIX_EPOCH);
    let mut affected: Vec<Affected> = record.affected.into_iter().filter_map(affected).collect();
    let is_modular =
        affected.iter().flat_map(|affected| affected.versions.fixed()).any(|fixed| fixed.contains(".module"));
    let streams = if is_modular { streams(&details.summary) } else { Vec::new() };
    let feed = |affected: &Affected| format!("{OSV}{}", affected.ecosystem.group());
    let mut feeds: BTreeSet<String> = affected.iter().map(feed).collect();
    if feeds.is_empty() {
        feeds.insert(format!("{OSV}no package"));
    }
    let mut listed = Vec::new();
    if !is_advisory {
        listed = affected.drain(..).map(|affected| (affected.ecosystem, affected.package)).collect();
    }
    let (id, withdrawn) = (record.id, record.withdrawn);
    let advisory = Advisory { id, names, changed, withdrawn, rating, streams, affected, details };
    Ok(Read { feeds, advisory, listed })
}

/// `None`: it is about no package.
fn affected(affected: record::Affected) -> Option<Affected> {
    let rating = Rating::of_one(&affected);
    let package = affected.package?;
    let ecosystem = Ecosystem::of_record(&package.ecosystem);
    let package = ecosystem.name(&package.name);
    let mut versions = AffectedVersions::of(affected.ranges, affected.versions, ecosystem.is_semantic());
    let words = affected.database_specific.last_known_affected_version_range.as_ref().and_then(Value::as_str);
    if let (Some(words), Some(order)) = (words, ecosystem.order()) {
        versions = versions.ended_by(words, order.into());
    }
    let reach = affected.ecosystem_specific.reach();
    Some(Affected { ecosystem, package, rating, versions, status: None, reach })
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
