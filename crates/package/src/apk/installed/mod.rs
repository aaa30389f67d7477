//! Databases of installed packages: `lib/apk/db/installed`, or below `usr` in newer images (apk-package(5), `apk_db_fdb_read`).

mod error;
mod package;
mod reader;

pub use error::{InstalledError, Problem};
pub use package::{ApkFolder, ApkPackage};

use reader::Reader;

/// Most packages that are read. No distribution has as many in all.
const PACKAGE_LIMIT: usize = 100_000;
/// Most folders, files and names of other packages, of all packages together. A few letters of the database make one.
const ITEM_LIMIT: usize = 2_000_000;
/// Longest line, in bytes. The longest of real ones list what a package provides.
const LINE_LIMIT: usize = 1 << 20;

/// Reads a database. Each line is a letter, a colon and a value; an empty line ends a package. Letters that are not known are passed over,
/// as apk does with those that it may ignore. Texts that are no UTF-8 are read as well as can be.
pub fn parse(database: &[u8]) -> Result<Vec<ApkPackage>, InstalledError> {
    let mut reader = Reader::default();
    for (line, number) in database.split(|byte| *byte == b'\n').zip(1..) {
        reader.line(line).map_err(|problem| InstalledError { line: number, problem })?;
    }
    // The last package may lack its empty line.
    reader.finish().map_err(|problem| InstalledError { line: reader.first_line(), problem })?;
    Ok(reader.packages)
}
