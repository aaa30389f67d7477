use crate::found::find_statements;
use crate::{AttachError, Attached, Attacher, Attachment, Forms, Held, Signatory, attestation, signature};
use consign_image::Place;
use consign_oci::{Descriptor, Exact};
use consign_receipt::{Statement, predicate};
use consign_sign::{Annotations, LegacyKind};

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
    /// Whether what the same signed before is taken away, once the new is there.
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
    /// The same had signed the same before.
    Already {
        /// How much older was taken away.
        removed: usize,
    },
}

/// Something that the same signed before.
struct Ours {
    attached: Attached,
    statement: Exact<Statement>,
}

/// What the same signed about an image before, of some types.
#[derive(Default)]
pub struct Before {
    ours: Vec<Ours>,
    forms: Forms,
}

impl Before {
    /// Returns whether a statement of a type that `is_it` is there in all forms that are written.
    pub fn has(&self, predicate_type: &str, is_it: impl Fn(&Statement) -> bool) -> bool {
        self.missing(predicate_type, is_it).is_none()
    }

    /// Returns in which of the forms that are written no statement of a type is there that `is_it`.
    pub fn missing(&self, predicate_type: &str, is_it: impl Fn(&Statement) -> bool) -> Option<Forms> {
        let same = self.ours.iter().filter(|ours| ours.statement.predicate_type == predicate_type);
        let same: Vec<&Attached> = same.filter(|ours| is_it(&ours.statement)).map(|ours| &ours.attached).collect();
        missing(self.forms, &same)
    }
}

impl Signing<'_> {
    /// Finds what the same signed about an image, of some types: in one request where that is nothing, and two more for each that there is. The older
    /// form is one more, and one for each statement.
    pub async fn before(&self, subject: &Descriptor, predicate_types: &[&str]) -> Result<Before, AttachError> {
        Ok(Before { ours: self.ours(subject, predicate_types).await?, forms: self.forms })
    }

    /// Signs an image, whatever was signed before.
    pub async fn sign_anew(
        &self,
        subject: &Descriptor,
        identity: &str,
        annotations: &Annotations,
    ) -> Result<(), AttachError> {
        let made = signature(subject, identity, annotations, self.forms, self.signatory, self.created).await?;
        self.attacher.attach(subject, made).await.map(drop)
    }

    /// Attaches a signed statement about an image, whatever was signed before.
    pub async fn attest_anew(&self, subject: &Descriptor, statement: &Exact<Statement>) -> Result<(), AttachError> {
        let made = attestation(subject, statement, self.forms, self.signatory, self.created).await?;
        self.attacher.attach(subject, made).await.map(drop)
    }

    /// Signs an image, unless the same has signed it in these forms with the same annotations. `identity` is the repository that the older form
    /// names.
    pub async fn sign(
        &self,
        subject: &Descriptor,
        identity: &str,
        annotations: &Annotations,
    ) -> Result<Outcome, AttachError> {
        let ours = self.ours(subject, &[predicate::SIGNATURE]).await?;
        let same = self.kept(&ours, |statement| statement.annotations() == *annotations);
        let made = match missing(self.forms, &same) {
            Some(forms) => signature(subject, identity, annotations, forms, self.signatory, self.created).await?,
            None => Vec::new(),
        };
        self.exchange(subject, made, &ours, &same).await
    }

    /// Attaches a signed statement about an image, unless that was signed in these forms. Of the same type, others are replaced.
    pub async fn attest(&self, subject: &Descriptor, statement: &Exact<Statement>) -> Result<Outcome, AttachError> {
        let ours = self.ours(subject, &[&statement.predicate_type]).await?;
        let same = self.kept(&ours, |known| known.bytes() == statement.bytes());
        let made = match missing(self.forms, &same) {
            Some(forms) => attestation(subject, statement, forms, self.signatory, self.created).await?,
            None => Vec::new(),
        };
        self.exchange(subject, made, &ours, &same).await
    }

    /// Returns what there is of a signature or statement, and stays. With a key the same would be made again; without one, whoever replaces what there
    /// is wants a signature of now.
    fn kept<'o>(&self, ours: &'o [Ours], is_same: impl Fn(&Exact<Statement>) -> bool) -> Vec<&'o Attached> {
        match self.signatory {
            Signatory::Keyless(_) if self.replace => Vec::new(),
            _ => ours.iter().filter(|ours| is_same(&ours.statement)).map(|ours| &ours.attached).collect(),
        }
    }

    /// Attaches what was made and then, where that is asked for, takes away what the same signed and is not the same: at no time is there less
    /// than before.
    async fn exchange(
        &self,
        subject: &Descriptor,
        made: Vec<Attachment>,
        ours: &[Ours],
        same: &[&Attached],
    ) -> Result<Outcome, AttachError> {
        let attached = self.attacher.attach(subject, made).await?;
        let mut removed = 0;
        if self.replace {
            for older in
                ours.iter().map(|ours| &ours.attached).filter(|ours| same.iter().all(|same| same.held != ours.held))
            {
                self.attacher.remove(&subject.digest, &older.held).await?;
                removed += 1;
            }
        }
        Ok(if attached > 0 { Outcome::Attached { removed } } else { Outcome::Already { removed } })
    }

    /// Returns the statements of some types that the same signed about an image.
    async fn ours(&self, subject: &Descriptor, predicate_types: &[&str]) -> Result<Vec<Ours>, AttachError> {
        let Some(authority) = self.signatory.authority().await? else { return Ok(Vec::new()) };
        let kinds: &[LegacyKind] = match self.forms.has_legacy() || self.replace {
            true if predicate_types == [predicate::SIGNATURE] => &[LegacyKind::Signatures],
            true if !predicate_types.contains(&predicate::SIGNATURE) => &[LegacyKind::Attestations],
            true => &[LegacyKind::Signatures, LegacyKind::Attestations],
            false => &[],
        };
        let found = find_statements(self.attacher.place, self.legacy, &subject.digest, predicate_types, kinds).await?;
        let ours = found.into_iter().filter_map(|attached| {
            let (statement, _) = attached.verified(std::slice::from_ref(&authority), &subject.digest)?;
            predicate_types.contains(&&*statement.predicate_type).then_some(Ours { attached, statement })
        });
        Ok(ours.collect())
    }
}

/// Returns in which of the forms nothing is there.
fn missing(forms: Forms, there: &[&Attached]) -> Option<Forms> {
    let is_legacy = |attached: &&&Attached| matches!(attached.held, Held::Layer(..));
    let bundle = forms.has_bundle() && there.iter().filter(|there| !is_legacy(there)).count() == 0;
    let legacy = forms.has_legacy() && there.iter().filter(is_legacy).count() == 0;
    match (bundle, legacy) {
        (true, true) => Some(Forms::Both),
        (true, false) => Some(Forms::Bundle),
        (false, true) => Some(Forms::Legacy),
        (false, false) => None,
    }
}
