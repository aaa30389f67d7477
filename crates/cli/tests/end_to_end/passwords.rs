//! Passwords where nobody sits at a terminal.

use crate::common::TestEnvironment;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Runs the program without a terminal, wherever the tests are run, and without a password in a variable; with a pipe as its standard input, if
/// something is written to that.
fn piped(environment: &TestEnvironment, input: Option<&str>, arguments: &[&str]) -> Output {
    let inner = environment.invocation().without("COSIGN_PASSWORD").command(arguments);
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(inner.get_current_dir().unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Some(input) = input else { return command.stdin(Stdio::null()).output().unwrap() };
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // Who needs no password does not read it.
    _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn a_password_may_be_on_a_pipe() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    environment.consign(&["copy", "--no-referrers", "oci-archive:hello.tar", "oci:layout"]).expect(0);
    environment.write("blob", "bytes");
    let run = |input: Option<&str>, status: i32, arguments: &[&str]| {
        let output = piped(&environment, input, arguments);
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {out}{err}");
        out + &err
    };
    run(Some("pass word"), 0, &["keygen", "--output-key-prefix", "piped"]);
    let (public, key) = (["public-key", "--key", "piped.key"], ["--key", "piped.key"]);
    assert_eq!(run(Some("pass word"), 0, &public), environment.read("piped.pub"));
    assert_eq!(run(Some("pass word\n"), 0, &public), environment.read("piped.pub"));
    let sign = [&["sign"], &key[..], &["oci:layout"]].concat();
    run(Some("pass word"), 0, &sign);
    environment.consign(&["verify", "--key", "piped.pub", "oci:layout"]).expect(0);
    run(Some("pass word"), 0, &[&["sign-blob", "--bundle", "bundle"], &key[..], &["blob"]].concat());
    environment.consign(&["verify-blob", "--bundle", "bundle", "--key", "piped.pub", "blob"]).expect(0);
    // A wrong one is wrong; none is none; and what is signed is no password.
    assert!(!run(Some("password"), 1, &public).contains("BEGIN PUBLIC KEY"));
    let places = "set COSIGN_PASSWORD, or name a file with the password in COSIGN_PASSWORD_FILE";
    for (input, arguments) in [
        (None, sign.clone()),
        (None, public.to_vec()),
        (Some("pass word"), [&["sign-blob"], &key[..], &["-"]].concat()),
        // What works for long does not wait for somebody who may never write.
        (Some(""), vec!["release"]),
    ] {
        let said = run(input, 1, &arguments);
        assert!(said.contains("password") && said.contains(places), "{arguments:?}: {said}");
    }
}
