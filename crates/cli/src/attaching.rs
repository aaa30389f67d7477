//! Where signatures and attestations are attached, and with which key.

use crate::arguments::{CosignOptions, KeyArgument, KeylessOptions, SigningOptions};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::keyless::Keyless;
use crate::session::Session;
use crate::signing;
use consign_attach::{Attacher, Forms, Outcome, Signatory, Signing};
use consign_image::{ImageReference, Place, Sink};
use consign_oci::{Descriptor, Digest, Document, Platform, Reference, Repository};
use consign_plan::configuration::SignatureFormat;
use serde_json::{Value, json};

/// An image to which something is attached.
pub(crate) struct Target {
    /// Where it lies; by its digest, so that all is about the same image.
    pub(crate) place: Place,
    /// The same, to write to.
    pub(crate) sink: Sink,
    /// Where the older form is kept.
    pub(crate) legacy: (Place, Option<Sink>),
    /// What the name names.
    pub(crate) root: Document,
}

impl Target {
    /// Opens an image.
    pub(crate) async fn open(reference: &ImageReference, session: &Session) -> Result<Self, CommandError> {
        let client = session.client(reference).await?;
        let place = session.place(reference, &client, CommandError::from).await?;
        let missing = || CommandError::new(ExitCode::Failed, format!("there is no image {reference}"));
        let root = place.find(None).await?.document().ok_or_else(missing)?;
        let sink = session.sink(reference, &client).await?;
        let (place, sink) = match sink {
            Sink::Registry { client, reference } => {
                let reference = Reference { digest: Some(root.digest().clone()), ..reference };
                (place.at(root.digest()), Sink::Registry { client, reference })
            }
            sink => (place, sink),
        };
        let legacy = match legacy_repository(session)? {
            Some(repository) => {
                let reference = ImageReference::Registry(repository.at(root.digest().clone()));
                let client = session.client(&reference).await?;
                let place = session.place(&reference, &client, CommandError::from).await?;
                (place, Some(session.sink(&reference, &client).await?))
            }
            None => (place.clone(), None),
        };
        Ok(Self { place, sink, legacy, root })
    }

    /// Returns what attaches something to the image, or takes it away.
    pub(crate) fn attacher(&self) -> Attacher<'_> {
        Attacher { place: &self.place, sink: &self.sink, legacy: self.legacy.1.as_ref() }
    }

    /// Returns what signs the image, and says `created` of what it attaches.
    pub(crate) fn signing<'a>(
        &'a self,
        options: &SigningOptions,
        signatory: &'a Signatory,
        created: &'a str,
    ) -> Signing<'a> {
        let forms = forms(options.signature_format.into());
        let (attacher, legacy) = (self.attacher(), &self.legacy.0);
        Signing { attacher, legacy, signatory, forms, replace: options.replace, created }
    }

    /// Returns the image that is listed for a platform.
    pub(crate) fn image_for(
        &self,
        platform: &Platform,
        reference: &ImageReference,
    ) -> Result<Descriptor, CommandError> {
        let found = match &self.root {
            Document::Index(index) => index.platforms().find(|(found, _)| *found == platform),
            Document::Manifest(_) => None,
        };
        let missing = || CommandError::new(ExitCode::Failed, format!("{reference} has no image for {platform}"));
        found.map(|(_, descriptor)| descriptor.clone()).ok_or_else(missing)
    }

    /// Returns the repository of the image, if it lies on a registry.
    pub(crate) fn repository(&self) -> Option<&Repository> {
        match &self.sink {
            Sink::Registry { reference, .. } => Some(&reference.repository),
            Sink::Layout { .. } | Sink::Store { .. } | Sink::Engine { .. } => None,
        }
    }
}

/// What came of signing something.
pub(crate) struct Signed {
    of: String,
    digest: Digest,
    outcome: Outcome,
}

