/// Whoever else verifies images, and not all that consign takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// cosign 3, which reads bundles and, where there are none, the older form.
    Cosign,
    /// podman, skopeo and CRI-O, by containers-policy.json(5): the older form of the image that is run.
    Podman,
    /// Kyverno: the older form, and bundles, with a key only in an `ImageValidatingPolicy`.
    Kyverno,
    /// The policy controller of Sigstore: the older form, and bundles of those who sign without a key.
    PolicyController,
}

/// A form of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A Sigstore bundle that refers to the image.
    Bundle,
    /// cosign's older form, under a tag of its own.
    Legacy,
}

/// What shows whose a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignedBy {
    /// A key.
    Key,
    /// A certificate for a mail address.
    Address,
    /// A certificate for anything else, such as a workflow.
    Workflow,
}

/// Whether somebody reads a signature; what is better comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// As it is.
    Yes,
    /// If it is told this.
    Told(&'static str),
    /// In this form, but only of somebody else.
    NotSigner,
    /// Not in this form.
    NotForm,
}

const ATTACHMENTS: &str = "`use-sigstore-attachments: true` in registries.d, and `signedIdentity: {type: matchRepository}` in policy.json, since \
                           signatures name no tag";
const KYVERNO_BUNDLE: &str = "`type: SigstoreBundle` in the rule, or an `ImageValidatingPolicy`";
const KYVERNO_KEY: &str = "an `ImageValidatingPolicy`, since `type: SigstoreBundle` is for certificates alone";
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

    /// Returns whether it reads a signature: as of cosign 3.1, containers/image 5.42 (podman 6), Kyverno 1.19 and the policy controller 0.15.
    pub fn reads(self, form: Form, by: SignedBy) -> Reading {
        match (self, form, by) {
            (Self::Podman, Form::Legacy, SignedBy::Workflow) => Reading::NotSigner,
            (Self::Podman, Form::Legacy, _) => Reading::Told(ATTACHMENTS),
            (Self::Podman, Form::Bundle, _) => Reading::NotForm,
            (Self::Kyverno, Form::Bundle, SignedBy::Key) => Reading::Told(KYVERNO_KEY),
            (Self::Kyverno, Form::Bundle, _) => Reading::Told(KYVERNO_BUNDLE),
            (Self::PolicyController, Form::Bundle, SignedBy::Key) => Reading::NotForm,
            (Self::PolicyController, Form::Bundle, _) => Reading::Told(CONTROLLER_BUNDLE),
            (Self::Cosign | Self::Kyverno | Self::PolicyController, _, _) => Reading::Yes,
        }
    }
}

impl Reading {
    /// Returns whether it is read, whatever has to be told.
    pub fn is_read(self) -> bool {
        matches!(self, Self::Yes | Self::Told(_))
    }
}

impl SignedBy {
    /// Returns what it is for whom a certificate names so.
    pub fn named(subject: &str) -> Self {
        match subject.contains("://") || !subject.contains('@') {
            true => Self::Workflow,
            false => Self::Address,
        }
    }
}
