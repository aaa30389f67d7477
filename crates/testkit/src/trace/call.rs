use std::fmt;

/// What a system call does to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// It flushes: fsync, fdatasync, sync_file_range.
    Sync,
    /// It gives something another name: rename, renameat, renameat2.
    Rename,
    /// It gives something a further name: link, linkat.
    Link,
    /// It takes a name away: unlink, unlinkat.
    Unlink,
}

/// A system call that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What it does.
    pub kind: CallKind,
    /// To what, as far as could be told: the file that is flushed, the new name, the name that goes.
    pub path: String,
}

/// A system call of the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkCall {
    /// Its name, as in the manual: `connect`.
    pub name: &'static str,
    /// The family of the addresses, where a socket is made: `AF_INET`.
    pub family: Option<i32>,
}

/// On which side of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It is never made.
    Before,
    /// It is done, and the program never hears.
    After,
}

/// Where a program is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Where counting begins: at the first call about a path with this in it; `None`: at the first call. What runs on several threads before
    /// such a call makes no difference then.
    pub since: Option<&'static str>,
    /// The call's number, from 0.
    pub call: usize,
    /// On which side of it.
    pub moment: Moment,
}

impl fmt::Display for Point {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = if self.moment == Moment::Before { "before" } else { "after" };
        write!(formatter, "{moment} call {}", self.call)?;
        self.since.map_or(Ok(()), |since| write!(formatter, " since {since}"))
    }
}
