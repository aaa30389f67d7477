use super::sign::{outcome_as_json, state};
use crate::arguments::{Attest, Output};
use crate::attaching::{Target, signatory};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::reading::read_text;
use crate::session::Session;
use consign_attach::{Attacher, Signing, created};
use consign_oci::{Descriptor, Document, Exact, Platform};
use consign_receipt::{Statement, predicate};
use consign_report::table;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::Path;

/// Largest document that is attached, in bytes: signed it grows by a third, and more than 16 MiB of that nobody reads.
const LIMIT: u64 = 12 << 20;

pub(crate) async fn run(arguments: &Attest, session: &Session) -> Result<ExitCode, CommandError> {
    let unknown = || {
        let names = predicate::NAMED.map(|(name, _)| name).join(", ");
        CommandError::new(ExitCode::Usage, format!("`{}` is no type of a statement", arguments.predicate_type))
            .hint(format!("it is one of {names}, or a URI"))
    };
    let predicate_type = predicate::of_name(&arguments.predicate_type).ok_or_else(unknown)?;
    let text = read(&arguments.predicate)?;
    let key = signatory(arguments.signing.key.as_ref(), &arguments.signing.keyless, session)?;
    let target = Target::open(&arguments.reference, session).await?;
    let created = created(&target.place, &target.root).await?;
    let claim = claim(&arguments.predicate_type, &text, &created, &arguments.predicate)?;
    let signing = Signing {
        attacher: Attacher { place: &target.place, sink: &target.sink, legacy: target.legacy.1.as_ref() },
        legacy: &target.legacy.0,
        signatory: &key,
        forms: arguments.signing.signature_format.into(),
        replace: arguments.signing.replace,
        created: &created,
    };
    let mut rows = Vec::new();
    for subject in subjects(&target.root, &arguments.platforms, arguments)? {
        let statement = Exact::write(Statement::new(&subject.digest, predicate_type, claim.clone()))?;
        let outcome = signing.attest(&subject, &statement).await?;
        let of = subject.platform.as_ref().map_or_else(|| arguments.reference.to_string(), ToString::to_string);
        rows.push((of, subject.digest, outcome));
    }
    match session.output {
        Output::Json => {
            let manifests = rows.iter().map(|(of, digest, outcome)| {
                let (signed, removed) = outcome_as_json(*outcome);
                json!({ "of": of, "digest": digest, "signed": signed, "removed": removed })
            });
            let manifests: Vec<Value> = manifests.collect();
            session.printer.json(&json!({ "predicateType": predicate_type, "manifests": manifests }))?;
        }
        Output::Table => {
            let rows = rows.iter().map(|(of, digest, outcome)| vec![of.clone(), state(*outcome), digest.to_string()]);
            session.printer.data(&table(&["about", "state", "digest"], &rows.collect::<Vec<_>>()))?;
        }
    }
    Ok(ExitCode::Done)
}

fn read(path: &Path) -> Result<String, CommandError> {
    let failed = |error| CommandError::new(ExitCode::Failed, format!("cannot read {}", path.display())).cause(error);
    if path != Path::new("-") {
        return read_text(path, LIMIT).map_err(failed);
    }
    let mut text = String::new();
    std::io::stdin().lock().take(LIMIT + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > LIMIT {
        let message =
            format!("standard input has more than {LIMIT} bytes, which nobody would read who verifies the image");
        return Err(CommandError::new(ExitCode::Failed, message));
    }
    Ok(text)
}

/// Returns what is claimed. Only two of cosign's types are not what the document says.
fn claim(name: &str, text: &str, created: &str, path: &Path) -> Result<Value, CommandError> {
    match name {
        "spdx" => Ok(Value::from(text)),
        "custom" => Ok(json!({ "Data": text, "Timestamp": created })),
        _ => serde_json::from_str(text).map_err(|error| {
            CommandError::new(ExitCode::Failed, format!("{} is no JSON", path.display()))
                .cause(error)
                .hint("`--type spdx` takes SPDX in lines of tags, and `--type custom` any text")
        }),
    }
}

/// Returns what the statement is about: what the name names, or the images of some platforms.
fn subjects(root: &Document, platforms: &[Platform], arguments: &Attest) -> Result<Vec<Descriptor>, CommandError> {
    if platforms.is_empty() {
        return Ok(vec![root.descriptor()]);
    }
    let missing = |platform: &Platform| {
        CommandError::new(ExitCode::Failed, format!("{} has no image for {platform}", arguments.reference))
    };
    let Document::Index(index) = root else { return Err(missing(&platforms[0])) };
    let one = |platform: &Platform| {
        let found = index.platforms().find(|(found, _)| *found == platform);
        found.map(|(_, descriptor)| descriptor.clone()).ok_or_else(|| missing(platform))
    };
    platforms.iter().map(one).collect()
}
