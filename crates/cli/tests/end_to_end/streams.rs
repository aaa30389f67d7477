//! Standard output and standard error that cannot be written to.

use crate::common::TestEnvironment;
use std::fs::File;
use std::io::pipe;
use std::process::Stdio;

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let environment = TestEnvironment::with_image();
    for arguments in [&["plan"][..], &["plan", "--output", "json"], &["build"]] {
        let mut command = environment.invocation().command(arguments);
        let output = command.stdout(File::create("/dev/full").unwrap()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("error: cannot write the result to standard output"), "{stderr}");
    }
}

#[test]
fn a_reader_that_goes_away_stops_nothing() {
    let environment = TestEnvironment::with_image();
    for progress in ["plain", "json", "tty"] {
        let (_, unread) = pipe().unwrap();
        let mut command = environment.invocation().command(&["release", "--progress", progress]);
        command.stdout(Stdio::from(unread.try_clone().unwrap())).stderr(Stdio::from(unread));
        assert_eq!(command.status().unwrap().code(), Some(0), "{progress}");
    }
    assert!(environment.path("registry/repositories/team/hello").exists());
}

#[test]
fn a_port_that_is_taken_is_a_conflict() {
    let environment = TestEnvironment::with_image();
    let _server = environment.serve();
    let address = format!("127.0.0.1:{}", environment.port);
    let run = environment.consign(&["registry", "serve", "--root", "other", "--listen", &address]).expect(4);
    assert!(run.stderr.contains("name another port"), "{}", run.stderr);
}
