use super::service::{self, ServiceOption};
use clap::{Args, Subcommand};
use consign_keyless::Selection;
use std::path::PathBuf;

/// Options that name a repository, which says who runs the services.
const REPOSITORY: [&str; 2] = ["mirror", "root"];

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Chooses whom to trust and whom to ask from now on: what a TUF repository says, the public one if none is named. With services in its place, writes `trusted_root.json` and `signing_config.json` for a private deployment.
    #[command(
        after_help = "What the repository says is kept for this user, in `consign/trust.json` in XDG_DATA_HOME, else ~/.local/share; it counts wherever no file is named, until it expires. TUF_MIRROR and TUF_ROOT_JSON are heeded as by cosign. Options of services may be given several times, each as `KEY=VALUE,KEY=VALUE`.\n\nExamples:\n  consign trust init\n  consign trust init --mirror https://tuf.example.com --root root.json\n  consign trust init --out-dir sigstore \\\n    --fulcio url=https://fulcio.example.com,certificate-chain=fulcio.pem \\\n    --ctfe url=https://ctfe.example.com,public-key=ctfe.pub \\\n    --rekor url=https://rekor.example.com,public-key=rekor.pub,api-version=2 \\\n    --tsa url=https://tsa.example.com/api/v1/timestamp,certificate-chain=tsa.pem \\\n    --oidc-provider url=https://issuer.example.com"
    )]
    Init(Box<TrustInit>),
    /// Asks the repository that `trust init` chose, or the public one, what it says now, and tells what is new.
    #[command(after_help = "Examples:\n  consign trust update\n  consign trust update --out-dir sigstore")]
    Update(TrustUpdate),
    /// Lists whose logs, certificates and timestamps count, and when, and who is asked for them. Asks nothing of a network.
    #[command(
        after_help = "Examples:\n  consign trust show\n  consign trust show --trusted-root trusted_root.json --output json"
    )]
    Show(TrustShow),
}

#[derive(Args, Debug)]
pub(crate) struct TrustInit {
    /// The address of a TUF repository, or a folder with a copy of one: `file:///…`.
    #[arg(long, value_name = "URL")]
    pub(crate) mirror: Option<String>,
    /// The `root.json` that it is known by; the public one if not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) root: Option<PathBuf>,
    /// Writes `trusted_root.json` and `signing_config.json` into this folder; of a private deployment, into the one that is worked in if not given.
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) services: DeploymentOptions,
}

/// A private deployment.
#[derive(Args, Debug)]
#[command(next_help_heading = "The services of a private deployment")]
pub(crate) struct DeploymentOptions {
    /// Who gives certificates: `url=URL,certificate-chain=FILE`, and `start-time`, `end-time`, `api-version`, `operator`.
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = service::authority, conflicts_with_all = REPOSITORY)]
    pub(crate) fulcio: Vec<ServiceOption>,
    /// Who logs certificates: `url=URL,public-key=FILE`, and `start-time`, `end-time`.
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = service::certificate_log, conflicts_with_all = REPOSITORY)]
    pub(crate) ctfe: Vec<ServiceOption>,
    /// Who logs signatures: `url=URL,public-key=FILE`, and `api-version=2` for Rekor 2, then also `origin` (the host if not given), `start-time`, `end-time`, `operator`.
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = service::log, conflicts_with_all = REPOSITORY)]
    pub(crate) rekor: Vec<ServiceOption>,
    /// How many of those logs are told: `ANY` (one), `ALL` or `EXACT:COUNT`.
    #[arg(long, value_name = "WHICH", default_value_t, requires = "rekor")]
    pub(crate) rekor_config: Selection,
    /// Who gives timestamps: `url=URL,certificate-chain=FILE`, and `start-time`, `end-time`, `api-version`, `operator`.
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = service::authority, conflicts_with_all = REPOSITORY)]
    pub(crate) tsa: Vec<ServiceOption>,
    /// How many of those are asked.
    #[arg(long, value_name = "WHICH", default_value_t, requires = "tsa")]
    pub(crate) tsa_config: Selection,
    /// Who gives identity tokens to persons: `url=URL`, and `start-time`, `end-time`, `api-version`, `operator`.
    #[arg(long, value_name = "KEY=VALUE,…", value_parser = service::issuer, requires = "fulcio", conflicts_with_all = REPOSITORY)]
    pub(crate) oidc_provider: Vec<ServiceOption>,
}

#[derive(Args, Debug)]
pub(crate) struct TrustUpdate {
    /// Writes `trusted_root.json` and `signing_config.json` into this folder, too: they can be carried to where there is no network.
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct TrustShow {
    /// The file that says whom to trust; what `trust init` chose if not given, else the public Sigstore.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,
    /// The file that says whom to ask.
    #[arg(long, value_name = "FILE")]
    pub(crate) signing_config: Option<PathBuf>,
}
