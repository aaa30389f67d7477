//! rpm: the database of installed packages, in each of the forms that it has had.
//!
//! [`read`] tells by the content which form it is, finds the entries in it, and reads each as a header of rpm's.

mod berkeley;
mod bytes;
mod error;
mod files;
mod header;
mod ndb;
mod package;
mod sqlite;

pub use error::{HeaderError, RpmError};
pub use files::RpmFiles;
pub use package::{RpmPackage, RpmSource};

use header::Header;

/// Most packages that are read. No distribution has as many in all.
const PACKAGE_LIMIT: usize = 100_000;
/// Largest entry, in bytes.
const ENTRY_LIMIT: usize = 64 << 20;

/// Called with each entry of a database.
type Visit<'a> = dyn FnMut(&[u8]) -> Result<(), RpmError> + 'a;

/// Reads a database, as [`each`] does, and returns its packages.
pub fn read(database: &[u8], log: Option<&[u8]>) -> Result<Vec<RpmPackage>, RpmError> {
    let mut packages = Vec::new();
    each(database, log, &mut |package| packages.push(package))?;
    Ok(packages)
}

/// Reads a database: `rpmdb.sqlite`, `Packages.db` or `Packages`, whatever it is called, one package after the other. `log` is the file
/// `rpmdb.sqlite-wal` beside it: what was written last, and is not in the database yet. Public keys are no packages.
pub fn each(database: &[u8], log: Option<&[u8]>, take: &mut dyn FnMut(RpmPackage)) -> Result<(), RpmError> {
    let mut count = 0;
    let mut visit = |entry: &[u8]| {
        count += 1;
        if count > PACKAGE_LIMIT {
            return Err(RpmError::Packages { limit: PACKAGE_LIMIT });
        }
        let package = Header::read(entry).and_then(|header| RpmPackage::of(&header));
        package.map_err(|source| RpmError::Header { number: count, source })?.into_iter().for_each(&mut *take);
        Ok(())
    };
    if sqlite::is_sqlite(database) {
        sqlite::entries(database, log, &mut visit)
    } else if ndb::is_ndb(database) {
        ndb::entries(database, &mut visit)
    } else if berkeley::is_berkeley(database) {
        berkeley::entries(database, &mut visit)
    } else {
        Err(RpmError::Unknown)
    }
}
