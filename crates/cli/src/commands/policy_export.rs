use crate::arguments::{Output, PolicyExport};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::exporting::request;
use crate::outlet::write;
use crate::session::Session;
use consign_consumer::{Export, ExportError};
use std::path::Path;

pub(crate) fn run(arguments: &PolicyExport, session: &Session) -> Result<ExitCode, CommandError> {
    match arguments {
        PolicyExport::Kyverno(arguments) => {
            let export = request(&arguments.common, session)?.kyverno(arguments.kind.into()).map_err(refused)?;
            document(&export, arguments.common.outfile.as_deref(), session)?;
        }
        PolicyExport::PolicyController(arguments) => {
            let export = request(arguments, session)?.policy_controller().map_err(refused)?;
            document(&export, arguments.outfile.as_deref(), session)?;
        }
        PolicyExport::ContainersPolicy(arguments) => {
            let containers = request(&arguments.common, session)?.containers_policy().map_err(refused)?;
            write(arguments.common.outfile.as_deref(), containers.policy.json().map_err(refused)?.as_bytes())?;
            tell(&containers.policy, session);
            match &arguments.registries_d {
                Some(path) => write(Some(path), containers.registries.as_bytes())?,
                None => session.printer.note(&format!(
                    "note: In a file in /etc/containers/registries.d has to stand:\n{}",
                    containers.registries.trim_end()
                )),
            }
        }
    }
    Ok(ExitCode::Done)
}

/// Writes YAML, which has its notes in it, or JSON.
fn document(export: &Export, file: Option<&Path>, session: &Session) -> Result<(), CommandError> {
    match session.output {
        Output::Table => write(file, export.yaml().map_err(refused)?.as_bytes()),
        Output::Json => {
            write(file, export.json().map_err(refused)?.as_bytes())?;
            tell(export, session);
            Ok(())
        }
    }
}

fn tell(export: &Export, session: &Session) {
    export.notes.iter().for_each(|note| session.printer.note(&format!("note: {note}")));
}

fn refused(error: ExportError) -> CommandError {
    let code = match &error {
        ExportError::Json(_) | ExportError::Yaml { .. } => ExitCode::Failed,
        ExportError::Name { .. } | ExportError::NoImage => ExitCode::Usage,
        _ => ExitCode::Configuration,
    };
    CommandError::of(code, &error)
}
