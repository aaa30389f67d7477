use crate::arguments::{Output, TrustShow};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use crate::signer::trusted_root;
use consign_report::table;
use consign_trust::Member;
use serde_json::{Value, json};

/// Characters of an identity in a table.
const SHORT: usize = 12;

pub(crate) fn run(arguments: &TrustShow, session: &Session) -> Result<ExitCode, CommandError> {
    let roots = trusted_root(arguments.trusted_root.as_deref())?.members();
    match session.output {
        Output::Json => {
            let roots: Vec<_> =
                roots.iter().map(|root| json!({ "members": root.iter().map(as_json).collect::<Vec<_>>() })).collect();
            session.printer.json(&json!({ "roots": roots }))?;
        }
        Output::Table => {
            let tables = roots
                .iter()
                .map(|root| table(&["what", "name", "id", "from", "until"], &root.iter().map(row).collect::<Vec<_>>()));
            session.printer.data(&tables.collect::<Vec<_>>().join("\n"))?;
        }
    }
    Ok(ExitCode::Done)
}

fn row(member: &Member) -> Vec<String> {
    let time = |time: Option<jiff::Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    let id = member.id.chars().take(SHORT).collect();
    vec![member.kind.word().to_owned(), member.name.clone(), id, time(member.from), time(member.until)]
}

fn as_json(member: &Member) -> Value {
    json!({
        "kind": member.kind.word(),
        "name": member.name,
        "id": member.id,
        "key": member.key,
        "from": member.from.map(|time| time.to_string()),
        "until": member.until.map(|time| time.to_string()),
    })
}
