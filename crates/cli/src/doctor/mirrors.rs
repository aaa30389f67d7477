//! Where Debian packages come from.

use super::{Finding, PATIENCE, clock};
use crate::debian;
use crate::session::{Session, USER_AGENT};
use crate::workshop::Planned;
use consign_build::{Contents, DebianSource, Specification};
use consign_fetch::{FetchError, Fetcher, Options};
use futures::future::join_all;
use std::collections::BTreeMap;
use tokio::time::timeout;

/// Largest release file, in bytes.
const LIMIT: u64 = 16 << 20;

pub(super) async fn mirrors(session: &Session, planned: &Planned) -> Vec<Finding> {
    let area = "packages";
    let files: Vec<&Specification> = planned.specifications().collect();
    let sources = match debian::sources(&planned.configuration, files.iter().copied()) {
        Ok(sources) => sources,
        Err(error) => return vec![Finding::error(area, &error)],
    };
    let mut needed: BTreeMap<(&str, &str), &DebianSource> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        let Contents::Packages(packages) = &file.contents else { continue };
        let of_suite = sources.sources_of(packages.suite.as_deref());
        if of_suite.is_empty() {
            let suite = packages.suite.as_deref().unwrap_or("this machine's suite");
            let next = "name a mirror under `debian: mirrors:` in the configuration";
            findings.push(Finding::fail(area, format!("there is no source for {suite}")).next(next));
        }
        needed.extend(of_suite.into_iter().map(|source| ((source.uri.as_str(), source.suite.as_str()), source)));
    }
    let asked = needed.into_iter().map(|((uri, suite), source)| async move {
        match session.global.offline && !uri.starts_with("file:") {
            true => Finding::skip(area, format!("{uri} {suite}: not asked, offline")),
            false => {
                let asked = timeout(PATIENCE, mirror(source)).await;
                asked.unwrap_or_else(|_| Finding::unanswered(area, &format_args!("{uri} {suite}")))
            }
        }
    });
    findings.extend(join_all(asked).await);
    findings
}

/// Asks a mirror for its release file. Nothing of it is kept.
async fn mirror(source: &DebianSource) -> Finding {
    let area = "packages";
    let name = format!("{} {}", source.uri, source.suite);
    let fetched = async {
        let cache = tempfile::tempdir().map_err(|source| FetchError::File { path: std::env::temp_dir(), source })?;
        let options = Options { cache: cache.path().to_owned(), offline: false, user_agent: USER_AGENT.to_owned() };
        let fetcher = Fetcher::new(options)?;
        let folder = format!("{}/dists/{}", source.uri.trim_end_matches('/'), source.suite);
        match fetcher.current(&format!("{folder}/InRelease"), LIMIT).await {
            Err(FetchError::NotFound { .. }) => fetcher.current(&format!("{folder}/Release"), LIMIT).await,
            fetched => fetched,
        }
    };
    match fetched.await {
        Err(error) => {
            let next = format!("{} names it: is the address right, and is there a network?", source.declared);
            Finding::fail(area, error.to_string()).next(next)
        }
        Ok(_) if source.keyring.fingerprints().is_empty() => {
            let next = format!("install debian-archive-keyring, or name the keys: {}", source.declared);
            Finding::fail(area, format!("{name}: there are no keys to check it with")).next(next)
        }
        Ok(release) => match clock::valid_until(&release) {
            Some(end) if end < jiff::Timestamp::now() => {
                let message = format!("{name}: its release file was valid until {end}");
                Finding::fail(area, message).next("is this machine's clock right? else the mirror is no longer kept up")
            }
            _ => Finding::ok(area, format!("{name} answers, and there are keys to check it with")),
        },
    }
}
