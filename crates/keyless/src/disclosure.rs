use std::fmt;

/// Who may see a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Everybody in a company.
    Internal,
    /// Those who are let in.
    Private,
}

/// Whether the public may learn of a repository that it does not see. Certificates and log entries name the repository, the workflow and the commit,
/// and public services show them to everybody, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// It may not: public services are asked for public repositories only.
    #[default]
    Refused,
    /// It may.
    Allowed,
}

impl fmt::Display for Visibility {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Private => "private",
        })
    }
}
