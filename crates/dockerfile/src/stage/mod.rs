//! Which stages a build needs, and what they build on.

mod graph;
mod scope;

pub(crate) use graph::{needed, source};
pub use graph::{Base, Graph, GraphError, Needed};
pub use scope::{Given, ScopeError, global};
