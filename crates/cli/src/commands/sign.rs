use crate::arguments::{Output, Sign};
use crate::attaching::{Target, signatory};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_attach::{Attacher, Forms, Outcome, Signatory, Signing, created, parts};
use consign_image::ImageReference;
use consign_oci::{Descriptor, Digest};
use consign_report::table;
use consign_sign::Annotations;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

/// Images that are signed at once.
const AT_ONCE: usize = 6;

pub(crate) async fn run(arguments: &Sign, session: &Session) -> Result<ExitCode, CommandError> {
    let key = signatory(arguments.signing.key.as_ref(), &arguments.signing.keyless, session)?;
    let mut signed = Vec::new();
    for reference in &arguments.references {
        signed.push((reference, sign(reference, arguments, &key, session).await?));
    }
    match session.output {
        Output::Json => session.printer.json(&json!(signed.iter().map(as_json).collect::<Vec<_>>()))?,
        Output::Table => {
            let rows = signed.iter().flat_map(|(_, parts)| parts.iter().map(Part::row));
            session.printer.data(&table(&["of", "state", "digest"], &rows.collect::<Vec<_>>()))?;
        }
    }
    Ok(ExitCode::Done)
}

/// Something that was signed.
struct Part {
    of: String,
    digest: Digest,
    outcome: Outcome,
}

async fn sign(
    reference: &ImageReference,
    arguments: &Sign,
    key: &Signatory,
    session: &Session,
) -> Result<Vec<Part>, CommandError> {
    let target = Target::open(reference, session).await?;
    let forms: Forms = arguments.signing.signature_format.into();
    let identity = arguments.identity.clone().or_else(|| target.repository().map(ToString::to_string));
    let nameless = || {
        let message = format!("{reference} lies in no repository, and the older form names one");
        CommandError::new(ExitCode::Usage, message).hint("name it with `--sign-container-identity NAME`")
    };
    let identity = match forms.has_legacy() {
        true => identity.ok_or_else(nameless)?,
        false => identity.unwrap_or_default(),
    };
    let annotations: Annotations = arguments.annotations.iter().cloned().collect();
    let created = created(&target.place, &target.root).await?;
    let signing = Signing {
        attacher: Attacher { place: &target.place, sink: &target.sink, legacy: target.legacy.1.as_ref() },
        legacy: &target.legacy.0,
        signatory: key,
        forms,
        replace: arguments.signing.replace,
        created: &created,
    };
    let mut parts = match arguments.recursive {
        true => parts(&target.root),
        false => vec![target.root.descriptor()],
    };
    let root = parts.pop().unwrap_or_else(|| target.root.descriptor());
    let one = async |part: &Descriptor| -> Result<Part, CommandError> {
        let outcome = signing.sign(part, &identity, &annotations).await?;
        let of = part.platform.as_ref().map_or_else(|| reference.to_string(), ToString::to_string);
        Ok(Part { of, digest: part.digest.clone(), outcome })
    };
    // A layout has one list, which one writes at a time.
    let at_once = if target.repository().is_some() { AT_ONCE } else { 1 };
    let mut signed: Vec<Part> = stream::iter(&parts).map(&one).buffered(at_once).try_collect().await?;
    signed.push(one(&root).await?);
    Ok(signed)
}

impl Part {
    fn row(&self) -> Vec<String> {
        vec![self.of.clone(), state(self.outcome), self.digest.to_string()]
    }
}

/// Returns what came of it, for people.
pub(super) fn state(outcome: Outcome) -> String {
    let (word, removed) = match outcome {
        Outcome::Attached { removed } => ("signed", removed),
        Outcome::Already { removed } => ("signed already", removed),
    };
    if removed == 0 { word.to_owned() } else { format!("{word}, {removed} older removed") }
}

/// The same for programs.
pub(super) fn outcome_as_json(outcome: Outcome) -> (bool, usize) {
    match outcome {
        Outcome::Attached { removed } => (true, removed),
        Outcome::Already { removed } => (false, removed),
    }
}

fn as_json((reference, parts): &(&ImageReference, Vec<Part>)) -> Value {
    let parts = parts.iter().map(|part| {
        let (signed, removed) = outcome_as_json(part.outcome);
        json!({ "of": part.of, "digest": part.digest, "signed": signed, "removed": removed })
    });
    json!({ "reference": reference.to_string(), "manifests": parts.collect::<Vec<_>>() })
}
