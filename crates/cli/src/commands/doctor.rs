use crate::arguments::{Doctor, Output};
use crate::doctor::{self, Finding, Level};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use serde_json::json;

pub(crate) async fn run(arguments: &Doctor, session: &Session) -> Result<ExitCode, CommandError> {
    let findings = match (arguments.fix, arguments.undo) {
        (_, true) => doctor::undo()?,
        (true, false) => {
            let mut findings = doctor::fix(session)?;
            findings.extend(doctor::examine(session).await);
            findings
        }
        (false, false) => doctor::examine(session).await,
    };
    let failed = findings.iter().filter(|finding| finding.level == Level::Fail).count();
    let failure = (failed > 0).then(|| {
        let message = if failed == 1 { "1 thing fails".to_owned() } else { format!("{failed} things fail") };
        CommandError::new(ExitCode::Failed, message)
    });
    let report = json!({ "findings": findings });
    match (session.output, failure) {
        (Output::Json, Some(error)) => Err(error.with_report(report)),
        (Output::Json, None) => session.printer.json(&report).map(|()| ExitCode::Done),
        (Output::Table, failure) => {
            session.printer.data(&text(&findings))?;
            failure.map_or(Ok(ExitCode::Done), Err)
        }
    }
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
