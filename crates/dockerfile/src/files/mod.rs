//! What an image has at which path, without contents: enough to say what COPY does, whom USER means, and which files a later step needs.

mod accounts;
mod error;
mod listing;
mod node;
mod number;
mod tree;

pub(crate) use accounts::Accounts;
pub use error::FilesError;
pub(crate) use listing::{Listed, ListedKind, Listing, TEXT_LIMIT, is_text, open};
pub(crate) use node::{FileNode, Lies, Node, NodeKind};
pub(crate) use number::{names_nobody, why_unknown};
pub(crate) use tree::Tree;
