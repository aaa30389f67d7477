//! What is wrong with a configuration is said with its place; what is wrong with the command line, too.

use crate::common::TestEnvironment;
use insta::assert_snapshot;
use std::process::Command;

#[test]
fn a_configuration_that_is_right() {
    let environment = TestEnvironment::with_image();
    assert_snapshot!(environment.consign(&["check"]), @"
    status 0
    --- stderr
    consign.yaml is right: 1 image.
    ");
}

#[test]
fn errors_point_at_their_place() {
    let environment = TestEnvironment::with_image();
    environment.write(
        "consign.yaml",
        "build:\n  - source: image.yaml\n    destinaton: ghcr.io/team/hello\n    platforms: [linux/amd46, linux]\n  - source: missing.yaml\n    \
         destination: ghcr.io/team/other:latest\n    tests: [{command: \"a | b\"}]\nregistries:\n  ghcr.io: {plain-http: true}\n",
    );
    assert_snapshot!(environment.consign(&["check"]), @r#"
    status 3
    --- stderr
    error[C003]: unknown key `destinaton` in an image
     --> consign.yaml:3:5
      |
    3 |     destinaton: ghcr.io/team/hello
      |     ^^^^^^^^^^
      |
      = hint: did you mean `destination`?

    error[C009]: no images are made for the architecture of `linux/amd46`
     --> consign.yaml:4:17
      |
    4 |     platforms: [linux/amd46, linux]
      |                 ^^^^^^^^^^^
      |
      = hint: did you mean `linux/amd64`?

    error[C009]: `linux` is not a platform: expected `os/architecture` or `os/architecture/variant`, such as `linux/arm64`
     --> consign.yaml:4:30
      |
    4 |     platforms: [linux/amd46, linux]
      |                              ^^^^^

    error[C017]: `|` needs a shell, and commands are run without one
     --> consign.yaml:7:23
      |
    7 |     tests: [{command: "a | b"}]
      |                       ^^^^^^^
      |
      = hint: write `command: [/bin/sh, -c, "…"]`, if the image has a shell

    error[C016]: plain HTTP is allowed on loopback only: anybody on the way could change what is pushed and pulled
     --> consign.yaml:9:13
      |
    9 |   ghcr.io: {plain-http: true}
      |             ^^^^^^^^^^
    "#);
}

#[test]
fn errors_of_image_files_do_too() {
    let environment = TestEnvironment::with_image();
    environment.replace("image.yaml", "entrypoint:", "entrypiont:");
    assert_snapshot!(environment.consign(&["check"]), @r#"
    status 3
    --- stderr
    error[C003]: unknown key `entrypiont` in an image file
     --> image.yaml:2:1
      |
    2 | entrypiont: [/bin/hello]
      | ^^^^^^^^^^
      |
      = hint: did you mean `entrypoint`?
    "#);
    environment.write("image.yaml", "files: [{source: hello.txt, path: ../x}]\n");
    assert_snapshot!(environment.consign(&["plan"]), @"
    status 3
    --- stderr
    error[C012]: `files`: `../x` is not a path inside an image: leads out of its folder (`..`)
     --> image.yaml:1:35
      |
    1 | files: [{source: hello.txt, path: ../x}]
      |                                   ^^^^
    ");
    // Not read in part.
    environment.write("image.yaml", format!("packages: [a]\n#{}\n", "x".repeat(1 << 20)));
    let run = environment.consign(&["plan"]).expect(3);
    assert!(run.error().contains("error[C002]: the file is larger than 1048576 bytes"), "{run}");
    std::fs::remove_file(environment.path("image.yaml")).unwrap();
    assert_snapshot!(environment.consign(&["plan"]), @"
    status 3
    --- stderr
    error[C019]: cannot read the image file: No such file or directory (os error 2)
     --> consign.yaml:2:13
      |
    2 |   - source: image.yaml
      |             ^^^^^^^^^^
    ");
}

#[test]
fn secrets_are_not_repeated() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "    serve: registry\n", "    username: me\n    password: hunter2\n");
    let run = environment.consign(&["check"]).expect(3);
    assert_snapshot!(run, @"
    status 3
    --- stderr
    error[C015]: `username` must not stand in the configuration
     --> consign.yaml:8:5
      |
    8 |     username: me
      |     ^^^^^^^^
      |
      = hint: write `username: { env: NAME }` with the name of an environment variable

    error[C015]: `password` must not stand in the configuration
     --> consign.yaml:9:5
      |
    9 |     password: ***
      |     ^^^^^^^^
      |
      = hint: write `password: { env: NAME }` with the name of an environment variable
    ");
    assert!(!run.stderr.contains("hunter2"));
}

#[test]
fn a_configuration_that_is_not_there() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["plan"]), @"
    status 3
    --- stderr
    error: cannot read consign.yaml
      caused by: No such file or directory (os error 2)
    hint: name another file with `-f FILE`, or another folder with `-C DIR`
    ");
    assert_snapshot!(environment.consign(&["-C", "nowhere", "plan"]), @"
    status 2
    --- stderr
    error: cannot work in nowhere
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn the_command_line() {
    let environment = TestEnvironment::with_image();
    for arguments in [&["relaese"][..], &["verify"], &["plan", "--jobs", "0"], &["build", "--platform", "linux"], &[]] {
        let run = environment.consign(arguments).expect(2);
        assert!(
            run.stdout.is_empty() && run.stderr.contains("Usage: consign") || run.stderr.contains("error:"),
            "{run}"
        );
    }
    assert_snapshot!(environment.consign(&["build", "--to", "localhost:5000/team/hello"]), @"
    status 2
    --- stderr
    error: `build` writes to no registry, and localhost:5000/team/hello is on one
    hint: `consign release` publishes, through the gate; `--to` takes `oci-archive:FILE`, `oci:DIR` or `store:NAME`
    ");
    assert_snapshot!(environment.consign(&["plan", "--platform", "linux/s390x"]), @"
    status 2
    --- stderr
    error: `hello` is not planned for linux/s390x
    hint: it is planned for linux/amd64, linux/arm64; `platforms:` in its image file says so
    ");
}

#[test]
fn a_configuration_that_would_be_waited_for_is_refused() {
    let environment = TestEnvironment::with_image();
    let pipe = environment.path("pipe.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = environment.consign(&["check", "-f", "pipe.yaml"]).expect(3);
    assert_snapshot!(refused.error(), @"
    error: cannot read pipe.yaml
      caused by: it is not a regular file
    hint: name another file with `-f FILE`, or another folder with `-C DIR`
    ");
    environment.consign(&["doctor", "-f", "pipe.yaml"]).expect(1);
    environment.replace("consign.yaml", "image.yaml", "pipe.yaml");
    let refused = environment.consign(&["check"]).expect(3).error();
    assert!(refused.contains("cannot read the image file: it is not a regular file"), "{refused}");
}
