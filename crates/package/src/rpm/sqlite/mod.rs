//! `rpmdb.sqlite`: the table `Packages` of an SQLite database (<https://www.sqlite.org/fileformat2.html>), and what its log has for it.

mod log;
mod pages;
mod record;
mod tree;

use super::bytes::big32;
use super::{RpmError, Visit};
use pages::Pages;
use record::Value;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Page on which the tables are listed.
const SCHEMA: u32 = 1;
/// Where the encoding of texts stands: 1 is UTF-8. It is 0 while there is no table.
const ENCODING: usize = 56;

/// Returns whether this is such a database.
pub(super) fn is_sqlite(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Finds the entries.
pub(super) fn entries(database: &[u8], log: Option<&[u8]>, visit: &mut Visit<'_>) -> Result<(), RpmError> {
    let pages = Pages::new(database, log)?;
    if big32(pages.get(SCHEMA)?, ENCODING).is_some_and(|encoding| encoding > 1) {
        return Err(RpmError::Unsupported { what: "an SQLite database in UTF-16" });
    }
    let mut root = None;
    tree::rows(&pages, SCHEMA, &mut |row| {
        let columns = record::columns(row).ok_or_else(|| damaged(0, "the list of tables cannot be read"))?;
        if let [Value::Text(b"table"), Value::Text(b"Packages"), _, Value::Integer(page), ..] = columns[..] {
            root = u32::try_from(page).ok();
        }
        Ok(())
    })?;
    let root = root.ok_or(RpmError::Unsupported { what: "an SQLite database without a table `Packages`" })?;
    tree::rows(&pages, root, &mut |row| {
        let columns = record::columns(row).ok_or_else(|| damaged(0, "a row of the table `Packages` cannot be read"))?;
        let entry = columns.iter().find_map(|value| if let Value::Bytes(bytes) = value { Some(*bytes) } else { None });
        visit(entry.ok_or_else(|| damaged(0, "a row of the table `Packages` has no header of a package"))?)
    })
}

fn damaged(offset: usize, reason: &'static str) -> RpmError {
    RpmError::damaged("SQLite", offset, reason)
}
