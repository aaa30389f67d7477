use super::Reason;

/// What weighs most among the reasons why a gate is closed, the heaviest first: each has an exit code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// A trial failed.
    Trial,
    /// The policy is not met.
    Policy,
    /// The policy is not met, and building the same sources again would change that: every reason is a package of which the distribution has
    /// a newer one.
    Outdated,
    /// All reasons are about the advisory database, none about the image.
    Database,
}

impl Closed {
    /// Weighs reasons.
    pub fn of(reasons: &[Reason]) -> Self {
        if reasons.iter().any(Reason::is_trial) {
            Self::Trial
        } else if reasons.iter().all(Reason::is_database) {
            Self::Database
        } else if reasons.iter().all(Reason::is_outdated) {
            Self::Outdated
        } else {
            Self::Policy
        }
    }
}
