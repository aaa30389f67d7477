use crate::copier::{Copier, lock};
use consign_oci::{Digest, Platform};
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
}

impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOfList { list, platform } => {
                write!(
                    formatter,
                    "of the list {list}, the image for {platform} is taken; signatures of the list are about the list"
                )
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
