use crate::{Form, Owner, Signature, Verified};
use consign_trust::SignedBy;
use std::fmt;

/// Whoever else verifies images, and not all that consign takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// cosign 3, which reads bundles and, where there are none, the older form.
    Cosign,
    /// podman, skopeo and CRI-O, by containers-policy.json(5): the older form of the image that is run.
    Podman,
    /// Kyverno, `verifyImages`: the older form, and bundles with `type: SigstoreBundle`.
    Kyverno,
    /// The policy controller of Sigstore: the older form, and bundles with `signatureFormat: bundle`.
    PolicyController,
}

/// Why a consumer does not accept an image, or what it has to be told for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// What of the image it is about.
    pub owner: Owner,
    /// What is missing.
    pub reason: Missing,
    /// What to do.
    pub remedy: &'static str,
}

/// What a consumer misses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A signature in a form that it reads.
    Form,
    /// A setting: it reads the form only if it is told so.
    Setting,
    /// A mail address: it knows signers by that alone, and this one is a workflow.
    Address,
}

/// What a consumer makes of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objections {
    /// Why it refuses the image; nothing if it accepts it.
    pub refusals: Vec<Objection>,
    /// What it has to be told to accept it.
    pub settings: Vec<Objection>,
}

const SIGN: &str = "sign it with `consign sign`";
const SIGN_LEGACY: &str =
    "sign it with `consign sign --signature-format both`, or release it with `signing: {format: both}`";
const SIGN_WITH_KEY: &str = "sign it with a key, too: `consign sign --key KEY --signature-format both`";
const ATTACHMENTS: &str = "`use-sigstore-attachments: true` in registries.d, and `signedIdentity: {type: matchRepository}` in policy.json, since \
                           signatures name no tag";
const KYVERNO_BUNDLE: &str = "`type: SigstoreBundle` in the rule";
const CONTROLLER_BUNDLE: &str = "`signatureFormat: bundle` in the authority";

impl Consumer {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cosign, Self::Podman, Self::Kyverno, Self::PolicyController];

    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cosign => "cosign",
            Self::Podman => "podman",
            Self::Kyverno => "kyverno",
            Self::PolicyController => "policy-controller",
        }
    }

    /// Returns what the consumer would make of a verified image.
    pub fn objections(self, image: &Verified) -> Objections {
        match self {
            Self::Cosign => cosign(image),
            Self::Podman => podman(image),
            Self::Kyverno => policy_engine(image, KYVERNO_BUNDLE),
            Self::PolicyController => policy_engine(image, CONTROLLER_BUNDLE),
        }
    }
}

fn cosign(image: &Verified) -> Objections {
    let is_read = has(&image.signatures, Form::Bundle) || has(&image.signatures, Form::Tag);
    let refusal = Objection { owner: root(image), reason: Missing::Form, remedy: SIGN };
    Objections { refusals: (!is_read).then_some(refusal).into_iter().collect(), settings: Vec::new() }
}

/// What is run is the image of one platform; the index is not looked at.
fn podman(image: &Verified) -> Objections {
    let mut found = Objections::default();
    for platform in &image.platforms {
        let owner = if image.is_index { Owner::Platform(platform.platform.clone()) } else { Owner::Image };
        let mut tags = platform.signatures.iter().filter(|signature| signature.form == Form::Tag).peekable();
        if tags.peek().is_none() {
            found.refusals.push(Objection { owner, reason: Missing::Form, remedy: SIGN_LEGACY });
        } else if tags.all(is_by_workflow) {
            found.refusals.push(Objection { owner, reason: Missing::Address, remedy: SIGN_WITH_KEY });
        }
    }
    if found.refusals.is_empty() {
        found.settings.push(Objection { owner: root(image), reason: Missing::Setting, remedy: ATTACHMENTS });
    }
    found
}

fn policy_engine(image: &Verified, setting: &'static str) -> Objections {
    let mut found = Objections::default();
    let owner = root(image);
    match (has(&image.signatures, Form::Tag), has(&image.signatures, Form::Bundle)) {
        (true, _) => {}
        (false, true) => found.settings.push(Objection { owner, reason: Missing::Setting, remedy: setting }),
        (false, false) => found.refusals.push(Objection { owner, reason: Missing::Form, remedy: SIGN_LEGACY }),
    }
    found
}

fn root(image: &Verified) -> Owner {
    if image.is_index { Owner::Index } else { Owner::Image }
}

fn has(signatures: &[Signature], form: Form) -> bool {
    signatures.iter().any(|signature| signature.form == form)
}

/// Returns whether a certificate names what is no mail address.
fn is_by_workflow(signature: &Signature) -> bool {
    match &signature.by {
        SignedBy::Key(_) => false,
        SignedBy::Certificate(certified) => certified.subject.contains("://") || !certified.subject.contains('@'),
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, reason, remedy } = self;
        match reason {
            Missing::Form => write!(formatter, "{owner} has no signature in a form that it reads: {remedy}"),
            Missing::Setting => write!(formatter, "it has to be told: {remedy}"),
            Missing::Address => {
                write!(
                    formatter,
                    "{owner} is signed by a workflow, and it knows signers by mail address alone: {remedy}"
                )
            }
        }
    }
}
