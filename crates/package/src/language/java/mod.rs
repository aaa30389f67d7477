//! What archives of Java say of what they are made of: themselves, what was copied into them, and the archives within them, however deep.
//!
//! Only the directory of an archive is read, and the entries that answer. What is bounded, or damaged, is listed as a problem: it is not catalogued, and
//! never left out in silence.

mod catalogue;
mod file_name;
mod identity;
mod manifest;
mod properties;

pub use super::zip::{Catalogued, HELD, Problem, Reason};

/// Ends of the names of archives of Java's, and ends that files of other programs have as well.
const ENDS: [&str; 5] = ["jar", "war", "ear", "jpi", "hpi"];
const SHARED_ENDS: [&str; 6] = ["par", "sar", "nar", "kar", "rar", "lpkg"];

/// Returns whether a file is, or may be, an archive of Java's, by its name.
pub fn is_wanted(path: &str) -> bool {
    ends_in(path, &ENDS) || ends_in(path, &SHARED_ENDS)
}

/// Returns whether a file's name is one of archives of Java's alone.
fn is_of_java(path: &str) -> bool {
    ends_in(path, &ENDS)
}

fn ends_in(path: &str, ends: &[&str]) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let Some((stem, end)) = name.rsplit_once('.') else { return false };
    !stem.is_empty() && ends.iter().any(|known| end.eq_ignore_ascii_case(known))
}

/// Catalogues an archive of Java's. Its name says what it is where nothing in it does.
pub fn read(path: &str, contents: &[u8]) -> Catalogued {
    read_while(path, contents, &mut |_| true)
}

/// Catalogues an archive of Java's as long as `goes_on` says so, which is asked with each number of bytes that were decompressed.
pub fn read_while(path: &str, contents: &[u8], goes_on: &mut dyn FnMut(u64) -> bool) -> Catalogued {
    catalogue::Catalogue::of(path, contents, goes_on)
}
