use crate::arguments::Output;
use crate::doctor::{self, Finding, Level};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use serde_json::json;

pub(crate) async fn run(session: &Session) -> Result<ExitCode, CommandError> {
    let findings = doctor::examine(session).await;
    match session.output {
        Output::Json => session.printer.json(&json!({ "findings": findings }))?,
        Output::Table => session.printer.data(&text(&findings))?,
    }
    let failed = findings.iter().any(|finding| finding.level == Level::Fail);
    Ok(if failed { ExitCode::Failed } else { ExitCode::Done })
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.area.len()).max().unwrap_or(0);
    let line = |finding: &Finding| {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Skip => "skip",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        let next = finding.next.as_ref().map(|next| format!("{:1$}next: {next}\n", "", 4 + 2 + width + 2));
        format!("{level:4}  {:width$}  {}\n{}", finding.area, finding.message, next.unwrap_or_default())
    };
    findings.iter().map(line).collect()
}
