//! Tries an image that holds this very program, which is test, sandbox's init and command at once.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test, without libtest")]

use consign_oci::{Digest, ImageConfig, RootFilesystem, RuntimeConfig};
use consign_receipt::Trust;
use consign_receipt::predicate::{TEST_RESULT, TestOutcome, TestResult};
use consign_sandbox::{EmulationError, Host, Sandbox};
use consign_trial::{Test, Trial, TrialError, TrialReport, run};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    consign_sandbox::init::main_if_requested();
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [program, rest @ ..] if program.ends_with("probe") => probe(rest),
        _ if words.contains(&"--list") => ExitCode::SUCCESS,
        _ => {
            type Case = (&'static str, fn(&Fixture));
            let cases: [Case; 5] = [
                ("blames no image for its place", blames_no_image_for_its_place),
                ("runs as the config says", runs_as_the_config_says),
                ("says why a test failed", says_why_a_test_failed),
                ("leaves the same receipt for the same result", leaves_a_receipt),
                ("says when nothing can be tried", says_when_nothing_can_be_tried),
            ];
            let root = tempfile::tempdir().unwrap();
            let fixture = fixture(root.path());
            for (name, case) in cases {
                println!("test {name}");
                case(&fixture);
            }
            println!("{} tests passed", cases.len());
            ExitCode::SUCCESS
        }
    }
}

/// What the program does inside the image.
fn probe(arguments: &[&str]) -> ExitCode {
    match arguments {
        ["exit", code] => return ExitCode::from(code.parse::<u8>().unwrap()),
        ["abort"] => std::process::abort(),
        ["environment"] => std::env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["place"] => println!("in {}", std::env::current_dir().unwrap().display()),
        ["user"] => println!("{}:{}", rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw()),
        ["sleep"] => std::thread::sleep(Duration::from_secs(1000)),
        other => panic!("not a probe: {other:?}"),
    }
    ExitCode::SUCCESS
}

struct Fixture {
    root: PathBuf,
    config: ImageConfig,
}

fn fixture(root: &Path) -> Fixture {
    for folder in ["opt/bin", "etc", "srv"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::copy(std::env::current_exe().unwrap(), root.join("opt/bin/probe")).unwrap();
    fs::write(root.join("opt/bin/data"), "no program").unwrap();
    fs::write(root.join("etc/passwd"), "root:x:0:0::/root:\nweb:x:33:34::/srv:\n").unwrap();
    let config = RuntimeConfig {
        user: "web".to_owned(),
        env: Some(["PATH=/opt/bin", "A=image", "B=image", "broken"].map(str::to_owned).to_vec()),
        entrypoint: Some(vec!["/not/used".to_owned()]),
        working_dir: "/srv".to_owned(),
        ..RuntimeConfig::default()
    };
    let platform = Host::of_this_machine().unwrap().platform;
    let config = ImageConfig {
        created: None,
        author: None,
        platform,
        config,
        rootfs: RootFilesystem::new(Vec::new()),
        history: Vec::new(),
    };
    Fixture { root: root.to_owned(), config }
}

fn test(name: &str, command: &[&str]) -> Test {
    Test {
        name: name.to_owned(),
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        user: None,
        environment: BTreeMap::new(),
        timeout: Duration::from_secs(120),
        expect_exit: 0,
        expect_output: None,
    }
}

fn expecting(output: &str, test: Test) -> Test {
    Test { expect_output: Some(output.to_owned()), ..test }
}

fn try_image(fixture: &Fixture, config: &ImageConfig, tests: &[Test]) -> Result<TrialReport, TrialError> {
    let sandbox = Sandbox { init: std::env::current_exe().unwrap() };
    let (subject, configuration) = (Digest::of(b"manifest"), Digest::of(b"tests"));
    let trial =
        Trial { root: &fixture.root, config, subject: &subject, configuration: &configuration, sandbox: &sandbox };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(&trial, tests))
}

fn runs_as_the_config_says(fixture: &Fixture) {
    let mut environment =
        expecting("A=image\nB=test\nHOME=/srv\nPATH=/opt/bin\n", test("environment", &["probe", "environment"]));
    environment.environment.insert("B".to_owned(), "test".to_owned());
    let tests = [
        environment,
        expecting("in /srv", test("place", &["/opt/bin/probe", "place"])),
        expecting("33:34", test("user", &["probe", "user"])),
        Test { user: Some("0:7".to_owned()), ..expecting("0:7", test("other user", &["probe", "user"])) },
        Test { expect_exit: 5, ..test("exit", &["probe", "exit", "5"]) },
    ];
    let report = try_image(fixture, &fixture.config, &tests).unwrap();
    for result in &report.results {
        assert!(result.passed(), "{result:?}");
    }
    assert_eq!(report.results[2].output, "33:34\n");
}

