use crate::arguments::{Attest, Output};
use crate::attaching::{Signed, Target, signatory_of};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::input;
use crate::reading::{read_at_most, read_text, text};
use crate::session::Session;
use consign_attach::created;
use consign_oci::{Descriptor, Exact};
use consign_receipt::{Statement, predicate};
use consign_report::table;
use serde_json::{Value, json};
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
    let key = signatory_of(&arguments.signing, session)?;
    let target = Target::open(&arguments.reference, session).await?;
    let created = created(&target.place, &target.root).await?;
    let claim = claim(&arguments.predicate_type, &text, &created, &arguments.predicate)?;
    let signing = target.signing(&arguments.signing, &key, &created);
    let mut signed = Vec::new();
    for subject in subjects(&target, arguments)? {
        let statement = Exact::write(Statement::new(&subject.digest, predicate_type, claim.clone()))?;
        let outcome = signing.attest(&subject, &statement).await?;
        signed.push(Signed::new(&subject, subject.digest == *target.root.digest(), &arguments.reference, outcome));
    }
    match session.output {
        Output::Json => {
            let manifests: Vec<Value> = signed.iter().map(Signed::as_json).collect();
            session.printer.json(&json!({ "predicateType": predicate_type, "manifests": manifests }))?;
        }
        Output::Table if session.global.quiet => {}
        Output::Table => {
            let rows: Vec<_> = signed.iter().map(Signed::row).collect();
            session.printer.data(&table(&["about", "state", "digest"], &rows))?;
        }
    }
    Ok(ExitCode::Done)
}

fn read(path: &Path) -> Result<String, CommandError> {
    let read = match path == Path::new("-") {
        true => read_at_most(input::take().lock(), LIMIT).and_then(text),
        false => read_text(path, LIMIT),
    };
    read.map_err(|error| CommandError::new(ExitCode::Failed, format!("cannot read {}", path.display())).cause(error))
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
fn subjects(target: &Target, arguments: &Attest) -> Result<Vec<Descriptor>, CommandError> {
    match &arguments.platforms[..] {
        [] => Ok(vec![target.root.descriptor()]),
        platforms => platforms.iter().map(|platform| target.image_for(platform, &arguments.reference)).collect(),
    }
}
