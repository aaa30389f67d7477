use super::KeyArgument;
use super::signing::SignatureFormat;
use clap::{Args, Subcommand, ValueEnum};
use consign_consumer::{Images, KyvernoKind};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Says whose signatures count in the words of others who admit images: as strictly as here, or not at all.
    #[command(subcommand)]
    Export(PolicyExport),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyExport {
    /// For Kyverno: an `ImageValidatingPolicy`, or a `ClusterPolicy`, as YAML.
    #[command(
        after_help = "Examples:\n  consign policy export kyverno | kubectl apply -f -\n  consign policy export kyverno --kind cluster-policy --key cosign.pub --image ghcr.io/team/app --signature-format both\n  consign policy export kyverno --image 'ghcr.io/team/**' --certificate-oidc-issuer https://token.actions.githubusercontent.com \\\n    --certificate-identity https://github.com/team/app/.github/workflows/release.yml@refs/heads/main"
    )]
    Kyverno(Box<ExportKyverno>),
    /// For Sigstore's policy controller: a `ClusterImagePolicy`, as YAML, with a `TrustRoot` for each trusted root.
    #[command(
        after_help = "Examples:\n  consign policy export policy-controller | kubectl apply -f -\n  consign policy export policy-controller --policy policy.yaml --image ghcr.io/team/app --outfile policy-controller.yaml"
    )]
    PolicyController(Box<ExportArguments>),
    /// For podman, skopeo, buildah and CRI-O: a `policy.json` (containers-policy.json(5)).
    #[command(
        after_help = "Example:\n  consign policy export containers-policy --outfile policy.json --registries-d registries.d/consign.yaml"
    )]
    ContainersPolicy(Box<ExportContainersPolicy>),
}

#[derive(Args, Debug)]
pub(crate) struct ExportKyverno {
    /// The kind of policy. Kyverno takes keys for bundles, and trusted roots, in the first alone, which it has from 1.17 on.
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub(crate) kind: KindName,
    #[command(flatten)]
    pub(crate) common: ExportArguments,
}

#[derive(Args, Debug)]
pub(crate) struct ExportContainersPolicy {
    /// Also writes what belongs into a file in `/etc/containers/registries.d`.
    #[arg(long, value_name = "FILE")]
    pub(crate) registries_d: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: ExportArguments,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindName {
    /// Kyverno 1.17 or newer.
    #[default]
    ImageValidatingPolicy,
    /// Kyverno 1.13 to 1.19.
    ClusterPolicy,
}

impl From<KindName> for KyvernoKind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::ImageValidatingPolicy => Self::ImageValidatingPolicy,
            KindName::ClusterPolicy => Self::ClusterPolicy,
        }
    }
}

/// What every policy says.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// The images: a repository, or `ghcr.io/team/**` for all below; may be given several times. If not given, the destinations of the configuration.
    #[arg(long = "image", value_name = "REPOSITORY")]
    pub(crate) images: Vec<Images>,
    /// In which form images are signed; as the configuration says if not given, else `bundle`.
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) signature_format: Option<SignatureFormat>,
    /// Also asks for a release record, which says that an image passed the gate: of those who sign bundles without a key.
    #[arg(long)]
    pub(crate) released: bool,
    /// The name of the policy, where it has one.
    #[arg(long, value_name = "NAME", default_value = "consign")]
    pub(crate) name: String,
    /// Writes it to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) outfile: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) signers: SignerNames,
}

/// Whose signatures count; if nobody is named, the configuration's own key, and those whom its policy names `for: signatures`.
#[derive(Args, Debug)]
#[command(next_help_heading = "Whose signatures count")]
pub(crate) struct SignerNames {
    /// Those whom this policy names `for: signatures`: a configuration, or a file with only its section `policy`. If nobody is named, that of the configuration, with its own key.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The holder of this public key: a file, `env://NAME`, or whose public half counts: `k8s://NAMESPACE/SECRET`, `exec:PROGRAM ARGUMENT…`; may be given several times.
    #[arg(long = "key", value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) keys: Vec<KeyArgument>,
    /// Whom a certificate is for, exactly: an address, or a workflow with its branch or tag; may be given several times.
    #[arg(long = "certificate-identity", value_name = "IDENTITY", requires = "certificate_oidc_issuer")]
    pub(crate) identities: Vec<String>,
    /// The same as a regular expression, which must match all of it; may be given several times.
    #[arg(long = "certificate-identity-regexp", value_name = "REGEX", requires = "certificate_oidc_issuer")]
    pub(crate) identity_patterns: Vec<String>,
    /// Who must vouch for these identities, exactly.
    #[arg(long, value_name = "URL")]
    pub(crate) certificate_oidc_issuer: Option<String>,
    /// Whose certificates, logs and timestamps count for them: a `trusted_root.json`. The public Sigstore if not given.
    #[arg(long, value_name = "FILE", requires = "certificate_oidc_issuer")]
    pub(crate) trusted_root: Option<PathBuf>,
}

impl SignerNames {
    /// Returns whether anybody is named.
    pub(crate) fn are_there(&self) -> bool {
        let Self { policy, keys, identities, identity_patterns, .. } = self;
        policy.is_some() || !keys.is_empty() || !identities.is_empty() || !identity_patterns.is_empty()
    }
}
