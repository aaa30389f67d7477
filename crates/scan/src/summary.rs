use consign_oci::Digest;
use jiff::Timestamp;
use serde::Serialize;

/// A feed that stands in a database: what one publisher says, as it was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedSummary {
    /// Whose it is, and what it is about: `OSV: Debian`.
    pub name: String,
    /// How many records it has.
    pub records: u64,
    /// When it was published, if it or whoever fetched it says so.
    #[serde(serialize_with = "time_text", skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// The digest of all that was imported, the same wherever and however it lay.
    pub digest: Digest,
    /// Which packages it is about, by where they come from.
    pub origins: Vec<Origin>,
}

/// What a feed says about the packages of one ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The ecosystem, in the words of the OSV schema.
    pub ecosystem: String,
    /// How many records there are about it, and how old they are.
    #[serde(flatten)]
    pub times: Times,
}

/// How many records there are, and when they were changed, once all times that are named in them have passed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    /// How many of them stand: what was taken back does not.
    #[serde(rename = "records")]
    pub live: u64,
    /// When the newest of these was changed; `None`: nothing says.
    #[serde(serialize_with = "time_text", skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// The last of all times that are named. Before it, something is yet to come, and the above does not hold.
    #[serde(skip)]
    pub(crate) settled: Option<Timestamp>,
}

impl Times {
    /// Counts a record.
    pub(crate) fn add(&mut self, changed: Option<Timestamp>, withdrawn: Option<Timestamp>) {
        if withdrawn.is_none() {
            self.live += 1;
            self.newest = self.newest.max(changed);
        }
        self.settled = self.settled.max(changed).max(withdrawn);
    }

    /// Counts a record as it is at a time: what is yet to come does not count.
    pub(crate) fn add_at(&mut self, now: Timestamp, changed: Option<Timestamp>, withdrawn: Option<Timestamp>) {
        if withdrawn.is_none_or(|withdrawn| withdrawn > now) {
            self.live += 1;
            self.newest = self.newest.max(changed.filter(|changed| *changed <= now));
        }
    }

    /// Returns whether all of it holds at a time.
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        self.settled.is_none_or(|settled| settled <= now)
    }
}

fn time_text<S: serde::Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
