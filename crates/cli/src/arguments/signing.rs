use super::{KeyArgument, REF};
use clap::{ArgAction, Args, ValueEnum};
use consign_attach::Forms;
use consign_image::ImageReference;
use consign_oci::Platform;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Sign {
    #[arg(value_name = "REF", help = REF, required = true)]
    pub(crate) references: Vec<ImageReference>,
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// Says something more in the signature; may be given several times.
    #[arg(short = 'a', long = "annotations", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) annotations: Vec<(String, String)>,
    /// Signs every image that an index lists, too.
    #[arg(short = 'r', long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = ArgAction::Set)]
    pub(crate) recursive: bool,
    /// The repository that the older form names, in place of the image's own.
    #[arg(long = "sign-container-identity", value_name = "NAME")]
    pub(crate) identity: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Attest {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// What the document is: slsaprovenance1, slsaprovenance02, spdxjson, cyclonedx, vuln, openvex, test-result, link, custom, or a URI.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) predicate_type: String,
    /// The document, as JSON; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) predicate: PathBuf,
    /// About the image of this platform, and not about the index; may be given several times.
    #[arg(long = "platform", value_name = "OS/ARCH[/VARIANT]")]
    pub(crate) platforms: Vec<Platform>,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

/// How something is signed.
#[derive(Args, Debug)]
pub(crate) struct Signing {
    /// The private key: a file, `env://NAME`, `k8s://NAMESPACE/SECRET` or `exec:PROGRAM ARGUMENT…`; if not given, the one that the configuration names.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: Option<KeyArgument>,
    /// The form: what cosign 3 reads (`bundle`), what podman and older policy engines read (`legacy`), or both.
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) signature_format: SignatureFormat,
    /// Takes away what the same key attached before, once the new is there.
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignatureFormat {
    /// Sigstore bundles that refer to the image.
    #[default]
    Bundle,
    /// Layers under tags that are made of the image's digest.
    Legacy,
    /// Both.
    Both,
}

impl From<SignatureFormat> for Forms {
    fn from(format: SignatureFormat) -> Self {
        match format {
            SignatureFormat::Bundle => Self::Bundle,
            SignatureFormat::Legacy => Self::Legacy,
            SignatureFormat::Both => Self::Both,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Clean {
    #[arg(value_name = "REF", help = REF)]
    pub(crate) reference: ImageReference,
    /// What to take away.
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t = CleanType::All)]
    pub(crate) kind: CleanType,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CleanType {
    /// Signatures.
    Signature,
    /// Attestations.
    Attestation,
    /// SBOMs, signed or not.
    Sbom,
    /// All that is attached.
    All,
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
