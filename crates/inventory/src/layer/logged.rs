use super::file::rpm_database;
use super::{FileKind, Note};
use crate::{Budget, budget::Turn};
use consign_oci::layer::EntryPath;

/// What a database in the form of SQLite begins with (SQLite, "Database File Format", section 1.3).
const SQLITE: &[u8] = b"SQLite format 3\0";
/// Largest database, and largest log, that is kept for the other, in bytes. Real ones of a thousand packages are a fourth of it.
const KEPT_LIMIT: usize = 96 << 20;

/// A database of rpm's in the form of SQLite, and what was written to it last: images whose builder was in a hurry have it in a file of its own. Archives
/// have the files of a folder one after the other, so that no more is kept than those of one.
#[derive(Default)]
pub(super) struct LoggedDatabase {
    folder: EntryPath,
    database: Option<(u32, Vec<u8>)>,
    log: Option<(u32, Vec<u8>)>,
    /// Only one layer at a time keeps such files.
    turn: Option<Turn>,
}

/// What becomes of the notes: the number of the database's, that of its log, and what it lists with that.
pub(super) struct Joined {
    pub(super) database: u32,
    pub(super) log: u32,
    pub(super) note: Note,
}

impl LoggedDatabase {
    /// Sees that a file comes, before it is read. What lies in another folder is no longer waited for.
    pub(super) fn begin(&mut self, path: &EntryPath, kind: Option<FileKind>, budget: &Budget) {
        if self.turn.is_some() && path.parent().unwrap_or_default() != self.folder {
            *self = Self::default();
        }
        if self.turn.is_none() && matches!(kind, Some(FileKind::Rpm | FileKind::RpmLog)) {
            self.folder = path.parent().unwrap_or_default();
            self.turn = Some(budget.keep_databases());
        }
    }

    /// Sees a file that gets the note with this number. Returns what both list, once both are there.
    pub(super) fn see(&mut self, kind: FileKind, note: u32, contents: &[u8]) -> Option<Joined> {
        let is_log = match kind {
            FileKind::Rpm if contents.starts_with(SQLITE) => false,
            FileKind::RpmLog if !contents.is_empty() => true,
            _ => return None,
        };
        if contents.len() <= KEPT_LIMIT {
            *(if is_log { &mut self.log } else { &mut self.database }) = Some((note, contents.to_vec()));
        }
        // Each is read with the other once: a layer may have the same names again and again.
        let ((database, contents), (log, written)) = match (self.database.take(), self.log.take()) {
            (Some(database), Some(log)) => (database, log),
            (database, log) => {
                (self.database, self.log) = (database, log);
                return None;
            }
        };
        Some(Joined { database, log, note: rpm_database(&contents, Some(&written)) })
    }
}