fn says_why_a_test_failed(fixture: &Fixture) {
    let cases = [
        (test("a", &["probe", "exit", "3"]), "ended with exit code 3, not 0"),
        (Test { expect_exit: 1, ..test("b", &["probe", "exit", "0"]) }, "ended with exit code 0, not 1"),
        (test("c", &["probe", "abort"]), "was ended by signal 6"),
        (expecting("nothing", test("d", &["probe", "place"])), "its output does not contain `nothing`"),
        (Test { timeout: Duration::from_millis(1500), ..test("e", &["probe", "sleep"]) }, "took longer than 1.5 s"),
        (test("f", &["nothing"]), "cannot be run: `nothing` is not there, or the interpreter that it names is not"),
        (test("g", &["data"]), "cannot be run: could not execute `data`: Permission denied (os error 13)"),
        (
            Test { user: Some("who".to_owned()), ..test("h", &["probe", "user"]) },
            "cannot become the user: the image's /etc/passwd has no user `who`",
        ),
    ];
    let tests: Vec<Test> = cases.iter().map(|(test, _)| test.clone()).collect();
    let report = try_image(fixture, &fixture.config, &tests).unwrap();
    for (result, (test, reason)) in report.results.iter().zip(&cases) {
        assert_eq!((&result.name, result.reason().as_deref()), (&test.name, Some(*reason)));
    }
    assert_eq!(report.results.len(), cases.len());

    let mut config = fixture.config.clone();
    config.config.working_dir = "/nowhere".to_owned();
    let report = try_image(fixture, &config, &[test("i", &["probe", "place"])]).unwrap();
    let reason = report.results[0].reason().unwrap();
    assert!(reason.contains("enter the working directory (`/nowhere`)"), "{reason}");
}

fn leaves_a_receipt(fixture: &Fixture) {
    let tests = [test("good", &["probe", "exit", "0"]), test("bad", &["probe", "exit", "1"])];
    let receipt = try_image(fixture, &fixture.config, &tests).unwrap().receipt;
    assert_eq!(receipt, try_image(fixture, &fixture.config, &tests).unwrap().receipt);
    assert_eq!(receipt.trust, Trust::Made);
    assert!(receipt.statement.is_about(&Digest::of(b"manifest")));
    assert_eq!(receipt.statement.predicate_type, TEST_RESULT);
    let result: TestResult = serde_json::from_value(receipt.statement.predicate.clone()).unwrap();
    assert_eq!(result.result, TestOutcome::Failed);
    assert_eq!((result.passed_tests, result.failed_tests), (vec!["good".to_owned()], vec!["bad".to_owned()]));
    assert_eq!(result.configuration[0].digest["sha256"], Digest::of(b"tests").hex());

    let receipt = try_image(fixture, &fixture.config, &tests[..1]).unwrap().receipt;
    assert_eq!(receipt.statement.predicate["result"], "PASSED");
}

fn says_when_nothing_can_be_tried(fixture: &Fixture) {
    let mut config = fixture.config.clone();
    config.platform = "plan9/amd64".parse().unwrap();
    let error = try_image(fixture, &config, &[test("a", &["probe", "exit", "0"])]).unwrap_err();
    assert!(matches!(error, TrialError::Emulation(EmulationError::NotLinux { .. })));
    let lost = Fixture { root: fixture.root.join("nowhere"), config: fixture.config.clone() };
    let report = try_image(&lost, &lost.config, &[test("a", &["probe", "exit", "0"])]).unwrap();
    assert!(
        report.results[0].reason().unwrap().starts_with("cannot become the user: cannot read the image's /etc/passwd")
    );
}

/// An image that lies where no program may be run.
fn blames_no_image_for_its_place(fixture: &Fixture) {
    let folder = tempfile::tempdir().unwrap();
    let mount = |program: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        command.args(arguments).arg(folder.path()).stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !mount("mount", &["-t", "tmpfs", "-o", "noexec", "tmpfs"]) {
        println!("not run: a file system without programs (needs root)");
        return;
    }
    fs::create_dir_all(folder.path().join("opt/bin")).unwrap();
    fs::copy(fixture.root.join("opt/bin/probe"), folder.path().join("opt/bin/probe")).unwrap();
    let elsewhere = Fixture { root: folder.path().to_owned(), config: fixture.config.clone() };
    let mut config = fixture.config.clone();
    config.config.user.clear();
    let outcome = try_image(&elsewhere, &config, &[test("a", &["/opt/bin/probe", "exit", "0"])]);
    assert!(mount("umount", &[]));
    assert!(matches!(outcome.unwrap_err(), TrialError::NoExecution { root } if root == folder.path()));
}
