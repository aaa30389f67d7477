use serde::{Deserialize, Serialize};

/// A user and groups, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups. Left out where the sandbox knows a single id (see [`crate::Ids`]).
    pub groups: Vec<u32>,
}
