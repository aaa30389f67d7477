//! The order of versions against the programs whose order it is, where they are installed, on versions made up at random.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says so if it is not run"
)]

use consign_package::version::VersionOrder;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::io::Write;
use std::process::{Command, Stdio};

const NUMBERS: &[&str] = &["0", "1", "2", "10", "01"];

/// Makes pairs of versions, each of a start and pieces.
fn pairs(starts: &'static [&'static str], pieces: &'static [&'static str], count: u64) -> Vec<(String, String)> {
    let mut runner = TestRunner::deterministic();
    let start = prop::sample::select(starts);
    let piece = prop::sample::select(pieces);
    let version =
        (start, prop::collection::vec(piece, 0..5)).prop_map(|(first, rest)| first.to_owned() + &rest.concat());
    let pair = (version.clone(), version);
    (0..consign_testkit::mutate::cases_or(count)).map(|_| pair.new_tree(&mut runner).unwrap().current()).collect()
}

/// Asks a program, which reads two words a line, for `<`, `=`, `>`, or `?` where one of them is no version to it.
fn agrees(order: VersionOrder, command: &mut Command, pairs: &[(String, String)]) {
    let program = command.get_program().to_string_lossy().into_owned();
    let Ok(mut child) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        return println!("not run: {} is not installed", program);
    };
    let lines: String = pairs.iter().map(|(one, other)| format!("{one} {other}\n")).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(input.write_all(lines.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() || answers.is_empty() {
        return println!("not run: {program} does not have what compares versions");
    }
    let mut compared = 0;
    assert_eq!(answers.lines().count(), pairs.len());
    for (answer, (one, other)) in answers.lines().zip(pairs) {
        let found = match order.compare(one, other) {
            Ok(order) => ["<", "=", ">"][(order as i8 + 1) as usize],
            Err(_) => "?",
        };
        // What its own program refuses may have an order here.
        assert!(answer == "?" || answer == found, "{one} {answer} {other}, and not {found}");
        compared += usize::from(answer != "?");
    }
    assert!(compared * 10 > pairs.len(), "{program} took only {compared} of {}", pairs.len());
}

#[test]
fn dpkg() {
    let script = r#"while read -r one other; do
        if dpkg --compare-versions "$one" lt "$other"; then echo '<'
        elif dpkg --compare-versions "$one" eq "$other"; then echo '='
        elif dpkg --compare-versions "$one" gt "$other"; then echo '>'
        else echo '?'; fi
    done"#;
    let pieces = &["0", "1", "10", "01", ".", "~", "+", "-", ":", "a", "b", "Z", ".1", "-1", "~~"];
    if Command::new("dpkg").arg("--version").stdout(Stdio::null()).status().is_err() {
        return println!("not run: dpkg is not installed");
    }
    agrees(VersionOrder::Dpkg, Command::new("sh").args(["-c", script]), &pairs(NUMBERS, pieces, 150));
}

#[test]
fn python() {
    let script = r"
import sys
from packaging.version import Version, InvalidVersion
for line in sys.stdin:
    try:
        one, other = map(Version, line.split())
        print('<' if one < other else '>' if one > other else '=')
    except InvalidVersion:
        print('?')
";
    let pieces = &[
        ".0", ".1", ".10", "a1", "b", "rc2", ".alpha", "-BETA-2", "_pre", "c1", ".post1", "-1", "-r2", ".rev", ".dev3",
        "dev", "+a", "+1", ".x", ".00", "+b.1-C", "1", "preview_", "!1",
    ];
    agrees(VersionOrder::Python, Command::new("python3").args(["-c", script]), &pairs(NUMBERS, pieces, 4000));
}

#[test]
fn npm() {
    let script = r"
const semver = require('semver');
const lines = require('fs').readFileSync(0, 'utf8').split('\n').slice(0, -1);
for (const line of lines) {
  const [one, other] = line.split(' ');
  try { console.log(['<', '=', '>'][semver.compare(one, other, { loose: true }) + 1]); } catch { console.log('?'); }
}
";
    let pieces = &["-0", "-1", "-a", "-alpha.1", ".10", ".b", "beta", "+x", "+1.2", "-01", "-rc.2", "--", "-x.7.z.92"];
    let folders = "/usr/share/nodejs:/usr/lib/node_modules:/usr/lib/node_modules/npm/node_modules";
    // node-semver takes `1.2.34.5` for `1.2.3-4.5`: that is no order to follow.
    let has_more_numbers = |version: &str| {
        let end = version.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(version.len());
        version[..end].matches('.').count() > 2
    };
    let mut pairs = pairs(&["0.1.2", "1.2.0", "1.2.3", "1.2.10", "v1.10.0", "1.2"], pieces, 4000);
    pairs.retain(|(one, other)| !has_more_numbers(one) && !has_more_numbers(other));
    agrees(VersionOrder::Npm, Command::new("node").args(["-e", script]).env("NODE_PATH", folders), &pairs);
}
