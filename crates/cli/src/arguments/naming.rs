use super::REF;
use clap::Args;
use consign_image::ImageReference;
use consign_oci::{RegistryPath, Tag};

#[derive(Args, Debug)]
pub(crate) struct Tags {
    /// A repository on a registry, or a layout: `oci:DIR`, `oci-archive:FILE`.
    #[arg(value_name = "REPOSITORY")]
    pub(crate) reference: ImageReference,
}

#[derive(Args, Debug)]
pub(crate) struct CatalogArguments {
    /// The registry: `HOST[:PORT]`. With `/PATH`, only what lies below.
    #[arg(value_name = "HOST")]
    pub(crate) at: RegistryPath,
}

#[derive(Args, Debug)]
pub(crate) struct TagArguments {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// The tag, in the same repository or layout. It moves where it names something else.
    #[arg(value_name = "TAG")]
    pub(crate) tag: Tag,
}

#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// An image on a registry. With a digest it goes, and with it every tag that names it; with a tag, that tag alone.
    #[arg(value_name = "REF")]
    pub(crate) reference: ImageReference,
    /// Deletes the blob that REF names as `REPOSITORY@DIGEST`, and not an image. Images that need it are broken then.
    #[arg(long)]
    pub(crate) blob: bool,
}
