//! The file that a database is: a header, a table of contents, and chunks of about 64 KiB, each compressed for itself.
//!
//! The table has the hash of every chunk, and behind it stands the hash of the header and the table, which is the digest of the database. So
//! opening it reads and hashes these alone, each chunk is checked as it is read, and nothing is used that was not. Chunks are read at their place in the file: a
//! memory map would need `unsafe`, and a file that is cut short below a map kills the process.

mod chunk;
mod contents;
mod encoding;
mod file;

pub(crate) use chunk::Packer;
pub(crate) use contents::{Contents, Section, SectionContents};
pub(crate) use encoding::{Decoder, Encoder, LIST_LIMIT, Malformed};
pub(crate) use file::{DatabaseFile, is_database};