impl Signed {
    /// Names what was signed: a part of what a reference names, or that itself.
    pub(crate) fn new(part: &Descriptor, is_root: bool, reference: &ImageReference, outcome: Outcome) -> Self {
        let of = match &part.platform {
            Some(platform) => platform.to_string(),
            None if is_root => reference.to_string(),
            None => "other".to_owned(),
        };
        Self { of, digest: part.digest.clone(), outcome }
    }

    /// Returns what it was, what came of it, and its digest.
    pub(crate) fn row(&self) -> Vec<String> {
        let (word, removed) = match self.outcome {
            Outcome::Attached { removed } => ("signed", removed),
            Outcome::Already { removed } => ("signed already", removed),
        };
        let state = if removed == 0 { word.to_owned() } else { format!("{word}, {removed} older removed") };
        vec![self.of.clone(), state, self.digest.to_string()]
    }

    /// Returns the same for programs.
    pub(crate) fn as_json(&self) -> Value {
        let (signed, removed) = match self.outcome {
            Outcome::Attached { removed } => (true, removed),
            Outcome::Already { removed } => (false, removed),
        };
        json!({ "of": self.of, "digest": self.digest, "signed": signed, "removed": removed })
    }
}

/// Returns where cosign's older form is kept, where that is not beside the image.
pub(crate) fn legacy_repository(session: &Session) -> Result<Option<Repository>, CommandError> {
    let Some(text) = session.environment.get("COSIGN_REPOSITORY") else { return Ok(None) };
    text.parse().map(Some).map_err(|error| {
        CommandError::new(ExitCode::Usage, format!("COSIGN_REPOSITORY names no repository: `{text}`")).cause(error)
    })
}

/// Opens the repository in which cosign's older form is kept, where that is another one. Without a network, nothing but what lies beside the image counts.
pub(crate) async fn legacy_place(image: &Digest, session: &Session) -> Result<Option<Place>, CommandError> {
    let Some(repository) = legacy_repository(session)?.filter(|_| !session.global.offline) else { return Ok(None) };
    let reference = ImageReference::Registry(repository.at(image.clone()));
    let client = session.client(&reference).await?;
    session.place(&reference, &client, CommandError::from).await.map(Some)
}

/// Returns the forms that a configuration names.
pub(crate) fn forms(format: SignatureFormat) -> Forms {
    match format {
        SignatureFormat::Bundle => Forms::Bundle,
        SignatureFormat::Legacy => Forms::Legacy,
        SignatureFormat::Both => Forms::Both,
    }
}

/// Returns whoever signs images as options say.
pub(crate) fn signatory_of(options: &SigningOptions, session: &Session) -> Result<Signatory, CommandError> {
    let forms = forms(options.signature_format.into());
    signatory(options.key.as_ref(), &options.keyless, options.habits, forms, session)
}

/// Returns whoever signs in some forms, unless cosign's options ask for what is not done then.
pub(crate) fn signatory(
    named: Option<&KeyArgument>,
    keyless: &KeylessOptions,
    habits: CosignOptions,
    forms: Forms,
    session: &Session,
) -> Result<Signatory, CommandError> {
    habits.format.check()?;
    let signatory = found_signatory(named, keyless, forms, session)?;
    habits.check(&signatory)?;
    Ok(signatory)
}

/// Finds the holder of the key that is named, else whom the configuration names, else whom an identity token does.
fn found_signatory(
    named: Option<&KeyArgument>,
    keyless: &KeylessOptions,
    forms: Forms,
    session: &Session,
) -> Result<Signatory, CommandError> {
    if let Some(key) = named {
        return Ok(signing::reader(session, key.reference()?)?()?);
    }
    if !keyless.names_services() && session.global.file.exists() {
        let configuration = session.configuration()?;
        if let Some(settings) = &configuration.signing {
            return Ok(signing::key_reader_for(forms, settings, session, &configuration)?()?);
        }
    }
    let read = signing::signs_keyless(Keyless::named(keyless)?, forms, session)
        .map_err(|error| error.hint("or name a key: `--key KEY`, or `signing: {key: KEY}` in the configuration"))?;
    Ok(read()?)
}
