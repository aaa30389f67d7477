use crate::files::{FilesError, why_unknown};
use consign_oci::layer::EntryPathError;
use consign_oci::layer::LayerError;

/// COPY or ADD that cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// There is no such source.
    #[error("`{source_path}` is not in {offered}{}", if *left_out { ": `.dockerignore` leaves it out" } else { "" })]
    NotFound {
        /// The source, as written.
        source_path: String,
        /// Where it would be.
        offered: String,
        /// Whether it is there, but left out.
        left_out: bool,
    },
    /// The path of something behind a link cannot be kept.
    #[error(
        "`{source_path}` lies behind the link `{link}`, and `--parents` keeps links as they are: name the folder that it leads to"
    )]
    BehindLink {
        /// The source, as written.
        source_path: String,
        /// The link.
        link: String,
    },
    /// A pattern cannot be read.
    #[error("`{pattern}` is no pattern")]
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// A path cannot be in an image.
    #[error(transparent)]
    Path(#[from] EntryPathError),
    /// What is there cannot be listed.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Several sources go to something that is no folder.
    #[error("several sources go to `{destination}`, which must be a folder: write `{destination}/`")]
    Several {
        /// The destination, as written.
        destination: String,
    },
    /// A folder would take the place of something else.
    #[error("the folder `{path}` cannot take the place of a file or link that is in the image there")]
    NotDirectory {
        /// Path in the image.
        path: String,
    },
    /// Something would take the place of a folder.
    #[error("`{path}` is a folder in the image, and nothing else can take its place")]
    Directory {
        /// Path in the image.
        path: String,
    },
    /// There is no such user or group.
    #[error("`--chown={owner}`: {}", why_unknown(owner))]
    Owner {
        /// What is written.
        owner: String,
    },
    /// A user or group is named where nothing is known of the image.
    #[error(
        "`--chown={owner}` needs numbers beside `--link`, which does not look at what lies below: names are those of the image"
    )]
    LinkOwner {
        /// What is written.
        owner: String,
    },
    /// An archive cannot be unpacked.
    #[error("the archive `{archive}` cannot be unpacked")]
    Archive {
        /// The archive.
        archive: String,
        /// What is wrong.
        source: LayerError,
    },
    /// An archive has too many members.
    #[error("the archive `{archive}` has more than {limit} members")]
    TooMuch {
        /// The archive.
        archive: String,
        /// The most that are unpacked.
        limit: usize,
    },
    /// An archive has a name that means that something is removed.
    #[error("`{path}`: a file whose name begins with `.wh.` cannot be in an image")]
    Whiteout {
        /// The path.
        path: String,
    },
    /// A hard link's target is not in the archive before it.
    #[error("`{path}` is a hard link to `{target}`, which is not in the archive before it")]
    LinkTarget {
        /// The link.
        path: String,
        /// Its target.
        target: String,
    },
    /// An archive has a file with holes.
    #[error("`{path}` is a sparse file, which is not unpacked")]
    Sparse {
        /// The file.
        path: String,
    },
    /// A name that is not UTF-8.
    #[error("`{archive}`: the name `{path}` is not UTF-8")]
    Name {
        /// The archive.
        archive: String,
        /// The name, as what it looks like.
        path: String,
    },
    /// Permissions that are none.
    #[error("`--chmod={mode}` is neither an octal number, such as 755, nor a change, such as u=rwX,go=rX")]
    Mode {
        /// What is written.
        mode: String,
    },
    /// Something of a kind that is not known, or with a name that is not UTF-8.
    #[error(
        "`{source_path}` is of a kind that is not known, or its name is not UTF-8: it is not copied; `--exclude` can leave it out"
    )]
    Special {
        /// The source.
        source_path: String,
    },
}
