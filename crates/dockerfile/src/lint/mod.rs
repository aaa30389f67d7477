//! What could be better in a Dockerfile: the rules of BuildKit's `dockerfile` frontend 1.26 (its `docs/rules`), for all stages, needed or not.
//!
//! One of them, `InvalidBaseImagePlatform`, asks a registry; it is left to the build, where a base without the platform is an error.

mod casing;
mod command;
mod copy;
mod expose;
mod finding;
mod folder;
mod form;
mod from;
mod names;
mod options;
mod platform;
mod rule;
mod scope;
mod secrets;
mod subject;
mod suggestion;
#[cfg(test)]
mod tests;
mod variables;

use crate::Recipe;
use crate::instruction::Dockerfile;
use crate::syntax::Lines;
use consign_oci::Platform;
use options::Options;
use subject::{Found, Subject};

pub use finding::Finding;
pub use rule::Rule;

/// Finds what breaks a rule.
type Check = fn(&Subject<'_>) -> Found;

/// The rules, each with what looks for it.
const CHECKS: [(Rule, Check); 21] = [
    (Rule::StageNameCasing, casing::stage_names),
    (Rule::FromAsCasing, casing::from_as),
    (Rule::NoEmptyContinuation, form::empty_continuation),
    (Rule::ConsistentInstructionCasing, casing::instructions),
    (Rule::DuplicateStageName, names::duplicate),
    (Rule::ReservedStageName, names::reserved),
    (Rule::JSONArgsRecommended, command::shell_form),
    (Rule::MaintainerDeprecated, form::maintainer),
    (Rule::UndefinedArgInFrom, from::undefined),
    (Rule::WorkdirRelativePath, folder::relative),
    (Rule::UndefinedVar, variables::undefined),
    (Rule::MultipleInstructionsDisallowed, command::repeated),
    (Rule::LegacyKeyValueFormat, form::separated_by_blank),
    (Rule::RedundantTargetPlatform, platform::redundant),
    (Rule::SecretsUsedInArgOrEnv, secrets::in_variables),
    (Rule::InvalidDefaultArgInFrom, from::invalid_default),
    (Rule::FromPlatformFlagConstDisallowed, platform::constant),
    (Rule::CopyIgnoredFile, copy::left_out),
    (Rule::InvalidDefinitionDescription, names::description),
    (Rule::ExposeProtoCasing, expose::protocol),
    (Rule::ExposeInvalidFormat, expose::format),
];

/// Finds what could be better in a Dockerfile that is built for `platform` on a machine of platform `host`: by line, then by rule. What its
/// `# check=` skips is left out.
pub fn lint(recipe: &Recipe, platform: &Platform, host: &Platform) -> Vec<Finding> {
    let directives = &recipe.file.directives;
    let options = Options::of(directives);
    let given = recipe.given(platform, host);
    let subject = Subject::new(recipe, &given);
    let line = Lines { first: directives.check_line, last: directives.check_line };
    let problems = options.problems.iter();
    let mut findings: Vec<Finding> = problems
        .map(|message| Finding { rule: Rule::InvalidCheckDirective, lines: line, message: message.clone() })
        .collect();
    for (rule, check) in CHECKS.into_iter().filter(|(rule, _)| options.wants(*rule)) {
        findings.extend(check(&subject).into_iter().map(|(lines, message)| Finding { rule, lines, message }));
    }
    findings.sort_by(|one, other| {
        (one.lines.first, one.rule, &one.message).cmp(&(other.lines.first, other.rule, &other.message))
    });
    findings.dedup();
    findings
}

/// Returns whether a Dockerfile wants findings to be errors: `# check=error=true`.
pub fn denies(file: &Dockerfile) -> bool {
    Options::of(&file.directives).error
}
