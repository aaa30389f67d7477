use super::{BundleOption, KeyArgument};
use clap::{ArgAction, Args};
use consign_trust::ClaimCondition;
use std::path::PathBuf;

/// Whose signature is asked for.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Whose signature it must be")]
pub(crate) struct SignerOptions {
    /// The public key that it must be signed with: a file, `env://NAME`, or whose public half counts: `k8s://NAMESPACE/SECRET`, `exec:PROGRAM ARGUMENT…`.
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, conflicts_with_all = ["certificate_identity", "certificate_identity_regexp", "certificate_oidc_issuer", "certificate_oidc_issuer_regexp", "certificate_claims"])]
    pub(crate) key: Option<KeyArgument>,
    /// Whom the certificate must be for, exactly: an address, or a workflow with its branch or tag.
    #[arg(long, value_name = "IDENTITY", conflicts_with = "certificate_identity_regexp")]
    pub(crate) certificate_identity: Option<String>,
    /// The same as a regular expression, which must match all of it.
    #[arg(long, value_name = "REGEX")]
    pub(crate) certificate_identity_regexp: Option<String>,
    /// Who must vouch for the identity, exactly, such as `https://token.actions.githubusercontent.com`.
    #[arg(long, value_name = "URL", conflicts_with = "certificate_oidc_issuer_regexp")]
    pub(crate) certificate_oidc_issuer: Option<String>,
    /// The same as a regular expression, which must match all of it.
    #[arg(long, value_name = "REGEX")]
    pub(crate) certificate_oidc_issuer_regexp: Option<String>,
    /// What else the certificate must say, such as `source-repository-ref=refs/heads/main`; may be given several times. `~` in place of `=`: a regular expression.
    #[arg(long = "certificate-claim", value_name = "NAME=VALUE", value_parser = ClaimCondition::parse)]
    pub(crate) certificate_claims: Vec<ClaimCondition>,
    #[command(flatten)]
    pub(crate) github: GithubClaims,
    /// Whose logs, certificates and timestamps count: `trusted_root.json`, or several one after the other. What `trust init` chose if not given, else the public Sigstore.
    #[arg(long, value_name = "FILE")]
    pub(crate) trusted_root: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: BundleOption,
    /// Asks for no entry in a transparency log.
    #[arg(long, value_name = "BOOLEAN", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, hide_possible_values = true)]
    pub(crate) insecure_ignore_tlog: bool,
    /// Asks for no proof that a log of certificates has the certificate.
    #[arg(long, value_name = "BOOLEAN", action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value_t = false, hide_default_value = true, hide_possible_values = true)]
    pub(crate) insecure_ignore_sct: bool,
}

impl SignerOptions {
    /// Returns whether any of them is given.
    pub(crate) fn says_something(&self) -> bool {
        let Self {
            key,
            certificate_identity,
            certificate_identity_regexp,
            certificate_oidc_issuer,
            certificate_oidc_issuer_regexp,
            certificate_claims,
            github,
            trusted_root,
            insecure_ignore_tlog,
            insecure_ignore_sct,
            // It says nothing of a signer.
            format: _,
        } = self;
        let GithubClaims { trigger, sha, name, repository, git_reference } = github;
        let texts = [
            certificate_identity,
            certificate_identity_regexp,
            certificate_oidc_issuer,
            certificate_oidc_issuer_regexp,
            trigger,
            sha,
            name,
            repository,
            git_reference,
        ];
        let is_named = key.is_some() || trusted_root.is_some() || texts.iter().any(|text| text.is_some());
        is_named || !certificate_claims.is_empty() || *insecure_ignore_tlog || *insecure_ignore_sct
    }
}

/// Claims that have options of their own, as cosign has them.
#[derive(Args, Clone, Debug)]
pub(crate) struct GithubClaims {
    /// What must have triggered the workflow of GitHub, such as `push`.
    #[arg(long = "certificate-github-workflow-trigger", value_name = "EVENT", conflicts_with = "key")]
    pub(crate) trigger: Option<String>,
    /// The commit that it must have run for.
    #[arg(long = "certificate-github-workflow-sha", value_name = "COMMIT", conflicts_with = "key")]
    pub(crate) sha: Option<String>,
    /// The name that it must have.
    #[arg(long = "certificate-github-workflow-name", value_name = "NAME", conflicts_with = "key")]
    pub(crate) name: Option<String>,
    /// The repository that it must be of: `owner/name`.
    #[arg(long = "certificate-github-workflow-repository", value_name = "REPOSITORY", conflicts_with = "key")]
    pub(crate) repository: Option<String>,
    /// The branch or tag that it must have run for, such as `refs/heads/main`.
    #[arg(long = "certificate-github-workflow-ref", value_name = "REF", conflicts_with = "key")]
    pub(crate) git_reference: Option<String>,
}
