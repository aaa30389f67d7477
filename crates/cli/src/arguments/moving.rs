use super::store::duration;
use super::{Proof, REF};
use clap::Args;
use consign_image::ImageReference;
use consign_oci::{Platform, Reference};
use consign_transfer::Options;
use std::time::Duration;

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
    #[command(flatten)]
    pub(crate) looking: Looking,
}

#[derive(Args, Debug)]
pub(crate) struct Synchronize {
    #[command(flatten)]
    pub(crate) looking: Looking,
}

#[derive(Args, Debug)]
pub(crate) struct Promote {
    #[arg(value_name = "SRC", help = REF)]
    pub(crate) source: ImageReference,
    /// Where to: `[docker://]registry/repository[:tag]`. Without a tag, SRC's.
    #[arg(value_name = "DST")]
    pub(crate) destination: Reference,
    #[command(flatten)]
    pub(crate) proof: Proof,
    /// Also signs a statement of what was copied from where, and attaches it to the image at DST before the tag moves.
    #[arg(long)]
    pub(crate) statement: bool,
    /// The private key for that; if not given, the one that the configuration names.
    #[arg(long, value_name = "FILE", requires = "statement")]
    pub(crate) sign_key: Option<String>,
    #[command(flatten)]
    pub(crate) looking: Looking,
}

#[derive(Args, Debug)]
pub(crate) struct Looking {
    /// Looks at everything again where names stand for the same image already: signatures may have come since.
    #[arg(long)]
    pub(crate) always: bool,
    /// Writes nothing: only finds out what would be copied, and how many bytes.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Believes, without asking, that tags at the destination name what they were seen to name within this time, such as `10m`: one request for a
    /// tag that has not moved, in place of two. What others did there meanwhile is not noticed.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) believe: Option<Duration>,
}

impl Looking {
    /// Returns how images are copied.
    pub(crate) fn options(&self) -> Options {
        Options { always: self.always, dry_run: self.dry_run, believed_for: self.believe, ..Options::default() }
    }
}
