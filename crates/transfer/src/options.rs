use crate::backup::Backup;
use crate::{Format, MinimumAge};
use consign_oci::Platform;
use std::time::Duration;

/// How images are copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// These platforms alone; all where there are none.
    pub platforms: Vec<Platform>,
    /// The format that manifests and lists are to have; as they are if there is none.
    pub format: Option<Format>,
    /// Of a list, the image for this platform alone, without the list: for places that have none. Of a list of several, `platforms` names at most one.
    pub one_of_list: Option<Platform>,
    /// Whether signatures and other artifacts stay behind.
    pub without_referrers: bool,
    /// Whether everything is looked at again although the name names the image.
    pub always: bool,
    /// Whether it is only found out what would be done: nothing is written.
    pub dry_run: bool,
    /// For how long it is believed, without asking, that a name at the destination names what it was last seen to name.
    pub believed_for: Option<Duration>,
    /// How old an image must be before it is copied.
    pub minimum_age: Option<MinimumAge>,
    /// Under which name an image is kept whose name another takes.
    pub backup: Option<Backup>,
}
