use super::{DatabaseSource, DatabaseUpdateError, artifact, feeds};
use consign_fetch::Fetcher;
use consign_image::Place;
use consign_oci::Digest;
use consign_scan::{Built, Database, Staged};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A database of which less than one in so many records is left is taken for half of one.
const SHRUNK: u64 = 2;
/// From how many records on that is asked: of few, many may rightly go.
const FEW: u64 = 100;

/// How a database is brought up to date.
pub struct DatabaseUpdate<'a> {
    /// The file. It is replaced, or left as it is.
    pub to: PathBuf,
    /// What it should be; anything else is refused. `None`: whatever is there now.
    pub wanted: Option<Digest>,
    /// Where feeds are asked for in place of their publishers, in order.
    pub mirrors: &'a [String],
    /// When feeds were published that do not say so. `None`: today, if all of them come from servers that are asked now; else nobody knows.
    pub published: Option<Timestamp>,
    /// The time by which records count.
    pub now: Timestamp,
    /// A folder for what is fetched until the database is made.
    pub scratch: PathBuf,
    /// Is told which feed is asked for.
    pub told: &'a (dyn Fn(&str) + Sync),
}

/// What became of a database.
#[derive(Debug)]
pub struct UpdatedDatabase {
    /// What was there before, if that could be opened.
    pub before: Option<Digest>,
    /// What is there now, open.
    pub database: Database,
    /// The manifest that it came from, if it was published as an artifact.
    pub artifact: Option<Digest>,
}

impl DatabaseUpdate<'_> {
    /// Makes the database anew of feeds, all of which must be there and whole.
    pub async fn from_feeds(
        &self,
        sources: &[DatabaseSource],
        fetcher: &Fetcher,
    ) -> Result<UpdatedDatabase, DatabaseUpdateError> {
        let mut staged = self.stage()?;
        let old = self.old();
        let failed = |source| DatabaseUpdateError::Write { path: self.scratch.clone(), source };
        let folder = tempfile::tempdir_in(&self.scratch).map_err(failed)?;
        let feeds = feeds::fetch(sources, self.mirrors, fetcher, folder.path(), self.told).await?;
        let are_asked = !fetcher.is_offline() && sources.iter().all(DatabaseSource::is_asked);
        // By the day, so that what has not changed gives the same database all day.
        let published = self.published.or_else(|| are_asked.then(|| day_of(self.now)).flatten());
        let (built, folder) = tokio::task::spawn_blocking(move || (Built::of_sources(&feeds, published), folder))
            .await
            .map_err(|error| failed(std::io::Error::other(error)))?;
        drop(folder);
        staged.write(built?.bytes())?;
        let new = staged.open(self.now)?;
        if let Some(old) = &old {
            compare(old, &new)?;
        }
        let name = self.to.display().to_string();
        self.finish(staged, old, new, None, name)
    }

    /// Fetches the database that was published as an artifact, unless it is here already.
    pub async fn from_artifact(&self, place: &Place) -> Result<UpdatedDatabase, DatabaseUpdateError> {
        let mut staged = self.stage()?;
        let old = self.old();
        let published = artifact::look(place).await?;
        let artifact = Some(published.manifest.clone());
        let is_here = |digest: &Digest| {
            published.database.as_ref() == Some(digest) && self.wanted.as_ref().is_none_or(|wanted| wanted == digest)
        };
        match old {
            Some(database) if is_here(database.digest()) => {
                let before = Some(database.digest().clone());
                Ok(UpdatedDatabase { before, database, artifact })
            }
            old => {
                let new = published.fetch(place, &mut staged, self.now).await?;
                self.finish(staged, old, new, artifact, place.name())
            }
        }
    }

    /// Makes an empty file beside what is there, which must be a database, or nothing.
    fn stage(&self) -> Result<Staged, DatabaseUpdateError> {
        let to = &self.to;
        let is_empty = || to.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
        if to.exists() && !Database::is_at(to) && !is_empty() {
            return Err(DatabaseUpdateError::Foreign { path: to.clone() });
        }
        if let Some(folder) = to.parent() {
            let failed = |source| DatabaseUpdateError::Write { path: folder.to_owned(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        Ok(Staged::beside(to)?)
    }

    /// Opens what is there. What cannot be read, because it is damaged or an older consign made it, is as good as none.
    fn old(&self) -> Option<Database> {
        Database::open(&self.to, self.now).ok().filter(|old| old.check().is_ok())
    }

    fn finish(
        &self,
        staged: Staged,
        old: Option<Database>,
        database: Database,
        artifact: Option<Digest>,
        reference: String,
    ) -> Result<UpdatedDatabase, DatabaseUpdateError> {
        let before = old.map(|old| old.digest().clone());
        if let Some(wanted) = self.wanted.as_ref().filter(|wanted| *wanted != database.digest()) {
            let (found, wanted) = (database.digest().clone(), wanted.clone());
            return Err(DatabaseUpdateError::Digest { reference, found, wanted });
        }
        if before.as_ref() != Some(database.digest()) {
            staged.install()?;
        }
        Ok(UpdatedDatabase { before, database, artifact })
    }
}

/// Returns when the day of a time began, in UTC.
fn day_of(time: Timestamp) -> Option<Timestamp> {
    time.to_zoned(TimeZone::UTC).start_of_day().ok().map(|start| start.timestamp())
}

/// Refuses feeds of which most is gone, or all. Who asks for other feeds than before deletes the old database first.
fn compare(old: &Database, new: &Database) -> Result<(), DatabaseUpdateError> {
    let now = counts(new);
    for ((feed, about), before) in counts(old) {
        let now = now.get(&(feed, about)).copied().unwrap_or_default();
        if before >= FEW && now < before / SHRUNK {
            let feed = if about.is_empty() { feed.to_owned() } else { format!("{feed}, about {about}") };
            return Err(DatabaseUpdateError::Shrunk { feed, before, now });
        }
    }
    Ok(())
}

/// Returns how many records each feed has about each ecosystem, wherever they lay.
fn counts(database: &Database) -> BTreeMap<(&str, &str), u64> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for feed in database.feeds() {
        *counts.entry((&feed.name, "")).or_default() += feed.records;
        for origin in &feed.origins {
            *counts.entry((&feed.name, &origin.ecosystem)).or_default() += origin.times.live;
        }
    }
    counts
}
