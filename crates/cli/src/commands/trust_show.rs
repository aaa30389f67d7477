use crate::arguments::{Output, TrustShow};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::kept_trust;
use crate::services::services;
use crate::session::Session;
use crate::signer::trusted_root;
use crate::trust_entry::{COLUMNS, TrustEntry};
use consign_report::{printable, table};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) fn run(arguments: &TrustShow, session: &Session) -> Result<ExitCode, CommandError> {
    let now = Timestamp::now();
    let root = trusted_root(arguments.trusted_root.as_deref(), session)?;
    let roots = TrustEntry::of_root(&root);
    // Whoever names one file alone asks about that alone.
    let services = match (&arguments.trusted_root, arguments.signing_config.as_deref()) {
        (Some(_), None) => Vec::new(),
        (None, None) => {
            services(session, None, now).map(|services| TrustEntry::of_services(&services)).or_else(|error| {
                session.printer.note(&format!("note: {}", error.why()));
                Ok::<_, CommandError>(Vec::new())
            })?
        }
        (_, file) => TrustEntry::of_services(&services(session, file, now)?),
    };
    let source = source(arguments, session, now)?;
    match session.output {
        Output::Json => {
            let roots: Vec<_> = roots.iter().map(|members| json!({ "members": members })).collect();
            session.printer.json(&json!({ "source": source, "roots": roots, "services": services }))?;
        }
        Output::Table => {
            let rows = |entries: &Vec<TrustEntry>| entries.iter().map(TrustEntry::row).collect::<Vec<_>>();
            let mut tables: Vec<_> = roots.iter().map(|members| table(&COLUMNS, &rows(members))).collect();
            if !services.is_empty() {
                let rows: Vec<_> = rows(&services).into_iter().map(|row| row.into_iter().take(3).collect()).collect();
                tables.push(table(&["who is asked", "name", "id"], &rows));
            }
            let head = if arguments.trusted_root.is_some() { String::new() } else { text(&source) };
            session.printer.data(&format!("{head}{}", tables.join("\n")))?;
        }
    }
    Ok(ExitCode::Done)
}

/// Returns where that is from.
fn source(arguments: &TrustShow, session: &Session, now: Timestamp) -> Result<Value, CommandError> {
    if let Some(path) = &arguments.trusted_root {
        return Ok(json!({ "kind": "file", "file": path }));
    }
    Ok(match kept_trust::material(session, now)? {
        None => json!({ "kind": "built-in" }),
        Some((repository, material)) => json!({
            "kind": "kept",
            "repository": repository.mirror(),
            "rootVersion": material.root_version,
            "version": material.version,
            "expires": material.expires.to_string(),
            "file": kept_trust::path(session),
        }),
    })
}

fn text(source: &Value) -> String {
    let get = |key: &str| source.get(key).and_then(Value::as_str);
    let lines = match (get("repository"), get("expires"), get("file")) {
        (Some(repository), Some(expires), Some(file)) => {
            vec![("from", repository), ("expires", expires), ("kept in", file)]
        }
        _ => vec![("from", "consign, as it was made")],
    };
    let lines: String = lines.iter().map(|(name, value)| format!("{name:<7}  {}\n", printable(value))).collect();
    lines + "\n"
}
