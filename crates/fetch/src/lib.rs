//! HTTP downloads and git checkouts, with a cache and bounds.
//!
//! A [`Fetcher`] knows two kinds of things: names whose bytes change ([`Fetcher::current`], asked for again with the `ETag` of
//! the cached answer) and bytes known by digest ([`Fetcher::exact`], which come from the cache without any request).
//! Addresses are `http:`, `https:` or `file:`. What is read from the cache is hashed again, so a damaged cache is only a slow one.
//!
//! ```text
//! CACHE/named/HEX          the last answer for an address, after one line of JSON about it; what a git commit has
//! CACHE/absent/HEX         nothing was at an address
//! CACHE/exact/sha256/HEX   bytes by digest
//! CACHE/partial/           files that are being written; nothing reads them
//! ```

mod address;
mod cache;
mod client;
mod download;
mod error;
mod fetcher;
mod git;
mod reason;
mod turns;
mod upkeep;

pub use address::{is_mirror_address, mirrored, without_secrets};
pub use error::{FetchError, RedirectError};
pub use fetcher::{Fetcher, Options};
pub use git::{Checkout, Content, GitAccess, GitAddress, GitAddressError, GitError, GitLogin};
pub use reason::{NO_ADDRESS, reason};
pub use upkeep::{Kept, prune};
