use crate::arguments::{Output, Pairs, Sign};
use crate::attaching::{Signed, Target, signatory_of};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_attach::{Signatory, created, parts};
use consign_image::ImageReference;
use consign_oci::Descriptor;
use consign_report::table;
use consign_sign::Annotations;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

/// Images that are signed at once.
const AT_ONCE: usize = 6;

pub(crate) async fn run(arguments: &Sign, session: &Session) -> Result<ExitCode, CommandError> {
    let annotations = Pairs::together(&arguments.annotations)?;
    let key = signatory_of(&arguments.signing, session)?;
    let mut signed = Vec::new();
    for reference in &arguments.references {
        signed.push((reference, sign(reference, arguments, &annotations, &key, session).await?));
    }
    match session.output {
        Output::Json => session.printer.json(&json!(signed.iter().map(as_json).collect::<Vec<_>>()))?,
        Output::Table if session.global.quiet => {}
        Output::Table => {
            let rows = signed.iter().flat_map(|(_, parts)| parts.iter().map(Signed::row));
            session.printer.data(&table(&["of", "state", "digest"], &rows.collect::<Vec<_>>()))?;
        }
    }
    Ok(ExitCode::Done)
}

async fn sign(
    reference: &ImageReference,
    arguments: &Sign,
    annotations: &Annotations,
    key: &Signatory,
    session: &Session,
) -> Result<Vec<Signed>, CommandError> {
    let target = Target::open(reference, session).await?;
    let identity = arguments.identity.clone().or_else(|| target.repository().map(ToString::to_string));
    let nameless = || {
        let message = format!("{reference} lies in no repository, and the older form names one");
        CommandError::new(ExitCode::Usage, message).hint("name it with `--sign-container-identity NAME`")
    };
    let created = created(&target.place, &target.root).await?;
    let signing = target.signing(&arguments.signing, key, &created);
    let identity = match signing.forms.has_legacy() {
        true => identity.ok_or_else(nameless)?,
        false => identity.unwrap_or_default(),
    };
    let mut parts = match arguments.recursive {
        true => parts(&target.place, &target.root).await?,
        false => vec![target.root.descriptor()],
    };
    let root = parts.pop().unwrap_or_else(|| target.root.descriptor());
    let one = async |part: &Descriptor| -> Result<Signed, CommandError> {
        let outcome = signing.sign(part, &identity, annotations).await?;
        Ok(Signed::new(part, part.digest == *target.root.digest(), reference, outcome))
    };
    // A layout has one list, which one writes at a time.
    let at_once = if target.repository().is_some() { AT_ONCE } else { 1 };
    let mut signed: Vec<Signed> = stream::iter(&parts).map(&one).buffered(at_once).try_collect().await?;
    signed.push(one(&root).await?);
    Ok(signed)
}

fn as_json((reference, parts): &(&ImageReference, Vec<Signed>)) -> Value {
    json!({ "reference": reference.to_string(), "manifests": parts.iter().map(Signed::as_json).collect::<Vec<_>>() })
}
