use std::collections::BTreeMap;
use std::time::Duration;

/// A command to run in an image, and what to expect of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Names it in reports.
    pub name: String,
    /// The program and its arguments. A program without a slash is looked up in the image's `PATH`.
    pub command: Vec<String>,
    /// Who runs it, as `user[:group]`, by name or number; else the image's user.
    pub user: Option<String>,
    /// Variables that are set besides the image's, or instead of them.
    pub environment: BTreeMap<String, String>,
    /// How long it may take.
    pub timeout: Duration,
    /// The exit code that it has to end with.
    pub expect_exit: i32,
    /// A text that standard output and standard error together have to contain.
    pub expect_output: Option<String>,
}
