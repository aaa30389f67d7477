use crate::{Account, Test, TestFailure, TestReport, TrialError, TrialReport, account};
use consign_oci::{Digest, ImageConfig};
use consign_receipt::predicate::{ResourceDescriptor, TEST_RESULT, TestOutcome, TestResult};
use consign_receipt::{Receipt, Statement};
use consign_sandbox::{Command, Emulation, Exit, Host, Outcome, Sandbox, SandboxError, Step, emulator};
use rustix::fs::{StatVfsMountFlags, statvfs};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of a test's output that are looked at: the last ones.
const OUTPUT_LIMIT: usize = 1 << 20;
/// Characters of a test's output that are reported: the last ones.
const REPORTED: usize = 4000;
/// Lines of it that are reported at most: the last ones.
const REPORTED_LINES: usize = 40;
/// Where programs are looked up when the image does not say, as with other engines.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An image to be tried.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The folder that its layers were unpacked into. Tests may write to it, and see what earlier ones wrote.
    pub root: &'a Path,
    /// Its config.
    pub config: &'a ImageConfig,
    /// The digest of its manifest, which the receipt is about.
    pub subject: &'a Digest,
    /// The digest of the list of tests as planned, by which the gate knows that no test was left out.
    pub configuration: &'a Digest,
    /// What runs the tests.
    pub sandbox: &'a Sandbox,
}

/// Runs the tests, one after the other. A test that fails does not keep the next from running.
pub async fn run(trial: &Trial<'_>, tests: &[Test]) -> Result<TrialReport, TrialError> {
    let emulation = emulator(&trial.config.platform, &Host::of_this_machine()?)?;
    // The tests would say that permission is denied, as if the image were to blame.
    if statvfs(trial.root).is_ok_and(|file_system| file_system.f_flag.contains(StatVfsMountFlags::NOEXEC)) {
        return Err(TrialError::NoExecution { root: trial.root.to_owned() });
    }
    let mut results = Vec::new();
    for test in tests {
        results.push(run_test(trial, test, &emulation).await?);
    }
    let receipt = receipt(trial, &results)?;
    Ok(TrialReport { results, receipt })
}

async fn run_test(trial: &Trial<'_>, test: &Test, emulation: &Emulation) -> Result<TestReport, TrialError> {
    let report = |failure, output| TestReport { name: test.name.clone(), failure, output };
    let user = test.user.as_deref().unwrap_or(&trial.config.config.user);
    let account = match account(trial.root, user) {
        Ok(account) => account,
        Err(error) => return Ok(report(Some(error.into()), String::new())),
    };
    match trial.sandbox.run(&command(trial, test, account, emulation)).await {
        Ok(outcome) => Ok(report(judge(test, &outcome), tail(&outcome.text()))),
        Err(source) if is_the_image_s_fault(&source) => Ok(report(Some(TestFailure::Command(source)), String::new())),
        Err(source) => Err(TrialError::Sandbox { test: test.name.clone(), source }),
    }
}

fn command(trial: &Trial<'_>, test: &Test, account: Account, emulation: &Emulation) -> Command {
    let config = &trial.config.config;
    let mut environment =
        BTreeMap::from([("PATH".to_owned(), DEFAULT_PATH.to_owned()), ("HOME".to_owned(), account.home)]);
    let stated = config.env.iter().flatten().filter_map(|variable| variable.split_once('='));
    environment.extend(stated.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment.extend(test.environment.clone());
    let mut command = Command::new(trial.root, test.command.clone());
    command.environment = environment;
    command.user = account.user;
    if !config.working_dir.is_empty() {
        command.working_directory = config.working_dir.clone();
    }
    command.emulation = emulation.clone();
    command.limits.time = test.timeout;
    command.limits.kept_output = OUTPUT_LIMIT;
    command
}

fn is_the_image_s_fault(error: &SandboxError) -> bool {
    match error {
        SandboxError::NotFound { .. } | SandboxError::WrongMachine { .. } | SandboxError::Execute { .. } => true,
        SandboxError::Setup { step, .. } => *step == Step::WorkingDirectory,
        _ => false,
    }
}

fn judge(test: &Test, outcome: &Outcome) -> Option<TestFailure> {
    match outcome.exit {
        Exit::TimedOut => return Some(TestFailure::TimedOut { limit: test.timeout }),
        Exit::Signal(signal) => return Some(TestFailure::Signal { signal }),
        // Tests have no such limits.
        Exit::OutOfMemory | Exit::OutOfDisk => return Some(TestFailure::Signal { signal: 9 }),
        Exit::Code(code) if code != test.expect_exit => {
            return Some(TestFailure::Exit { code, expected: test.expect_exit });
        }
        Exit::Code(_) => {}
    }
    let expected = test.expect_output.as_ref().filter(|expected| !outcome.text().contains(expected.as_str()))?;
    Some(TestFailure::Output { expected: expected.clone(), truncated: outcome.truncated })
}

/// Returns the end of a text, without what would steer a terminal.
fn tail(text: &str) -> String {
    let start = text.char_indices().rev().nth(REPORTED - 1).map_or(0, |(start, _)| start);
    let end = text.trim_end_matches('\n').len();
    let line = text[..end].rmatch_indices('\n').nth(REPORTED_LINES - 1).map_or(0, |(end, _)| end + 1);
    text[start.max(line)..]
        .chars()
        .map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c })
        .collect()
}

fn receipt(trial: &Trial<'_>, results: &[TestReport]) -> Result<Receipt, serde_json::Error> {
    let names = |passed| results.iter().filter(|test| test.passed() == passed).map(|test| test.name.clone()).collect();
    let tests = ResourceDescriptor::named("tests", None, trial.configuration);
    let predicate = TestResult {
        result: if results.iter().all(TestReport::passed) { TestOutcome::Passed } else { TestOutcome::Failed },
        configuration: vec![tests],
        passed_tests: names(true),
        failed_tests: names(false),
    };
    Receipt::made(Statement::new(trial.subject, TEST_RESULT, serde_json::to_value(predicate)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_the_end() {
        assert_eq!(tail(&format!("{}é\n", "x".repeat(REPORTED))), format!("{}é\n", "x".repeat(REPORTED - 2)));
        assert_eq!(tail("a\x1b[2Jb\r"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(tail(""), "");
        let lines = |numbers: std::ops::Range<usize>| numbers.map(|number| format!("{number}\n")).collect::<String>();
        assert_eq!(tail(&lines(0..REPORTED_LINES)), lines(0..REPORTED_LINES));
        assert_eq!(tail(&lines(0..100)), lines(100 - REPORTED_LINES..100));
        assert_eq!(tail("\n\n"), "\n\n");
    }
}
