use super::UnpackError;
use super::path::shown;
use consign_oci::layer::{self, NO_ID, member_path};

/// One member of a layer that may be unpacked.
pub(super) struct Member {
    /// Normalized path; empty for the root.
    pub(super) path: Vec<u8>,
    pub(super) kind: MemberKind,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    /// Length of the contents in bytes.
    pub(super) size: u64,
}

#[derive(PartialEq, Eq)]
pub(super) enum MemberKind {
    File,
    Directory,
    /// Target, as written.
    Symlink(Vec<u8>),
    /// Normalized path of the target.
    HardLink(Vec<u8>),
    /// A device or FIFO.
    Special,
}

impl Member {
    /// Checks a member of the layer with this number.
    pub(super) fn check(layer: usize, member: layer::Member) -> Result<Self, UnpackError> {
        let refused = |reason| UnpackError::Member { layer, path: shown(&member.path), reason };
        let id = |value: u64| {
            let id = u32::try_from(value).ok().filter(|id| *id != NO_ID);
            id.ok_or_else(|| refused("has an owner that is too large a number"))
        };
        let target = |link: &Vec<u8>| {
            let valid = !link.is_empty() && !link.contains(&0);
            if valid { Ok(link.clone()) } else { Err(refused("is a link without a target")) }
        };
        let kind = match &member.kind {
            layer::MemberKind::File => MemberKind::File,
            layer::MemberKind::Directory => MemberKind::Directory,
            layer::MemberKind::Symlink(link) => MemberKind::Symlink(target(link)?),
            layer::MemberKind::HardLink(link) => MemberKind::HardLink(
                member_path(&target(link)?).map_err(|_| refused("is a hard link that leads out of the image"))?,
            ),
            layer::MemberKind::Fifo | layer::MemberKind::Device(_) => MemberKind::Special,
            layer::MemberKind::SparseFile => return Err(refused("is a sparse file")),
            layer::MemberKind::Unknown => return Err(refused("is of a kind that layers do not have")),
        };
        Ok(Self {
            path: member_path(&member.path).map_err(|error| refused(error.reason))?,
            kind,
            mode: member.mode,
            uid: id(member.uid)?,
            gid: id(member.gid)?,
            mtime: i64::from(u32::try_from(member.mtime).unwrap_or(u32::MAX)),
            size: member.size,
        })
    }
}
