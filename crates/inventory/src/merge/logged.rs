//! Databases of rpm's with what was written to them last, which counts only beside that very database.

use super::{Image, Node, NoteKey};
use crate::layer::Note;
use consign_oci::layer::EntryPath;

const DATABASE: &str = "rpmdb.sqlite";
/// What the name of the log has behind that of its database.
const LOG_END: &str = "-wal";

/// Returns the note of what a database lists with its log, if that lies beside it, else its own.
pub(super) fn with_log(image: &Image, place: &EntryPath, key: NoteKey) -> NoteKey {
    if place.name() != DATABASE {
        return key;
    }
    match noted(image, &format!("{place}{LOG_END}")) {
        Some((log, Note::Log(Some((database, both))))) if (log.layer, *database) == (key.layer, key.note) => {
            NoteKey { note: *both, ..key }
        }
        _ => key,
    }
}

/// Returns whether the log at this path is read with the database beside it.
pub(super) fn is_read(image: &Image, path: &str, key: NoteKey) -> bool {
    let Note::Log(Some((database, _))) = image.note(key) else { return false };
    let beside = path.strip_suffix(LOG_END).and_then(|path| noted(image, path));
    beside.is_some_and(|(beside, _)| (beside.layer, beside.note) == (key.layer, *database))
}

fn noted<'a>(image: &'a Image, path: &str) -> Option<(NoteKey, &'a Note)> {
    match image.tree.get(&path.parse().ok()?) {
        Some(Node::Noted(key)) => Some((*key, image.note(*key))),
        _ => None,
    }
}
