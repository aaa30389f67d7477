use crate::{
    AttachError, Attached, Attacher, Attachment, Content, Forms, Held, Signatory, attestation, find, signature,
};
use consign_image::Place;
use consign_oci::{Descriptor, Document, Exact};
use consign_receipt::{Statement, predicate};
use consign_sign::Annotations;

/// Signs what is about an image where it lies.
pub struct Signing<'a> {
    /// Attaches what is signed.
    pub attacher: Attacher<'a>,
    /// Where the older form is read.
    pub legacy: &'a Place,
    /// Signs.
    pub signatory: &'a Signatory,
    /// In which forms.
    pub forms: Forms,
    /// Whether what the same key signed before is taken away, once the new is there.
    pub replace: bool,
    /// When the image was made, RFC 3339: what is attached says so, and not when it was signed, so that it is the same each time.
    pub created: &'a str,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Something was attached that was not there.
    Attached {
        /// How much older was taken away.
        removed: usize,
    },
    /// The same key had signed the same before.
    Already {
        /// How much older was taken away.
        removed: usize,
    },
}

impl Signing<'_> {
    /// Signs an image, unless the key has signed it in these forms with the same annotations. `identity` is the repository that the older form
    /// names.
    pub async fn sign(
        &self,
        subject: &Descriptor,
        identity: &str,
        annotations: &Annotations,
    ) -> Result<Outcome, AttachError> {
        let ours = self.ours(subject, |attached| attached.is_signature()).await?;
        let same: Vec<&Attached> =
            ours.iter().filter(|ours| self.annotations(ours, subject).as_ref() == Some(annotations)).collect();
        let missing = self.missing(&same);
        let made = match missing {
            Some(forms) => signature(subject, identity, annotations, forms, self.signatory, self.created).await?,
            None => Vec::new(),
        };
        self.exchange(subject, made, &ours, &same).await
    }

    /// Attaches a signed statement about an image, unless the key has signed the same in these forms. Of the same type, others are replaced.
    pub async fn attest(&self, subject: &Descriptor, statement: &Exact<Statement>) -> Result<Outcome, AttachError> {
        let is_of_type = |attached: &Attached| {
            attached.statement(&subject.digest).is_some_and(|found| found.predicate_type == statement.predicate_type)
        };
        let ours = self.ours(subject, is_of_type).await?;
        let is_same = |attached: &&Attached| {
            attached.statement(&subject.digest).is_some_and(|found| found.bytes() == statement.bytes())
        };
        let same: Vec<&Attached> = ours.iter().filter(is_same).collect();
        let made = match self.missing(&same) {
            Some(forms) => attestation(subject, statement, forms, self.signatory, self.created).await?,
            None => Vec::new(),
        };
        self.exchange(subject, made, &ours, &same).await
    }

    /// Attaches what was made and then, where that is asked for, takes away what the same key signed and is not the same: at no time is there less
    /// than before.
    async fn exchange(
        &self,
        subject: &Descriptor,
        made: Vec<Attachment>,
        ours: &[Attached],
        same: &[&Attached],
    ) -> Result<Outcome, AttachError> {
        let attached = self.attacher.attach(subject, made).await?;
        let mut removed = 0;
        if self.replace {
            for older in ours.iter().filter(|ours| same.iter().all(|same| same.held != ours.held)) {
                self.attacher.remove(&subject.digest, &older.held).await?;
                removed += 1;
            }
        }
        Ok(if attached > 0 { Outcome::Attached { removed } } else { Outcome::Already { removed } })
    }

    /// Returns what this key signed about an image, of what is asked for.
    async fn ours(
        &self,
        subject: &Descriptor,
        wanted: impl Fn(&Attached) -> bool,
    ) -> Result<Vec<Attached>, AttachError> {
        let Some(key) = self.signatory.key() else { return Ok(Vec::new()) };
        let mut found = find(self.attacher.place, self.legacy, &subject.digest, None).await?;
        found.retain(|attached| {
            wanted(attached)
                && match &attached.content {
                    Content::Bundle(bundle) => bundle.verify(key, &subject.digest).is_ok(),
                    Content::Signature(signature) => signature.verify(key, &subject.digest).is_ok(),
                    Content::Statement(_) | Content::Other => false,
                }
        });
        Ok(found)
    }

    fn annotations(&self, attached: &Attached, subject: &Descriptor) -> Option<Annotations> {
        match &attached.content {
            Content::Signature(signature) => {
                Some(signature.verify(self.signatory.key()?, &subject.digest).ok()?.annotations())
            }
            _ => {
                let statement = attached.statement(&subject.digest)?;
                (statement.predicate_type == predicate::SIGNATURE).then(|| statement.annotations())
            }
        }
    }

    /// Returns in which of the forms nothing is there.
    fn missing(&self, there: &[&Attached]) -> Option<Forms> {
        let is_legacy = |attached: &&&Attached| matches!(attached.held, Held::Layer(..));
        let bundle = self.forms.has_bundle() && there.iter().filter(|there| !is_legacy(there)).count() == 0;
        let legacy = self.forms.has_legacy() && there.iter().filter(is_legacy).count() == 0;
        match (bundle, legacy) {
            (true, true) => Some(Forms::Both),
            (true, false) => Some(Forms::Bundle),
            (false, true) => Some(Forms::Legacy),
            (false, false) => None,
        }
    }
}

/// Returns an image and what an index lists, each by its own descriptor, that is to be signed: attestations in an index are none of it.
pub fn parts(root: &Document) -> Vec<Descriptor> {
    let Document::Index(index) = root else { return vec![root.descriptor()] };
    let is_attestation = |entry: &&Descriptor| {
        entry.annotations.get("vnd.docker.reference.type").is_some_and(|kind| kind == "attestation-manifest")
    };
    let entries = index.manifests.iter().filter(|entry| !is_attestation(entry));
    // What is signed last vouches for all of it.
    entries.cloned().chain([root.descriptor()]).collect()
}
