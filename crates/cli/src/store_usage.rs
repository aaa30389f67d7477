//! What is kept, as a table and for programs.

use crate::arguments::{Age, Output};
use crate::error::CommandError;
use crate::session::Session;
use consign_dockerfile::Upkeep;
use consign_fetch::Kept;
use consign_report::{size, table};
use consign_store::{Amount, Amounts, Usage};
use serde::Serialize;
use std::time::{Duration, SystemTime};

/// What the store holds by kind, and what goes of it.
#[derive(Serialize)]
pub(crate) struct Report {
    kinds: Vec<Row>,
    total: Counts,
    pruned: Counts,
}

#[derive(Serialize)]
struct Row {
    kind: &'static str,
    #[serde(flatten)]
    all: Counts,
    pruned: Counts,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Counts {
    files: u64,
    bytes: u64,
}

impl Report {
    pub(crate) fn of(usage: &Usage, downloads: Kept, upkeep: Upkeep) -> Self {
        let row = |kind, amounts: &Amounts| Row { kind, all: amounts.all.into(), pruned: amounts.pruned.into() };
        let mut kinds: Vec<Row> = usage.kinds.iter().map(|(kind, amounts)| row(kind.words(), amounts)).collect();
        let Kept { files, bytes, pruned_files, pruned_bytes } = downloads;
        let pruned = Counts { files: pruned_files, bytes: pruned_bytes };
        kinds.push(Row { kind: "downloads", all: Counts { files, bytes }, pruned });
        // Few builds run commands.
        let folders = [("unpacked layers", upkeep.trees), ("caches of RUN", upkeep.caches)];
        kinds.extend(folders.iter().filter(|(_, found)| found.all.files > 0).map(|(kind, found)| row(kind, found)));
        let sum = |of: fn(&Row) -> Counts| kinds.iter().map(of).fold(Counts::default(), Counts::plus);
        Self { total: sum(|row| row.all), pruned: sum(|row| row.pruned), kinds }
    }

    /// Prints it; `verb` says what happens to what goes.
    pub(crate) fn print(&self, verb: &str, session: &Session) -> Result<(), CommandError> {
        if session.output == Output::Json {
            return session.printer.json(self);
        }
        let row = |kind: &str, all: Counts, pruned: Counts| {
            let left = if pruned.files == 0 { ["-".to_owned(), "-".to_owned()] } else { pruned.cells() };
            [vec![kind.to_owned()], all.cells().into(), left.into()].concat()
        };
        let mut rows: Vec<_> = self.kinds.iter().map(|line| row(line.kind, line.all, line.pruned)).collect();
        rows.push(row("total", self.total, self.pruned));
        session.printer.data(&table(&["what", "files", "size", verb, "size"], &rows))
    }
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self { files: self.files + other.files, bytes: self.bytes.saturating_add(other.bytes) }
    }

    fn cells(self) -> [String; 2] {
        [self.files.to_string(), size(self.bytes)]
    }
}

impl From<Amount> for Counts {
    fn from(amount: Amount) -> Self {
        Self { files: amount.files, bytes: amount.bytes }
    }
}

impl Age {
    /// Returns since when something must have been used to be kept for that; `None` if nothing is.
    pub(crate) fn since(&self) -> Option<SystemTime> {
        let since = |age: Duration| SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        (!self.all).then(|| since(self.older_than))
    }
}
