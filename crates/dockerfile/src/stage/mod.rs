//! Which stages a build needs, and what they build on.

mod graph;
mod scope;

pub use graph::{Base, Graph, GraphError, Needed};
pub(crate) use graph::{needed, place_of, source};
pub use scope::{EPOCH, Given, ScopeError, global, is_predefined};
