use crate::install;
use crate::run::{Failure, cargo, root};
use std::fs;
use std::process::{Command, Stdio};

/// Runs all tests. Peers that are absent are named and counted, so that a skipped check is seen.
pub fn test(filter: &[String]) -> Result<(), Failure> {
    install::everything()?;
    let not_run = root().join("target/not-run.txt");
    let _ = fs::remove_file(&not_run);
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    command.args(filter).env("CONSIGN_NOT_RUN", &not_run);
    let (passed, failed) = counted(&mut command)?;
    let absent = fs::read_to_string(&not_run).unwrap_or_default();
    let mut absent: Vec<&str> = absent.lines().collect();
    absent.sort_unstable();
    absent.dedup();
    for name in &absent {
        println!("not run: {name}");
    }
    println!("\n{passed} passed, {failed} failed, {} skipped", absent.len());
    if failed > 0 { Err(Failure(format!("{failed} tests failed"))) } else { Ok(()) }
}

/// Runs what takes too long for every change: every test again with many more random cases, and the example built repeatedly.
pub fn soak() -> Result<(), Failure> {
    install::everything()?;
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    let (passed, failed) = counted(command.env("PROPTEST_CASES", "20000").env("CONSIGN_SOAK", "1"))?;
    println!("\nsoak: {passed} passed, {failed} failed");
    if failed > 0 { Err(Failure(format!("{failed} tests failed"))) } else { Ok(()) }
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
