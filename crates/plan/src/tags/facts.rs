/// What git says about the source, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// The commit that is checked out, in hexadecimal digits.
    pub head: String,
    /// The branch, if one is checked out or the CI names one.
    pub branch: Option<String>,
    /// Tags at this commit.
    pub tags_at_head: Vec<String>,
    /// All tags of the repository.
    pub all_tags: Vec<String>,
    /// Whether tracked files differ from the commit.
    pub dirty: bool,
    /// Whether the clone is shallow, so that tags may be missing.
    pub shallow: bool,
}
