use super::Rule;
use crate::syntax::Lines;

/// Something in a Dockerfile that could be better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule says so.
    pub rule: Rule,
    /// Where.
    pub lines: Lines,
    /// What.
    pub message: String,
}
