use super::REF;
use clap::Args;
use consign_image::ImageReference;
use consign_oci::Tag;

#[derive(Args, Debug)]
pub(crate) struct Rebase {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// Where to: such a name again, but not `docker-archive:`. Without it and `--tag`, REF's tag moves.
    #[arg(value_name = "DST", conflicts_with = "tag")]
    pub(crate) destination: Option<ImageReference>,
    /// The base that the image was built on; if not given, what its annotations name.
    #[arg(long, value_name = "REF")]
    pub(crate) old_base: Option<ImageReference>,
    /// The base that it is put onto; if not given, what the name in its annotations names now.
    #[arg(long, value_name = "REF")]
    pub(crate) new_base: Option<ImageReference>,
    /// Another tag for the result, in REF's repository or layout.
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Option<Tag>,
    /// Writes nothing: only finds out what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
}
