use crate::arguments::{Output, StoreCheck};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_report::{size, table};
use consign_store::{Audit, Finding, Remedy};
use serde::Serialize;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// Most findings that are shown to a person.
const SHOWN: usize = 200;

pub(crate) async fn run(arguments: &StoreCheck, session: &Session) -> Result<ExitCode, CommandError> {
    let store = session.store().await?;
    let root = store.root().to_owned();
    let jobs = session.global.jobs.and_then(|jobs| NonZero::new(usize::from(jobs)));
    let threads = jobs.or_else(|| available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN);
    let repair = arguments.repair;
    let audit = on_a_thread(move || Ok(store.audit(repair, threads)?)).await?;
    let report = Report::of(&audit, &root);
    let failure = failure(&audit, repair, &root);
    match (session.output, failure) {
        (Output::Json, Some(error)) => Err(error.with_report(serde_json::to_value(&report)?)),
        (Output::Json, None) => session.printer.json(&report).map(|()| ExitCode::Done),
        (Output::Table, failure) => {
            session.printer.data(&report.text())?;
            failure.map_or(Ok(ExitCode::Done), Err)
        }
    }
}

/// Returns what to say if something is still wrong, and what helps.
fn failure(audit: &Audit, repair: bool, root: &Path) -> Option<CommandError> {
    let message = match audit.left.values().sum() {
        0_u64 => return None,
        1 => "1 thing in the store is wrong".to_owned(),
        left => format!("{left} things in the store are wrong"),
    };
    let error = CommandError::new(ExitCode::Failed, message);
    let hint = |remedy: &Remedy| {
        match remedy {
        Remedy::Remove | Remedy::Secure if !repair => {
            "`consign store check --repair` puts right what it can, and the next run makes anew what it removes"
                .to_owned()
        }
        Remedy::Name => {
            "only you can make an image again that has a name (`consign build --to store:NAME`), or delete its reference"
                .to_owned()
        }
        _ => format!("what consign did not write, or cannot read or remove, stays: look into {}", root.display()),
    }
    };
    let mut hints: Vec<String> = audit.left.keys().map(hint).collect();
    hints.dedup();
    Some(hints.into_iter().fold(error, CommandError::hint))
}

/// What was found, for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    root: PathBuf,
    blobs: u64,
    bytes: u64,
    records: u64,
    unfinished: u64,
    wrong: u64,
    removed: u64,
    secured: u64,
    findings: Vec<Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// Relative to the root.
    path: PathBuf,
    problem: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    removed: bool,
    secured: bool,
}

impl Report {
    fn of(audit: &Audit, root: &Path) -> Self {
        let row = |finding: &Finding| Row {
            path: finding.path.strip_prefix(root).unwrap_or(&finding.path).to_owned(),
            problem: finding.problem.to_string(),
            expected: finding.problem.expected(),
            found: finding.problem.found(),
            removed: finding.repaired && finding.remedy == Remedy::Remove,
            secured: finding.repaired && finding.remedy == Remedy::Secure,
        };
        let &Audit { blobs, bytes, records, unfinished, .. } = audit;
        let wrong = audit.left.values().chain(audit.repaired.values()).sum();
        let repaired = |remedy| audit.repaired.get(&remedy).copied().unwrap_or_default();
        let (removed, secured) = (repaired(Remedy::Remove), repaired(Remedy::Secure));
        let findings = audit.findings.iter().map(row).collect();
        Self { root: root.to_owned(), blobs, bytes, records, unfinished, wrong, removed, secured, findings }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.findings.is_empty() {
            let rows: Vec<_> = self.findings.iter().take(SHOWN).map(Row::cells).collect();
            text.push_str(&table(&["path", "problem", "expected", "found", ""], &rows));
            if let Some(more @ 1..) = self.wrong.checked_sub(rows.len() as u64) {
                text.push_str(&format!("and {more} more\n"));
            }
            text.push('\n');
        }
        text.push_str(&format!("{} blobs ({}) and {} records: ", self.blobs, size(self.bytes), self.records));
        if self.wrong == 0 {
            return text + "nothing is wrong\n";
        }
        text.push_str(&format!("{} wrong", self.wrong));
        for (count, what) in [(self.removed, "removed"), (self.secured, "secured")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text + "\n"
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let state = match (self.removed, self.secured) {
            (true, _) => "removed",
            (_, true) => "secured",
            _ => "",
        };
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let path = self.path.display().to_string();
        vec![path, self.problem.clone(), or_dash(&self.expected), or_dash(&self.found), state.to_owned()]
    }
}
