//! The words of this repository: what people run by hand is what CI runs.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to the one who runs it")]

mod bench;
mod check;
mod demo;
mod install;
mod run;
mod test;

use run::Failure;
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "\
Usage: cargo xtask WORD

  setup     installs the programs from Debian's packages that tests and demo use
  check     format, lints
  test      all tests (`setup` included), counted at the end
  demo      the main job on examples/hello, on this machine
  generate  writes the generated docs again
  bench     measures consign beside its peers, in one run
  soak      what takes too long for `test`: far more random cases, and every fault instead of a selection
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let word = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let started = Instant::now();
    let outcome = match word.as_str() {
        "setup" => install::everything(),
        "check" => check::check(),
        "test" => test::test(&rest),
        "demo" => demo::demo(),
        "generate" => check::generate(),
        "bench" => bench::bench(&rest),
        "soak" => test::soak(&rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => {
            eprintln!("xtask {word}: {} s", started.elapsed().as_secs());
            ExitCode::SUCCESS
        }
        Err(Failure(message)) => {
            eprintln!("xtask {word}: {message}");
            ExitCode::FAILURE
        }
    }
}
