//! What must hold of any bytes. The targets in `fuzz/` and the tests beside this folder share it.

pub(crate) mod databases;
pub(crate) mod debian;
pub(crate) mod languages;
pub(crate) mod names;
