//! The messages of BuildKit's protocols, as far as they are used. Each says which file and message of the originals it mirrors.

pub(crate) mod control;
pub(crate) mod files;
pub(crate) mod services;
pub(crate) mod status;
