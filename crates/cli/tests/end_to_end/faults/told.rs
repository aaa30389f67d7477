//! What a person is told.

use consign_testkit::tools::counted;
use std::collections::BTreeMap;
use std::io;

/// The case that is being tried. It is told if a test ends amid it.
pub(super) struct Case(pub(super) String);

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            _ = io::Write::write_all(&mut io::stderr(), format!("{}\n", self.0).as_bytes());
        }
    }
}

/// The points that were tried.
#[derive(Default)]
pub(super) struct Points {
    kinds: BTreeMap<&'static str, usize>,
    /// Runs that came to their end before the point: what several threads do differs from run to run.
    missed: usize,
}

impl Points {
    /// Counts a point of this kind, after which the release was completed; `None`: it was not reached.
    pub(super) fn note(&mut self, kind: Option<&'static str>) {
        match kind {
            Some(kind) => *self.kinds.entry(kind).or_default() += 1,
            None => self.missed += 1,
        }
    }

    /// Says how many there were of each kind.
    pub(super) fn tell(&self, what: &str) {
        let total: usize = self.kinds.values().sum();
        assert!(self.missed * 20 <= total, "{} points of {what} were not reached, and {total} were", self.missed);
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let missed = if self.missed == 0 { String::new() } else { format!("; {} not reached", self.missed) };
        counted(&format!("faults: {what}: {total} points: {}; {total} complete after rerun{missed}", kinds.join(", ")));
    }
}
