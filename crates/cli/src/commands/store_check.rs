use crate::arguments::{Output, StoreCheck};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, on_a_thread};
use consign_report::{size, table};
use consign_store::{Audit, Finding};
use serde::Serialize;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// Most findings that are shown to a person.
const SHOWN: usize = 200;

pub(crate) async fn run(arguments: &StoreCheck, session: &Session) -> Result<ExitCode, CommandError> {
    let store = session.store()?;
    let root = store.root().to_owned();
    let jobs = session.global.jobs.and_then(|jobs| NonZero::new(usize::from(jobs)));
    let threads = jobs.or_else(|| available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN);
    let repair = arguments.repair;
    let audit = on_a_thread(move || Ok(store.audit(repair, threads)?)).await?;
    let report = Report::of(&audit, &root);
    let failure = (audit.left > 0).then(|| {
        let message = match audit.left {
            1 => "1 thing in the store is wrong".to_owned(),
            left => format!("{left} things in the store are wrong"),
        };
        let error = CommandError::new(ExitCode::Failed, message);
        match repair {
            true => error.hint(format!("what consign did not write it does not remove: look into {}", root.display())),
            false => error.hint("`consign store check --repair` removes what is wrong, and the next run makes it anew"),
        }
    });
    match (session.output, failure) {
        (Output::Json, Some(error)) => Err(error.with_report(serde_json::to_value(&report)?)),
        (Output::Json, None) => session.printer.json(&report).map(|()| ExitCode::Done),
        (Output::Table, failure) => {
            session.printer.data(&report.text())?;
            failure.map_or(Ok(ExitCode::Done), Err)
        }
    }
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
}

impl Report {
    fn of(audit: &Audit, root: &Path) -> Self {
        let row = |finding: &Finding| Row {
            path: finding.path.strip_prefix(root).unwrap_or(&finding.path).to_owned(),
            problem: finding.problem.to_string(),
            expected: finding.problem.expected(),
            found: finding.problem.found(),
            removed: finding.removed,
        };
        let &Audit { blobs, bytes, records, unfinished, wrong, left, .. } = audit;
        let (removed, findings) = (wrong - left, audit.findings.iter().map(row).collect());
        Self { root: root.to_owned(), blobs, bytes, records, unfinished, wrong, removed, findings }
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
        match (self.wrong, self.removed) {
            (0, _) => text.push_str("nothing is wrong\n"),
            (wrong, 0) => text.push_str(&format!("{wrong} wrong\n")),
            (wrong, removed) => text.push_str(&format!("{wrong} wrong, {removed} removed\n")),
        }
        text
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let state = if self.removed { "removed" } else { "" };
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let path = self.path.display().to_string();
        vec![path, self.problem.clone(), or_dash(&self.expected), or_dash(&self.found), state.to_owned()]
    }
}
