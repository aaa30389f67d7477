use super::store::duration;
use super::{KeyArgument, Proof, REF};
use clap::{Args, ValueEnum};
use consign_image::ImageReference;
use consign_oci::{Platform, Reference};
use consign_registry::Client;
use consign_transfer::Options;
use std::num::NonZeroU64;
use std::time::Duration;

/// Least bytes in a second. Six uploads share them in pieces of 128 KiB: with fewer, registries would wait so long for the next piece that they end
/// the connection.
const LEAST: u64 = 100_000;

#[derive(Args, Debug)]
pub(crate) struct Copy {
    #[arg(value_name = "SRC", help = REF)]
    pub(crate) source: ImageReference,
    /// Where to: such a name again, but not `docker-archive:`. Docker and podman take the image for this machine, or that of `--platform`.
    #[arg(value_name = "DST")]
    pub(crate) destination: ImageReference,
    /// Only this platform; may be given several times. The list of platforms is written anew, and its digest is another: signatures of the list stay
    /// behind, those of the platforms do not.
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<Platform>,
    /// Writes manifests and lists in this format. Their digests are others then, and signatures stay behind; layers and configs stay as they are.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Every tag of SRC, which names a repository or a layout, as DST does.
    #[arg(long)]
    pub(crate) all_tags: bool,
    /// Leaves signatures, attestations and all else behind that is about the image.
    #[arg(long)]
    pub(crate) no_referrers: bool,
    #[command(flatten)]
    pub(crate) looking: Looking,
}

/// How manifests are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// OCI's image format
    Oci,
    /// Docker's: image manifest version 2, schema 2
    Docker,
}

impl From<Format> for consign_transfer::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Oci => Self::Oci,
            Format::Docker => Self::Docker,
        }
    }
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
    /// The private key for that; if not given, the one that the configuration names. A file, `env://NAME`, `k8s://NAMESPACE/SECRET` or
    /// `exec:PROGRAM ARGUMENT…`.
    #[arg(long, value_name = "KEY", requires = "statement", allow_hyphen_values = true)]
    pub(crate) sign_key: Option<KeyArgument>,
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
    /// Receives and sends no more bytes of blobs in a second than this, such as `500k` or `10M`, and at least `100k`: `k`, `M` and `G` are thousands,
    /// millions and so on.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) bandwidth: Option<NonZeroU64>,
}

impl Looking {
    /// Returns a client that keeps to the bandwidth.
    pub(crate) fn limited(&self, client: Client) -> Client {
        self.bandwidth.map_or(client.clone(), |bandwidth| client.limited(bandwidth))
    }

    /// Returns how images are copied.
    pub(crate) fn options(&self) -> Options {
        Options { always: self.always, dry_run: self.dry_run, believed_for: self.believe, ..Options::default() }
    }
}

/// Reads a number of bytes such as `10M`.
fn rate(text: &str) -> Result<NonZeroU64, String> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(end) => text.split_at(end),
        None => (text, ""),
    };
    let unit: u64 = match unit {
        "" | "B" => 1,
        "k" | "K" | "kB" | "KB" => 1_000,
        "KiB" => 1 << 10,
        "M" | "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "G" | "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => 0,
    };
    let rate = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|rate| *rate >= LEAST);
    rate.and_then(NonZeroU64::new)
        .ok_or_else(|| "expected a number of bytes such as `500k`, `10M` or `1GiB`, and at least `100k`: with fewer, uploads would break off".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_rates() {
        for (text, bytes) in
            [("100000", 100_000), ("500k", 500_000), ("10M", 10_000_000), ("2MiB", 2 << 20), ("1GB", 1_000_000_000)]
        {
            assert_eq!(rate(text).map(NonZeroU64::get), Ok(bytes), "{text}");
        }
        for text in
            ["", "M", "0", "99k", "-1M", "1.5M", "10m", "10 M", "10Mbit", "99999999999999999999", "99999999999999999G"]
        {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
