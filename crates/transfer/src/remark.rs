use crate::Format;
use crate::copier::{Copier, lock};
use consign_oci::{Digest, Platform};
use std::collections::BTreeSet;
use std::fmt;

/// Something that was done differently from what one might think.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// Of a list, one image was taken.
    OneOfList {
        /// The list.
        list: Digest,
        /// What the image is for.
        platform: Platform,
    },
    /// The image was written in another format.
    Converted {
        /// The format.
        format: Format,
        /// Its digest before.
        from: Digest,
        /// Its digest since.
        to: Digest,
    },
    /// The other format has no place for some of what was said.
    Lost {
        /// The format.
        format: Format,
        /// The keys under which it stood.
        keys: BTreeSet<String>,
    },
    /// A list had entries about others that are not what they were.
    Unlisted {
        /// How many.
        entries: usize,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converted { format, from, to } => write!(
                formatter,
                "in {format} the image has the digest {to} in place of {from}; signatures and all else about that one stay behind"
            ),
            Self::Lost { format, keys } => {
                let keys: Vec<String> =
                    keys.iter().map(|key| format!("`{:.100}`", key.escape_debug().to_string())).collect();
                write!(formatter, "{format} has no place for {}, which is left out", keys.join(", "))
            }
            Self::Unlisted { entries } => {
                write!(formatter, "{entries} entries of the list are about images as they were, and are left out")
            }
            Self::OneOfList { list, platform } => {
                write!(formatter, "of the list {list}, the image for {platform} is taken; signatures stay behind")
            }
        }
    }
}

impl Copier<'_> {
    /// Returns what there is to remark.
    pub fn remarks(&self) -> Vec<Remark> {
        lock(&self.remarks).iter().cloned().collect()
    }

    pub(crate) fn remark(&self, remark: Remark) {
        lock(&self.remarks).insert(remark);
    }
}
