use crate::{Form, Owner, Signature, Verified};
use consign_consumer::{Consumer, Reading, SignedBy as Shown};
use consign_trust::SignedBy;
use std::fmt;

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

impl Objections {
    /// Returns what a consumer would make of a verified image.
    pub fn of(consumer: Consumer, image: &Verified) -> Self {
        let mut found = Self::default();
        for (owner, signatures) in looked_at(consumer, image) {
            let remedy = if consumer == Consumer::Cosign { SIGN } else { SIGN_LEGACY };
            let objection = match signatures.iter().filter_map(|signature| reading(consumer, signature)).min() {
                Some(Reading::Yes) => continue,
                Some(Reading::Told(remedy)) => {
                    let setting = Objection { owner: root(image), reason: Missing::Setting, remedy };
                    found.settings.extend(Some(setting).filter(|setting| !found.settings.contains(setting)));
                    continue;
                }
                Some(Reading::NotSigner) => Objection { owner, reason: Missing::Address, remedy: SIGN_WITH_KEY },
                Some(Reading::NotForm) | None => Objection { owner, reason: Missing::Form, remedy },
            };
            found.refusals.push(objection);
        }
        if !found.refusals.is_empty() {
            found.settings.clear();
        }
        found
    }
}

/// Returns what of an image is asked for a signature. podman asks what is run: the image of one platform, and not the index.
fn looked_at(consumer: Consumer, image: &Verified) -> Vec<(Owner, &[Signature])> {
    if consumer != Consumer::Podman || !image.is_index {
        let own = image.platforms.first().filter(|_| consumer == Consumer::Podman);
        return vec![(root(image), own.map_or(&image.signatures[..], |platform| &platform.signatures))];
    }
    let platforms = image.platforms.iter();
    platforms.map(|platform| (Owner::Platform(platform.platform.clone()), &platform.signatures[..])).collect()
}

/// Returns `None` for a form that nobody looks for by default.
fn reading(consumer: Consumer, signature: &Signature) -> Option<Reading> {
    let form = match signature.form {
        Form::Bundle => consign_consumer::Form::Bundle,
        Form::Tag => consign_consumer::Form::Legacy,
        Form::Referrer => return None,
    };
    let by = match &signature.by {
        SignedBy::Key(_) => Shown::Key,
        SignedBy::Certificate(certified) => Shown::named(&certified.subject),
    };
    Some(consumer.reads(form, by))
}

fn root(image: &Verified) -> Owner {
    if image.is_index { Owner::Index } else { Owner::Image }
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
