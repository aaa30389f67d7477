//! What could be better in Dockerfiles: warnings, or errors where somebody wants that.

use crate::arguments::Deny;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::hadolint;
use crate::session::{Session, host_platform};
use crate::workshop::{LintedFile, Planned};
use consign_dockerfile::lint::{Finding, denies, lint};
use consign_plan::configuration::{LintEngine, SourceFile, Warning};
use serde_json::json;
use std::collections::BTreeSet;

/// Most warnings about one file.
pub(crate) const LIMIT: usize = 1000;

/// Shows what could be better in the configuration and the Dockerfiles of a plan, each thing once, and returns it. Fails if there is something, and the command line or
/// the file makes it an error.
pub(crate) fn check(session: &Session, planned: &Planned, deny: Option<Deny>) -> Result<Vec<Warning>, CommandError> {
    let mut files: Vec<LintedFile<'_>> = planned.dockerfiles().collect();
    files.sort_by_key(|file| file.path);
    let (mut warnings, mut denier) =
        (planned.configuration.warnings(), deny.map(|Deny::Warnings| "`--deny warnings`".to_owned()));
    let own = warnings.len();
    let mut said = BTreeSet::new();
    for file in &files {
        let found = match file.engine {
            LintEngine::Consign => of_file(file)?,
            LintEngine::Hadolint => hadolint::check(file.path, file.text)?,
        };
        if !found.is_empty() && denies(&file.recipe.file) {
            denier.get_or_insert_with(|| format!("`# check=error=true` in {}", file.path.display()));
        }
        // Several images can be made of one file.
        warnings.extend(
            found.into_iter().filter(|found| {
                said.insert((found.file.clone(), found.line, found.rule.clone(), found.message.clone()))
            }),
        );
    }
    let denier = denier.filter(|_| !warnings.is_empty());
    warnings.iter().for_each(|warning| session.printer.warning(warning, denier.is_some()));
    let Some(denier) = denier else { return Ok(warnings) };
    let them = match warnings.len() {
        1 => "1 warning is an error".to_owned(),
        count => format!("{count} warnings are errors"),
    };
    let error = CommandError::new(ExitCode::Configuration, format!("{them} by {denier}"));
    let hint = "`# check=skip=RULE` in the first line of a Dockerfile leaves a rule out";
    let error = if warnings.len() > own { error.hint(hint) } else { error };
    Err(error.with_report(json!({ "warnings": warnings })))
}

fn of_file(file: &LintedFile<'_>) -> Result<Vec<Warning>, CommandError> {
    let host = host_platform()?;
    let mut findings: Vec<Finding> = Vec::new();
    for platform in file.platforms {
        let more = lint(file.recipe, platform, &host);
        let new: Vec<Finding> = more.into_iter().take(LIMIT).filter(|finding| !findings.contains(finding)).collect();
        findings.extend(new);
    }
    findings.sort_by_key(|finding| (finding.lines.first, finding.rule));
    let source = SourceFile::other(&file.path.to_string_lossy(), file.text);
    let warning = |finding: &Finding| {
        let first = finding.lines.first;
        let line = file.text.lines().nth(first.saturating_sub(1)).unwrap_or_default();
        source.warning(finding.rule.name(), source.line(first, line), &finding.message)
    };
    Ok(findings.iter().take(LIMIT).map(warning).collect())
}
