//! What is known of registries from one run to the next. It saves questions, is never taken for content, and can be deleted at any time.

mod folder;

pub use folder::MemoryFolder;

use consign_oci::{Descriptor, Digest, Tag, Target};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long it is believed what a registry can do.
const FEATURES_LAST: Duration = Duration::from_secs(7 * 86_400);
/// The same for this machine's own registries, which come and go: another may soon have the same port.
const LOCAL_FEATURES_LAST: Duration = Duration::from_secs(600);
/// How long what a repository holds, and what its tags name, is kept.
const KEPT: Duration = Duration::from_secs(90 * 86_400);
/// By how much clocks may differ, in seconds.
const CLOCKS_DIFFER: u64 = 3600;
/// Most digests, and most tags, of a repository that are kept: the newest.
const MOST: usize = 20_000;
/// Most repositories of a registry that are kept.
const MOST_REPOSITORIES: usize = 10_000;

/// What is known of a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Memory {
    /// What it can do.
    pub(crate) features: Features,
    /// What its repositories hold, by their paths.
    pub(crate) repositories: BTreeMap<String, Contents>,
}

/// What a registry can do; `None` where it has not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Features {
    /// When anything of this was learned last.
    pub(crate) learned: Time,
    /// It lists referrers. Found out in each run, since whoever asks in the wrong place finds no signatures.
    #[serde(skip)]
    pub(crate) referrers: Option<bool>,
    /// It takes a blob from a repository of its own, or says that it has not got it.
    pub(crate) mounts: Option<bool>,
    /// It answers a request to mount at all.
    pub(crate) answers_mounts: Option<bool>,
    /// It takes a blob with the request that asks to send it.
    pub(crate) takes_whole: Option<bool>,
    /// It takes a blob in pieces.
    pub(crate) takes_pieces: Option<bool>,
    /// It refuses a manifest whose parts it has not got.
    pub(crate) validates: Option<bool>,
}

/// What a repository holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Contents {
    /// Blobs and manifests that are there, and when that was seen.
    pub(crate) holds: BTreeMap<Digest, Time>,
    /// Those of them that this run has seen itself.
    #[serde(skip)]
    pub(crate) own: BTreeSet<Digest>,
    /// What tags named.
    pub(crate) tags: BTreeMap<Tag, Sighting>,
    /// Tags that were deleted, and when: what was seen of them before is not believed.
    pub(crate) deleted: BTreeMap<Tag, Time>,
    /// What was seen before this is not believed.
    pub(crate) forgotten: Time,
}

/// What a tag named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sighting {
    pub(crate) descriptor: Descriptor,
    /// When it was first seen to name this.
    pub(crate) first: Time,
    /// When it was last seen to name this.
    pub(crate) last: Time,
}

/// Seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Time(u64);

