use std::fmt;

/// What files are read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An OCI layout (image-spec, image-layout.md).
    Layout,
    /// An archive as `docker save` writes it.
    Docker,
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Layout => "an OCI layout",
            Self::Docker => "an archive of `docker save`",
        })
    }
}
