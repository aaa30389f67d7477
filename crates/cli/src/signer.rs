//! Whose signature is asked for, from what the command line says.

use crate::arguments::SignerOptions;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::kept_trust;
use crate::proof;
use crate::reading::read_bytes;
use crate::session::Session;
use consign_trust::{
    Artifact, Authority, Bundle, Certified, Claim, ClaimCondition, Conditions, Keyed, Keyless, Log, Matcher,
    MatcherError, Rules, TrustError, TrustedRoot, Vouched,
};
use jiff::Timestamp;
use std::path::Path;

/// Largest file of trusted roots, in bytes.
const ROOT_LIMIT: u64 = 4 << 20;

/// Whose signature is asked for.
pub(crate) enum Signer {
    /// That of a key.
    Key(Box<Keyed>),
    /// That of somebody with a certificate.
    Keyless(Box<Keyless>),
}

/// Whose signature it was.
pub(crate) enum Signed {
    /// The key's.
    Key(Vouched),
    /// That of somebody with a certificate.
    Keyless(Box<Certified>),
}

impl Signer {
    /// Returns whose signature a bundle is, if it is that of whom is asked for.
    pub(crate) fn verify(&self, bundle: &Bundle, artifact: Artifact<'_>) -> Result<Signed, TrustError> {
        match self {
            Self::Key(keyed) => keyed.verify(bundle, artifact).map(Signed::Key),
            Self::Keyless(keyless) => keyless.verify(bundle, artifact).map(|it| Signed::Keyless(Box::new(it))),
        }
    }
}

impl From<Signer> for Authority {
    fn from(signer: Signer) -> Self {
        match signer {
            // Whoever trusts a key needs nobody else to vouch for it.
            Signer::Key(keyed) => Self::Key(keyed.key),
            Signer::Keyless(keyless) => Self::Keyless(keyless),
        }
    }
}

impl SignerOptions {
    /// Reads the key, or the conditions, and who counts. A bundle that a key signed needs no log.
    pub(crate) fn signer(&self, session: &Session) -> Result<Signer, CommandError> {
        self.format.check()?;
        let root = match trusted_root(self.trusted_root.as_deref(), session) {
            // Whoever trusts a key asks nobody else; entries of logs that cannot be checked are refused where there are some.
            Err(error) if self.key.is_some() && self.trusted_root.is_none() => {
                session
                    .printer
                    .note(&format!("note: of logs, those of the public Sigstore count alone: {}", error.why()));
                TrustedRoot::public_good()?
            }
            root => root?,
        };
        self.signer_by(root, Log::IfPresent, session)
    }

    /// Returns whose statements count. A key needs nobody else.
    pub(crate) fn authority(&self, session: &Session) -> Result<Authority, CommandError> {
        self.format.check()?;
        match &self.key {
            Some(key) => Ok(Authority::Key(proof::named_key(key, session)?)),
            None => Ok(self.signer(session)?.into()),
        }
    }

    /// Makes the same of a root that is read already. `log` is what is asked of those with keys.
    pub(crate) fn signer_by(&self, root: TrustedRoot, log: Log, session: &Session) -> Result<Signer, CommandError> {
        if let Some(key) = &self.key {
            let log = if self.insecure_ignore_tlog { Log::Ignored } else { log };
            return Ok(Signer::Key(Box::new(Keyed { key: proof::named_key(key, session)?, root, log })));
        }
        let log = if self.insecure_ignore_tlog { Log::Ignored } else { Log::Required };
        let rules = Rules { log, certificate_log: !self.insecure_ignore_sct };
        Ok(Signer::Keyless(Box::new(Keyless { root, conditions: self.conditions()?, rules })))
    }

    fn conditions(&self) -> Result<Conditions, CommandError> {
        let subject = matcher(
            "--certificate-identity",
            self.certificate_identity.as_deref(),
            self.certificate_identity_regexp.as_deref(),
        )?;
        let issuer = matcher(
            "--certificate-oidc-issuer",
            self.certificate_oidc_issuer.as_deref(),
            self.certificate_oidc_issuer_regexp.as_deref(),
        )?;
        let missing = |what: &str| {
            CommandError::new(ExitCode::Usage, format!("nobody says whose signature is asked for: {what} is missing"))
                .hint("`--key FILE` asks for that of a key; `--certificate-identity` and `--certificate-oidc-issuer`, both, for that of a person or a workflow")
        };
        let (subject, issuer) = match (subject, issuer) {
            (Some(subject), Some(issuer)) => (subject, issuer),
            (None, None) => return Err(missing("`--key` or `--certificate-identity`")),
            (None, _) => return Err(missing("`--certificate-identity`")),
            (_, None) => return Err(missing("`--certificate-oidc-issuer`")),
        };
        let mut conditions = Conditions::new(issuer, subject);
        for (claim, value) in self.github.given() {
            let matcher = matcher(&format!("--certificate-{claim}"), Some(value), None)?;
            conditions = matcher.into_iter().fold(conditions, |all, value| all.with(ClaimCondition { claim, value }));
        }
        Ok(self.certificate_claims.iter().cloned().fold(conditions, Conditions::with))
    }
}

impl crate::arguments::GithubClaims {
    fn given(&self) -> impl Iterator<Item = (Claim, &str)> {
        let all = [
            (Claim::GithubWorkflowTrigger, &self.trigger),
            (Claim::GithubWorkflowSha, &self.sha),
            (Claim::GithubWorkflowName, &self.name),
            (Claim::GithubWorkflowRepository, &self.repository),
            (Claim::GithubWorkflowRef, &self.git_reference),
        ];
        all.into_iter().filter_map(|(claim, value)| value.as_deref().map(|value| (claim, value)))
    }
}

/// Reads what a value must be, from the option of this name, or the one beside it for a regular expression.
pub(crate) fn matcher(
    option: &str,
    exact: Option<&str>,
    pattern: Option<&str>,
) -> Result<Option<Matcher>, CommandError> {
    let failed = |option: &str, error: MatcherError| {
        CommandError::new(ExitCode::Usage, format!("`{option}` cannot be used")).cause(error)
    };
    match (exact, pattern) {
        (Some(text), _) => Matcher::exact(text).map(Some).map_err(|error| failed(option, error)),
        (None, Some(text)) => {
            Matcher::pattern(text).map(Some).map_err(|error| failed(&format!("{option}-regexp"), error))
        }
        (None, None) => Ok(None),
    }
}

/// Reads who counts: a file's, else those of the repository that `trust init` chose, else those of the public Sigstore, as it was when consign was made.
pub(crate) fn trusted_root(path: Option<&Path>, session: &Session) -> Result<TrustedRoot, CommandError> {
    let Some(path) = path else {
        return match kept_trust::material(session, Timestamp::now())? {
            Some((_, material)) => Ok(TrustedRoot::read(&material.trusted_root)?),
            None => Ok(TrustedRoot::public_good()?),
        };
    };
    let failed =
        || CommandError::new(ExitCode::Configuration, format!("cannot read the trusted root in {}", path.display()));
    let bytes = read_bytes(path, ROOT_LIMIT).map_err(|error| failed().cause(error))?;
    TrustedRoot::read(&bytes).map_err(|error| failed().because(error.into()))
}
