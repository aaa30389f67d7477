use sigstore_verify::crypto::CertificateInfo;
use std::fmt;
use std::str::FromStr;

macro_rules! claims {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $number:literal $name:literal $($field:ident).+;)+) => {
        /// What a certificate of Fulcio says about the job that signed (fulcio, `docs/oid-info.md`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Claim {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Claim {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Returns its name, such as `source-repository-uri`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns the last number of its object identifier, which begins with `1.3.6.1.4.1.57264.1`.
            pub fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)+
                }
            }

            pub(crate) fn of(self, certificate: &CertificateInfo) -> Option<&str> {
                match self {
                    $(Self::$variant => certificate.$($field).+.as_deref(),)+
                }
            }
        }
    };
}

claims! {
    /// What triggered the workflow, such as `push`. Superseded by [`Claim::BuildTrigger`].
    GithubWorkflowTrigger = 2 "github-workflow-trigger" ci_claims.deprecated_github.workflow_trigger;
    /// The commit. Superseded by [`Claim::SourceRepositoryDigest`].
    GithubWorkflowSha = 3 "github-workflow-sha" ci_claims.deprecated_github.workflow_sha;
    /// The name of the workflow.
    GithubWorkflowName = 4 "github-workflow-name" ci_claims.deprecated_github.workflow_name;
    /// The repository as `owner/name`. Superseded by [`Claim::SourceRepositoryUri`].
    GithubWorkflowRepository = 5 "github-workflow-repository" ci_claims.deprecated_github.workflow_repository;
    /// The branch or tag, such as `refs/heads/main`. Superseded by [`Claim::SourceRepositoryRef`].
    GithubWorkflowRef = 6 "github-workflow-ref" ci_claims.deprecated_github.workflow_ref;
    /// Who vouches for the identity: the issuer of its token.
    Issuer = 8 "issuer" issuer;
    /// The workflow or job that asked for the certificate, with its branch or tag.
    BuildSignerUri = 9 "build-signer-uri" ci_claims.build_signer_uri;
    /// The commit of that workflow.
    BuildSignerDigest = 10 "build-signer-digest" ci_claims.build_signer_digest;
    /// Where it ran: `github-hosted` or `self-hosted`.
    RunnerEnvironment = 11 "runner-environment" ci_claims.runner_environment;
    /// The repository that was built.
    SourceRepositoryUri = 12 "source-repository-uri" ci_claims.source_repository_uri;
    /// The commit that was built.
    SourceRepositoryDigest = 13 "source-repository-digest" ci_claims.source_repository_digest;
    /// The branch or tag that was built.
    SourceRepositoryRef = 14 "source-repository-ref" ci_claims.source_repository_ref;
    /// The number of the repository, which stays when it is renamed.
    SourceRepositoryIdentifier = 15 "source-repository-identifier" ci_claims.source_repository_identifier;
    /// The owner of the repository.
    SourceRepositoryOwnerUri = 16 "source-repository-owner-uri" ci_claims.source_repository_owner_uri;
    /// The number of the owner.
    SourceRepositoryOwnerIdentifier = 17 "source-repository-owner-identifier" ci_claims.source_repository_owner_identifier;
    /// The file that says how it was built, with its branch or tag.
    BuildConfigUri = 18 "build-config-uri" ci_claims.build_config_uri;
    /// The commit of that file.
    BuildConfigDigest = 19 "build-config-digest" ci_claims.build_config_digest;
    /// What triggered the build, such as `push`.
    BuildTrigger = 20 "build-trigger" ci_claims.build_trigger;
    /// The run.
    RunInvocationUri = 21 "run-invocation-uri" ci_claims.run_invocation_uri;
    /// Who could see the repository: `public`, `internal` or `private`.
    SourceRepositoryVisibility = 22 "source-repository-visibility-at-signing" ci_claims.source_repository_visibility_at_signing;
    /// The environment that it was deployed to, with that environment's protection.
    DeploymentEnvironment = 23 "deployment-environment" ci_claims.deployment_environment;
    /// The subject of the token as it was.
    TokenSubject = 24 "token-subject" ci_claims.token_subject;
}

/// A name that no claim has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no claim `{}`: expected one of {}", crate::shown::shown(name), Claim::ALL.iter().map(|claim| claim.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownClaim {
    /// What was said.
    pub name: String,
}

impl FromStr for Claim {
    type Err = UnknownClaim;

    /// Reads a name, or an object identifier, such as `1.3.6.1.4.1.57264.1.12`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_it = |claim: &&Self| {
            claim.name() == text
                || text.strip_prefix("1.3.6.1.4.1.57264.1.").is_some_and(|number| claim.number().to_string() == number)
        };
        Self::ALL.iter().find(is_it).copied().ok_or_else(|| UnknownClaim { name: text.to_owned() })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_read_as_they_are_written() {
        for claim in Claim::ALL {
            assert_eq!(claim.name().parse(), Ok(*claim));
            assert_eq!(format!("1.3.6.1.4.1.57264.1.{}", claim.number()).parse(), Ok(*claim));
        }
        for name in ["", "Issuer", "1.3.6.1.4.1.57264.1.7", "1.3.6.1.4.1.57264.1.012", "1.3.6.1.4.1.57264.1.1"] {
            assert!(name.parse::<Claim>().is_err(), "{name}");
        }
    }
}
