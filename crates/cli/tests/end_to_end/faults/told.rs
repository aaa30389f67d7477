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

/// Says how many points there were of each kind.
pub(super) fn tell(what: &str, kinds: &BTreeMap<String, usize>) {
    let total: usize = kinds.values().sum();
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    counted(&format!("faults: {what}: {total} points: {}; {total} complete after rerun", kinds.join(", ")));
}
