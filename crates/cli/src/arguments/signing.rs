use super::annotations::Pairs;
use super::{KeyArgument, REF};
use clap::{ArgAction, Args, ValueEnum};
use consign_image::ImageReference;
use consign_oci::Platform;
use std::convert::Infallible;
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(crate) struct Sign {
    #[arg(value_name = "REF", help = REF, required = true)]
    pub(crate) references: Vec<ImageReference>,
    #[command(flatten)]
    pub(crate) signing: SigningOptions,
    /// Says something more in the signature; may be given several times.
    #[arg(short = 'a', long = "annotations", value_name = "KEY=VALUE[,KEY=VALUE…]", value_parser = Pairs::read)]
    pub(crate) annotations: Vec<Pairs>,
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
    pub(crate) signing: SigningOptions,
}

/// How something is signed.
#[derive(Args, Debug)]
pub(crate) struct SigningOptions {
    /// The private key: a file, `env://NAME`, `k8s://NAMESPACE/SECRET` or `exec:PROGRAM ARGUMENT…`; if not given, the one that the configuration names.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) key: Option<KeyArgument>,
    #[command(flatten)]
    pub(crate) keyless: KeylessOptions,
    #[command(flatten)]
    pub(crate) habits: CosignOptions,
    /// The form: what cosign 3 reads (`bundle`), what podman and older policy engines read (`legacy`), or both.
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) signature_format: SignatureFormat,
    /// Takes away what the same attached before, once the new is there.
    #[arg(long)]
    pub(crate) replace: bool,
}

/// How something is signed without a key.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct KeylessOptions {
    /// A file with the identity token; if not given, and no key either, the CI is asked for one, or a person at a terminal.
    #[arg(long, value_name = "FILE", conflicts_with = "key", value_parser = TokenFile::read)]
    pub(crate) identity_token: Option<TokenFile>,
    /// Who gives certificates and timestamps and keeps logs: `signing_config.json`. What `trust init` chose if not given, else the public Sigstore.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(crate) signing_config: Option<PathBuf>,
    /// Whose logs, certificates and timestamps count: `trusted_root.json`. What `trust init` chose if not given, else the public Sigstore.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// Lets the public Sigstore be told of a person, or of a repository that is not known to be public: it shows that to everybody, for ever.
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
}

impl KeylessOptions {
    /// Returns whether they ask for a signature without a key, whatever a configuration says.
    pub(crate) fn names_services(&self) -> bool {
        self.identity_token.is_some() || self.signing_config.is_some() || self.trusted_root.is_some()
    }
}

/// Options of cosign's that are taken where they say what is done anyway.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct CosignOptions {
    /// Whether a log is told.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) tlog_upload: Option<bool>,
    #[command(flatten)]
    pub(crate) format: BundleOption,
}

/// Whether bundles are meant, which they are.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct BundleOption {
    /// Whether signatures are bundles.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) new_bundle_format: Option<bool>,
}

/// A file with an identity token.
#[derive(Clone, Debug)]
pub(crate) struct TokenFile(pub(crate) PathBuf);

impl TokenFile {
    // What is said of a wrong argument must not repeat a token.
    fn read(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.into()))
    }

    /// Returns whether it is the token itself, and no file.
    pub(crate) fn is_token(&self) -> bool {
        self.0.to_str().is_some_and(|text| text.starts_with("ey") && text.split('.').count() == 3)
    }
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

impl From<SignatureFormat> for consign_plan::configuration::SignatureFormat {
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