impl Time {
    pub(crate) fn now() -> Self {
        Self(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    /// Returns how long ago it is. What lies ahead by more than clocks differ is as old as can be: it would never age.
    pub(crate) fn age(self) -> Duration {
        let now = Self::now().0;
        match self.0 > now.saturating_add(CLOCKS_DIFFER) {
            true => Duration::MAX,
            false => Duration::from_secs(now.saturating_sub(self.0)),
        }
    }
}

impl Contents {
    /// Notes what a tag names.
    pub(crate) fn note(&mut self, tag: &Tag, descriptor: &Descriptor) {
        let now = Time::now();
        let first = self.tags.get(tag).filter(|seen| seen.descriptor.digest == descriptor.digest);
        let first = first.map_or(now, |seen| seen.first);
        self.tags.insert(tag.clone(), Sighting { descriptor: descriptor.clone(), first, last: now });
        self.deleted.remove(tag);
    }

    /// Notes that a tag names what somebody knew.
    pub(crate) fn note_same(&mut self, tag: &Tag, known: &Digest) {
        match self.tags.get_mut(tag) {
            Some(seen) if seen.descriptor.digest == *known => seen.last = Time::now(),
            // Whoever knew it saw it before: what came in between has gone again.
            Some(_) => self.forget_tag(tag.clone()),
            None => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.holds.is_empty() && self.tags.is_empty() && self.deleted.is_empty()
    }

    /// Notes that a tag, or a manifest with every tag of it, is gone.
    pub(crate) fn note_deleted(&mut self, target: &Target) {
        let names = |digest: &Digest| {
            let tags = self.tags.iter().filter(|(_, seen)| seen.descriptor.digest == *digest);
            tags.map(|(tag, _)| tag.clone()).collect()
        };
        let tags: Vec<Tag> = match target {
            Target::Tag(tag) => vec![tag.clone()],
            Target::Digest(digest) => names(digest),
        };
        tags.into_iter().for_each(|tag| self.forget_tag(tag));
        if let Target::Digest(digest) = target {
            self.holds.remove(digest);
            self.own.remove(digest);
        }
    }

    fn forget_tag(&mut self, tag: Tag) {
        self.tags.remove(&tag);
        self.deleted.insert(tag, Time::now());
    }

    /// Takes over what others noted, where it is newer or as old.
    fn merge(&mut self, other: Self) {
        self.forgotten = self.forgotten.max(other.forgotten);
        for (digest, seen) in other.holds {
            let known = self.holds.entry(digest).or_default();
            *known = seen.max(*known);
        }
        self.holds.retain(|_, seen| *seen >= self.forgotten);
        for (tag, deleted) in other.deleted {
            let known = self.deleted.entry(tag).or_default();
            *known = deleted.max(*known);
        }
        for (tag, theirs) in other.tags {
            match self.tags.get_mut(&tag) {
                Some(ours) if ours.descriptor.digest == theirs.descriptor.digest => {
                    ours.first = ours.first.min(theirs.first);
                    ours.last = ours.last.max(theirs.last);
                }
                Some(ours) if ours.last > theirs.last => {}
                _ => {
                    self.tags.insert(tag, theirs);
                }
            }
        }
        // Who saw it within the same second may have seen it before or after.
        self.tags.retain(|tag, seen| self.deleted.get(tag).is_none_or(|deleted| seen.first > *deleted));
    }

    /// Leaves out what is old, and of too much the oldest.
    fn trim(&mut self) {
        self.holds.retain(|_, seen| seen.age() < KEPT);
        self.tags.retain(|_, seen| seen.last.age() < KEPT);
        self.deleted.retain(|_, deleted| deleted.age() < KEPT);
        let newest = |mut times: Vec<Time>| {
            times.sort_unstable();
            times.len().checked_sub(MOST).and_then(|excess| times.get(excess).copied()).unwrap_or_default()
        };
        let from = newest(self.holds.values().copied().collect());
        self.holds.retain(|_, seen| *seen >= from);
        let from = newest(self.tags.values().map(|seen| seen.last).collect());
        self.tags.retain(|_, seen| seen.last >= from);
    }
}

impl Memory {
    /// Takes over what others noted. What each learned of the registry itself counts for the one who learned last.
    pub(crate) fn merge(&mut self, other: Self) {
        if other.features.learned > self.features.learned {
            self.features = other.features;
        }
        for (path, contents) in other.repositories {
            self.repositories.entry(path).or_default().merge(contents);
        }
    }

    /// Leaves out what is too old to be believed, or too much.
    fn trim(&mut self, is_loopback: bool) {
        let last = if is_loopback { LOCAL_FEATURES_LAST } else { FEATURES_LAST };
        if self.features.learned.age() > last {
            self.features = Features::default();
        }
        for contents in self.repositories.values_mut() {
            contents.trim();
        }
        self.repositories.retain(|_, contents| !contents.is_empty());
        while self.repositories.len() > MOST_REPOSITORIES {
            self.repositories.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(number: u8) -> Descriptor {
        Descriptor::new("application/vnd.oci.image.manifest.v1+json", Digest::of(&[number]), 1)
    }

    fn tag() -> Tag {
        "1".parse().unwrap()
    }

    #[test]
    fn a_tag_is_first_seen_once_for_each_image() {
        let mut contents = Contents::default();
        contents.note(&tag(), &image(1));
        contents.tags.get_mut(&tag()).unwrap().first = Time(7);
        contents.note(&tag(), &image(1));
        assert_eq!(contents.tags[&tag()].first, Time(7));
        contents.note(&tag(), &image(2));
        assert!(contents.tags[&tag()].first > Time(7));
    }

    #[test]
    fn of_two_runs_the_later_counts() {
        let sighting =
            |number, first, last| Sighting { descriptor: image(number), first: Time(first), last: Time(last) };
        for (ours, theirs, expected) in [
            (sighting(1, 5, 9), sighting(1, 3, 7), sighting(1, 3, 9)),
            (sighting(1, 5, 9), sighting(2, 3, 7), sighting(1, 5, 9)),
            (sighting(1, 5, 6), sighting(2, 7, 7), sighting(2, 7, 7)),
        ] {
            let of = |sighting| Contents { tags: BTreeMap::from([(tag(), sighting)]), ..Contents::default() };
            let mut merged = of(ours);
            merged.merge(of(theirs));
            assert_eq!(merged.tags[&tag()], expected);
        }
    }

    #[test]
    fn what_was_forgotten_does_not_come_back() {
        let holds = |seen| Contents { holds: BTreeMap::from([(Digest::of(b"x"), Time(seen))]), ..Contents::default() };
        let mut ours = Contents { forgotten: Time(5), ..Contents::default() };
        ours.merge(holds(4));
        assert!(ours.holds.is_empty());
        ours.merge(holds(6));
        assert_eq!(ours.holds.len(), 1);
    }

    #[test]
    fn what_lies_ahead_is_old() {
        let now = Time::now().0;
        assert_eq!(Time(u64::MAX).age(), Duration::MAX);
        assert_eq!(Time(now + 60).age(), Duration::ZERO);
        assert!(Time(now - 60).age() >= Duration::from_secs(60));
    }

    #[test]
    fn the_oldest_goes_first() {
        let now = Time::now().0;
        let number = |index: usize| u64::try_from(index).unwrap();
        let mut contents = Contents::default();
        for index in 0..MOST + 5 {
            contents.holds.insert(Digest::of(&index.to_le_bytes()), Time(now - 30_000 + number(index)));
        }
        contents.holds.insert(Digest::of(b"old"), Time(1));
        contents.trim();
        assert_eq!(contents.holds.len(), MOST);
        assert_eq!(contents.holds.values().min(), Some(&Time(now - 30_000 + 5)));
    }
}
