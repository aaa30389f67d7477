use crate::install;
use crate::run::{Failure, cargo, root};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How many peers may be absent where CI runs. Each is named, and counted in the last line.
const MAY_BE_ABSENT: usize = 0;

/// Runs all tests. Peers that are absent are named and counted, so that a skipped check is seen.
pub(crate) fn test(filter: &[String]) -> Result<(), Failure> {
    install::everything()?;
    let not_run = root().join("target/not-run.txt");
    let _ = fs::remove_file(&not_run);
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.args(filter).env("CONSIGN_NOT_RUN", &not_run).env("CONSIGN_COUNTS", new_counts()).env("PATH", path()?);
    let (passed, failed) = counted(&mut command)?;
    let absent = fs::read_to_string(&not_run).unwrap_or_default();
    let mut absent: Vec<&str> = absent.lines().collect();
    absent.sort_unstable();
    absent.dedup();
    for name in &absent {
        println!("not run: {name}");
    }
    print_counts();
    println!("\n{passed} passed, {failed} failed, {} skipped", absent.len());
    if failed > 0 {
        return Err(Failure(format!("{failed} tests failed")));
    }
    if std::env::var_os("CI").is_some() && absent.len() > MAY_BE_ABSENT {
        return Err(Failure(format!("{} peers are absent; in CI at most {MAY_BE_ABSENT} may be", absent.len())));
    }
    Ok(())
}

/// Returns the search path, with the programs first that were unpacked for the tests alone, and those that only root uses as a rule.
fn path() -> Result<OsString, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = install::private_programs()
        .into_iter()
        .chain(std::env::split_paths(&path))
        .chain(["/usr/sbin".into(), "/sbin".into()]);
    std::env::join_paths(all).map_err(|error| Failure(format!("the search path cannot be used: {error}")))
}

/// Runs what takes too long for every change: every test again, with a hundred times as many random cases, and with every fault instead of a
/// selection.
pub(crate) fn soak(filter: &[String]) -> Result<(), Failure> {
    install::everything()?;
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.args(filter).env("PROPTEST_CASES", "20000").env("CONSIGN_SOAK", "1").env("CONSIGN_COUNTS", new_counts());
    let (passed, failed) = counted(command.env("PATH", path()?))?;
    print_counts();
    println!("\nsoak: {passed} passed, {failed} failed");
    if failed > 0 { Err(Failure(format!("{failed} tests failed"))) } else { Ok(()) }
}

/// Where tests write how many cases they tried.
fn counts() -> PathBuf {
    root().join("target/counts.txt")
}

fn new_counts() -> PathBuf {
    // Where there is none there is nothing to remove.
    let _ = fs::remove_file(counts());
    counts()
}

fn print_counts() {
    let text = fs::read_to_string(counts()).unwrap_or_default();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.iter().for_each(|line| println!("{line}"));
}

/// Runs cargo's tests, shows what they print, and adds up what the runners say at their ends.
fn counted(command: &mut Command) -> Result<(u64, u64), Failure> {
    use std::io::{BufRead, BufReader};
    let started = |error| Failure(format!("cargo could not be started: {error}"));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(started)?;
    let (mut passed, mut failed) = (0, 0);
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if let Some(result) = line.strip_prefix("test result: ") {
                passed += number_before(result, " passed");
                failed += number_before(result, " failed");
            }
            println!("{line}");
        }
    }
    let status = child.wait().map_err(started)?;
    if !status.success() && failed == 0 {
        return Err(Failure(format!("`cargo test` ended with {status}")));
    }
    Ok((passed, failed))
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}
