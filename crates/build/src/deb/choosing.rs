//! Chooses packages where it holds nobody up: a signal is heard meanwhile, and ends it.

use super::source_error::SourceError;
use consign_package::deb::{
    IndexError, PackagesIndex, Preferred, Relation, Request, Searched, Selection, Target, Version, resolve,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is asked for.
pub(super) struct Question {
    pub(super) wanted: Vec<Relation>,
    pub(super) recommends: bool,
    pub(super) preferred: Preferred,
}

/// What there is for an architecture: indexes, each with whether it is a last resort.
pub(super) struct Offer {
    pub(super) architecture: &'static str,
    pub(super) indexes: Vec<(Arc<PackagesIndex>, bool)>,
}

/// What was chosen for an architecture.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) selections: Vec<Selection>,
    /// What is older than it could be, for people.
    pub(super) older: Vec<String>,
}

/// Chooses for all architectures together, on a thread for such work. It stops soon after nobody waits for it.
pub(super) async fn choose(offers: Vec<Offer>, question: Question) -> Result<Vec<Chosen>, SourceError> {
    let waiting = Waiting(Arc::default());
    let stop = waiting.0.clone();
    let chosen = tokio::task::spawn_blocking(move || decide(&offers, &question, &stop));
    chosen.await.map_err(|source| SourceError::Worker { source })?
}

/// Somebody who waits, and says so when it ends.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn decide(offers: &[Offer], question: &Question, stop: &AtomicBool) -> Result<Vec<Chosen>, SourceError> {
    let searched: Vec<Vec<Searched<'_>>> = offers.iter().map(Offer::searched).collect();
    let targets: Vec<Target<'_>> = offers
        .iter()
        .zip(&searched)
        .map(|(offer, indexes)| Target { architecture: offer.architecture, indexes })
        .collect();
    let Question { wanted, recommends, preferred } = question;
    let request = Request { wanted, recommends: *recommends, preferred, stop };
    let selections = resolve(&targets, &request).map_err(|error| SourceError::Resolve { source: Box::new(error) })?;
    let older = older(offers, &selections).map_err(|error| SourceError::Index { source: Box::new(error) })?;
    Ok(selections.into_iter().zip(older).map(|(selections, older)| Chosen { selections, older }).collect())
}

impl Offer {
    fn searched(&self) -> Vec<Searched<'_>> {
        self.indexes.iter().map(|(index, last_resort)| Searched { index, last_resort: *last_resort }).collect()
    }

    /// Returns the newest source version of a package, but for those of a last resort.
    fn newest(&self, name: &str) -> Result<Option<Version>, IndexError> {
        let mut newest = None;
        for (index, _) in self.indexes.iter().filter(|(_, last_resort)| !last_resort) {
            newest = newest.max(index.named(name)?.into_iter().map(|record| record.source_version).max());
        }
        Ok(newest)
    }

    /// Returns whether there is this source version of a package.
    fn has(&self, name: &str, version: &Version) -> Result<bool, IndexError> {
        for (index, _) in &self.indexes {
            if index.named(name)?.iter().any(|record| record.source_version == *version) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Tells, for each architecture, which of its packages are not its newest because another architecture does not have that.
fn older(offers: &[Offer], selections: &[Vec<Selection>]) -> Result<Vec<Vec<String>>, IndexError> {
    if offers.len() < 2 {
        return Ok(vec![Vec::new(); offers.len()]);
    }
    let mut told = Vec::new();
    for (here, chosen) in offers.iter().zip(selections) {
        let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for Selection { record, .. } in chosen {
            let Some(newest) = here.newest(&record.name)? else { continue };
            if newest <= record.source_version {
                continue;
            }
            let mut lacking = Vec::new();
            for (there, others) in offers.iter().zip(selections) {
                let needs = others.iter().any(|other| other.record.name == record.name);
                if needs && !there.has(&record.name, &newest)? {
                    lacking.push(there.architecture);
                }
            }
            if !lacking.is_empty() {
                let packages = kept.entry(lacking.join(" and ")).or_default();
                packages.push(format!("{} {} (newest: {newest})", record.name, record.version));
            }
        }
        let line = |(lacking, packages): (String, Vec<String>)| {
            format!("kept at versions that there are for {lacking}, too: {}", packages.join(", "))
        };
        told.push(kept.into_iter().map(line).collect());
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    fn offer(architecture: &'static str, packages: &[(&str, &str)]) -> Offer {
        let digest = "0".repeat(64);
        let paragraph = |(name, version): &(&str, &str)| {
            format!(
                "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nFilename: {name}.deb\nSize: 1\nSHA256: {digest}\n\n"
            )
        };
        let text: String = packages.iter().map(paragraph).collect();
        let index = PackagesIndex::parse(architecture, text.into_bytes()).unwrap();
        Offer { architecture, indexes: vec![(Arc::new(index), false)] }
    }

    fn question(wanted: &[&str]) -> Question {
        let wanted = wanted.iter().map(|name| Relation::wanted(name).unwrap()).collect();
        Question { wanted, recommends: false, preferred: Preferred::new() }
    }

    #[tokio::test]
    async fn tells_what_another_architecture_holds_back() {
        let newer = || offer("amd64", &[("a", "1"), ("a", "2"), ("b", "1")]);
        for (what, offers, expected) in [
            ("one", vec![newer()], vec![vec![]]),
            (
                "two",
                vec![newer(), offer("arm64", &[("a", "1"), ("b", "1")])],
                vec![vec!["kept at versions that there are for arm64, too: a 1 (newest: 2)"], vec![]],
            ),
            ("two that have the same", vec![newer(), offer("arm64", &[("a", "2"), ("b", "1")])], vec![vec![], vec![]]),
        ] {
            let chosen = choose(offers, question(&["a", "b"])).await.unwrap();
            let older = chosen.into_iter().map(|chosen| chosen.older).collect::<Vec<_>>();
            assert_eq!(older, expected, "{what}");
        }
    }

    #[tokio::test]
    async fn holds_nobody_up() {
        let mut choosing = Box::pin(choose(vec![offer("amd64", &[("a", "1")])], question(&["a"])));
        assert!((&mut choosing).now_or_never().is_none(), "chosen while the others wait");
        assert_eq!(choosing.await.unwrap()[0].selections.len(), 1);
    }

    #[test]
    fn stops_when_nobody_waits() {
        let waiting = Waiting(Arc::default());
        let stop = waiting.0.clone();
        let decide = || decide(&[offer("amd64", &[("a", "1")])], &question(&["a"]), &stop);
        assert!(decide().is_ok());
        drop(waiting);
        assert!(decide().unwrap_err().to_string().contains("cannot be installed"));
    }
}
