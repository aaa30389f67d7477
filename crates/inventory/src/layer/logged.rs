use super::file::rpm_database;
use super::{FileKind, Note};
use consign_oci::layer::EntryPath;
use std::collections::BTreeMap;

/// Databases of rpm's in the form of SQLite, and what was written to them last: images whose builder was in a hurry have it in a file of its own.
#[derive(Default)]
pub(super) struct LoggedDatabases(BTreeMap<EntryPath, Pair>);

/// What lies in one folder, each with the number of its note.
#[derive(Default)]
struct Pair {
    database: Option<(usize, Vec<u8>)>,
    log: Option<(usize, Vec<u8>)>,
}

/// What a database in the form of SQLite begins with (SQLite, "Database File Format", section 1.3).
const SQLITE: &[u8] = b"SQLite format 3\0";

impl LoggedDatabases {
    /// Sees a file that gets the note with this number.
    pub(super) fn see(&mut self, path: &EntryPath, kind: FileKind, note: usize, contents: &[u8]) {
        let is_log = match kind {
            FileKind::Rpm if contents.starts_with(SQLITE) => false,
            FileKind::RpmLog if !contents.is_empty() => true,
            _ => return,
        };
        let pair = self.0.entry(path.parent().unwrap_or_default()).or_default();
        *(if is_log { &mut pair.log } else { &mut pair.database }) = Some((note, contents.to_vec()));
    }

    /// Reads each database again with its log. A log without its database stays what nobody looked into.
    pub(super) fn join(self, notes: &mut [Note]) {
        for pair in self.0.into_values() {
            if let Pair { database: Some((database, contents)), log: Some((log, written)) } = pair {
                notes[database] = rpm_database(&contents, Some(&written));
                notes[log] = Note::Found(Vec::new());
            }
        }
    }
}
