//! Layers laid on each other (image-spec, layer.md, "Applying Changesets").

mod databases;
mod facts;
mod image;
mod logged;
mod node;
mod ownership;
mod rpm;
mod stated;
mod tree;
mod whiteout;

pub(crate) use image::Image;
pub(crate) use node::{Mark, Node, NoteKey};
use tree::Tree;
use whiteout::Whiteout;
