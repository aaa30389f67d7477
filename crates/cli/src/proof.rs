//! What an image has to show.

use crate::advisories::policy_file;
use crate::arguments::{self, KeyArgument};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::identities::{authorities, authority};
use crate::key::{NamedKey, Passwords, public_hint};
use crate::session::Session;
use consign_image::Place;
use consign_oci::{Reference, Repository, Tag};
use consign_plan::Configuration;
use consign_plan::configuration::{KeyReference, PolicyFile, RequireSettings};
use consign_receipt::{Identity, Policy};
use consign_sign::PublicKey;
use consign_transfer::{Admission, Refusal};
use consign_trust::Authority;
use consign_verify::{Expectation, VerifyError, verify};
use futures::future::BoxFuture;
use jiff::civil::Date;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Returns the key that everything must be signed with.
pub(crate) fn named_key(key: &KeyArgument, session: &Session) -> Result<PublicKey, CommandError> {
    let passwords = Passwords::new(&session.environment, None);
    let key = NamedKey::new(key.reference()?, |path| path.into(), &session.environment, passwords);
    if session.global.offline && matches!(key.reference(), KeyReference::Kubernetes { .. }) {
        let message = format!("the key `{}` is asked of a cluster, and consign is offline", key.reference());
        let hint = "`consign public-key --key KEY --outfile cosign.pub`, where there is a network, writes it to a file";
        return Err(CommandError::new(ExitCode::Unavailable, message).hint(hint));
    }
    key.public().map_err(|error| {
        let message = format!("cannot read the public key in {}", key.reference());
        let this = CommandError::new(ExitCode::Failed, message).cause(error.as_ref());
        public_hint(&*error).into_iter().fold(this, CommandError::hint)
    })
}

/// Returns the tag that must stand in the release record: what the reference names, unless that is only a digest.
pub(crate) fn requested(reference: &Reference) -> Option<(Repository, Tag)> {
    let tag = match (&reference.tag, &reference.digest) {
        (Some(tag), _) => tag.clone(),
        (None, None) => Tag::latest(),
        (None, Some(_)) => return None,
    };
    Some((reference.repository.clone(), tag))
}

/// Whose signatures the command line asks for, and what else.
pub(crate) struct Expected {
    /// Whose signatures count: those of each of them.
    pub(crate) authorities: Vec<Authority>,
    /// The policy, if one is named.
    pub(crate) policy: Option<PolicyFile>,
}

impl Expected {
    /// Reads the policy, which may be a pipe and is read once, and who it must be: whom the command line names, else those whose signatures the policy
    /// counts.
    pub(crate) fn read(proof: &arguments::Proof, session: &Session) -> Result<Self, CommandError> {
        let policy = proof.policy.as_ref().map(|path| policy_file(path, &session.printer)).transpose()?;
        let named = match &policy {
            Some(file) if !proof.signer.says_something() => {
                let signing = file.policy.identities.iter().filter(|identity| identity.signs);
                authorities(signing, |name| file.file.resolve(name), session)?
            }
            _ => Vec::new(),
        };
        if !named.is_empty() {
            return Ok(Self { authorities: named, policy });
        }
        let authority = proof.signer.authority(session).map_err(|error| match (error.code, &proof.policy) {
            (ExitCode::Usage, None) => {
                error.hint("`--policy FILE` alone asks for those whom that policy names: `identities: [{key: …, for: signatures}]`")
            }
            (ExitCode::Usage, Some(path)) if !proof.signer.says_something() => {
                let path = path.display();
                error.hint(format!("{path} could say it: with `for: signatures`, a policy's `identities` are those whose signatures count"))
            }
            _ => error,
        });
        Ok(Self { authorities: vec![authority?], policy })
    }

    /// Returns by whose signatures an image is verified, where that is one.
    pub(crate) fn identity(&self) -> Option<Identity> {
        match &self.authorities[..] {
            [only] => Some(only.identity()),
            _ => None,
        }
    }
}

/// Lets in those images that show what an entry of `sync` requires.
pub(crate) struct Gate {
    proofs: Vec<Proof>,
    today: Date,
    /// Images that were let in, by what they were asked for by: those that go to several places are verified once.
    passed: Mutex<HashMap<String, Arc<OnceCell<()>>>>,
}

/// What an image must show of one signer.
struct Proof {
    authority: Authority,
    policy: Option<Policy>,
    content: bool,
}

impl Gate {
    /// Reads the keys and the policies; `None` where nothing is required.
    pub(crate) fn read(
        settings: &[RequireSettings],
        configuration: &Configuration,
        session: &Session,
    ) -> Result<Option<Self>, CommandError> {
        let today = session.today();
        let proofs = settings.iter().map(|settings| Proof::read(settings, configuration, session));
        let proofs = proofs.collect::<Result<Vec<_>, _>>()?;
        Ok((!proofs.is_empty()).then(|| Self { proofs, today, passed: Mutex::default() }))
    }

    /// Returns by whose signatures it lets images in, where that is one.
    pub(crate) fn identity(&self) -> Option<Identity> {
        match &self.proofs[..] {
            [only] => Some(only.authority.identity()),
            _ => None,
        }
    }
}

impl Proof {
    fn read(
        settings: &RequireSettings,
        configuration: &Configuration,
        session: &Session,
    ) -> Result<Self, CommandError> {
        let authority = authority(&settings.signer, |name| configuration.resolve(name), "`require`", session)?;
        let policy = match &settings.policy {
            Some(path) => Some(policy_file(&configuration.resolve(path), &session.printer)?.policy.policy()),
            None => (!settings.receipts.is_empty()).then(Policy::default),
        };
        let policy = policy.map(|policy| policy.requiring(settings.receipts.iter().copied()));
        Ok(Self { authority, policy, content: settings.content })
    }

    async fn ask(&self, image: &Place, today: Date) -> Result<(), VerifyError> {
        let requested = match image {
            Place::Registry { reference, .. } => requested(reference),
            Place::Layout { .. } | Place::Store { .. } => None,
        };
        let requested = requested.as_ref().map(|(repository, tag)| (repository, tag));
        let expected = Expectation {
            policy: self.policy.as_ref(),
            content: self.content,
            ..Expectation::new(std::slice::from_ref(&self.authority), today)
        };
        Box::pin(verify(image, requested, expected)).await.map(drop)
    }
}

impl Admission for Gate {
    fn admit<'a>(&'a self, image: &'a Place) -> BoxFuture<'a, Result<(), Refusal>> {
        let passed =
            self.passed.lock().unwrap_or_else(PoisonError::into_inner).entry(image.name()).or_default().clone();
        let ask = async move {
            for proof in &self.proofs {
                proof.ask(image, self.today).await?;
            }
            Ok::<_, VerifyError>(())
        };
        Box::pin(async move { Ok(passed.get_or_try_init(|| ask).await.map(drop)?) })
    }
}
