use super::REF;
use clap::Args;
use consign_image::ImageReference;
use consign_oci::Platform;

#[derive(Args, Debug)]
pub(crate) struct Copy {
    #[arg(value_name = "SRC", help = REF)]
    pub(crate) source: ImageReference,
    /// Where to: such a name again, but not `docker-archive:`.
    #[arg(value_name = "DST")]
    pub(crate) destination: ImageReference,
    /// Only this platform; may be given several times. The list of platforms is written anew, and its digest is another: signatures of the list stay
    /// behind, those of the platforms do not.
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<Platform>,
    /// Every tag of SRC, which names a repository or a layout, as DST does.
    #[arg(long)]
    pub(crate) all_tags: bool,
    /// Leaves signatures, attestations and all else behind that is about the image.
    #[arg(long)]
    pub(crate) no_referrers: bool,
}
