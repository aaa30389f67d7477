//! What could be better in a Dockerfile is said where it stands.

use crate::common::TestEnvironment;
use insta::assert_snapshot;

const UNTIDY: &str =
    "FROM scratch AS Base\nENV app_TOKEN=x\nWORKDIR srv\n\nfrom base\n  COPY a /$DESTINATION\nCMD /a b\n";

fn environment(dockerfile: &str) -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.write("Dockerfile", dockerfile);
    environment.write("a", "a\n");
    environment.commit("A Dockerfile.");
    environment
}

/// Two images of one file for two platforms.
fn twice(environment: &TestEnvironment) {
    environment.write(
        "consign.yaml",
        "build:\n  - {source: Dockerfile, destination: \"localhost/one:1\", platforms: [linux/amd64, linux/arm64]}\n  \
         - {source: Dockerfile, destination: \"localhost/two:1\", platforms: [linux/amd64]}\n",
    );
}

#[test]
fn check_shows_them() {
    let environment = environment(UNTIDY);
    assert_snapshot!(environment.consign(&["-f", "Dockerfile", "check"]), @"
    status 0
    --- stderr
    warning[StageNameCasing]: the name of the stage `Base` has capital letters
     --> Dockerfile:1:1
      |
    1 | FROM scratch AS Base
      | ^^^^^^^^^^^^^^^^^^^^

    warning[SecretsUsedInArgOrEnv]: ENV stays in the image, and `app_TOKEN` seems to be a secret: give it by `RUN --mount=type=secret`
     --> Dockerfile:2:1
      |
    2 | ENV app_TOKEN=***
      | ^^^^^^^^^^^^^^^^^

    warning[WorkdirRelativePath]: where `srv` is depends on the base image: begin with an absolute WORKDIR
     --> Dockerfile:3:1
      |
    3 | WORKDIR srv
      | ^^^^^^^^^^^

    warning[ConsistentInstructionCasing]: `from` is not written in capitals, as most instructions are
     --> Dockerfile:5:1
      |
    5 | from base
      | ^^^^^^^^^

    warning[UndefinedVar]: `$DESTINATION` is not defined
     --> Dockerfile:6:3
      |
    6 |   COPY a /$DESTINATION
      |   ^^^^^^^^^^^^^^^^^^^^

    warning[JSONArgsRecommended]: CMD starts a shell, which keeps signals from the program: write it as a JSON array
     --> Dockerfile:7:1
      |
    7 | CMD /a b
      | ^^^^^^^^

    Dockerfile is right: 1 image.
    ");
}

#[test]
fn each_is_shown_once() {
    let environment = environment("FROM scratch\nCOPY a /\nEXPOSE 80/TCP\n");
    twice(&environment);
    assert_snapshot!(environment.consign(&["check"]), @"
    status 0
    --- stderr
    warning[ExposeProtoCasing]: EXPOSE has a protocol with capital letters: `80/TCP`
     --> Dockerfile:3:1
      |
    3 | EXPOSE 80/TCP
      | ^^^^^^^^^^^^^

    consign.yaml is right: 2 images.
    ");
    let checked = environment.consign(&["check", "--output", "json"]).expect(0).json();
    assert_eq!(checked["warnings"].as_array().unwrap().len(), 1, "{checked}");
    assert_eq!(checked["warnings"][0]["rule"], "ExposeProtoCasing");
    assert_eq!(checked["warnings"][0]["line"], 3);
    let built = environment.consign(&["build", "one"]).expect(0);
    assert_eq!(built.stderr.matches("warning[").count(), 1, "{}", built.stderr);
}

#[test]
fn they_can_be_errors() {
    let environment = environment("FROM scratch\nCOPY a /\nEXPOSE 80/TCP\n");
    assert_snapshot!(environment.consign(&["-f", "Dockerfile", "build", "--deny", "warnings"]), @"
    status 3
    --- stderr
    warning[ExposeProtoCasing]: EXPOSE has a protocol with capital letters: `80/TCP`
     --> Dockerfile:3:1
      |
    3 | EXPOSE 80/TCP
      | ^^^^^^^^^^^^^

    error: 1 warning is an error by `--deny warnings`
    hint: `# check=skip=RULE` in the first line of a Dockerfile leaves a rule out
    ");
    assert_eq!(environment.stored_blobs(), 0);
    let denied = environment.consign(&["-f", "Dockerfile", "check", "--quiet", "--deny", "warnings"]).expect(3);
    assert!(denied.stderr.contains("warning[ExposeProtoCasing]"), "{}", denied.stderr);
    let denied = environment.consign(&["-f", "Dockerfile", "check", "--output", "json", "--deny", "warnings"]);
    let denied = denied.expect(3).json();
    assert_eq!((&denied["error"]["code"], &denied["warnings"][0]["line"]), (&3.into(), &3.into()), "{denied}");
}

#[test]
fn the_file_itself_says_what_is_looked_for() {
    let environment = environment("# check=error=true\nFROM scratch\nCOPY a /\nEXPOSE 80/TCP\n");
    assert_snapshot!(environment.consign(&["-f", "Dockerfile", "build"]), @"
    status 3
    --- stderr
    warning[ExposeProtoCasing]: EXPOSE has a protocol with capital letters: `80/TCP`
     --> Dockerfile:4:1
      |
    4 | EXPOSE 80/TCP
      | ^^^^^^^^^^^^^

    error: 1 warning is an error by `# check=error=true` in Dockerfile
    hint: `# check=skip=RULE` in the first line of a Dockerfile leaves a rule out
    ");
    environment
        .write("Dockerfile", "# check=error=true;skip=ExposeProtoCasing\nFROM scratch\nCOPY a /\nEXPOSE 80/TCP\n");
    let checked = environment.consign(&["-f", "Dockerfile", "check", "--deny", "warnings"]).expect(0);
    assert_eq!(checked.stderr, "Dockerfile is right: 1 image.\n");
    environment.write("Dockerfile", "# check=skip=ExposeProtoCase\nFROM scratch\nCOPY a /\n");
    assert_snapshot!(environment.consign(&["-f", "Dockerfile", "check"]), @"
    status 0
    --- stderr
    warning[InvalidCheckDirective]: there is no rule `ExposeProtoCase` (did you mean ExposeProtoCasing?)
     --> Dockerfile:1:1
      |
    1 | # check=skip=ExposeProtoCase
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

    Dockerfile is right: 1 image.
    ");
}

#[test]
fn secrets_are_not_shown() {
    let environment = environment("FROM scratch\nENV PASSWORD=hunter2\n");
    let checked = environment.consign(&["-f", "Dockerfile", "check"]).expect(0);
    assert!(checked.stderr.contains("ENV PASSWORD=***") && !checked.stderr.contains("hunter2"), "{}", checked.stderr);
    let checked = environment.consign(&["-f", "Dockerfile", "check", "--output", "json"]).expect(0);
    assert!(!checked.stdout.contains("hunter2"), "{}", checked.stdout);
}

/// A `hadolint` that says what a real one (2.12) does of such a file, and notes what it was given.
const HADOLINT: &str = r#"#!/bin/sh
{ pwd; echo "$@"; cat; } > "$0.seen"
printf '%s' '[{"code":"DL3007","column":1,"file":"-","level":"warning","line":2,"message":"Using latest is prone to errors"}]'
exit 1
"#;

fn with_hadolint(program: &str) -> (TestEnvironment, String) {
    let environment = environment("# A comment.\nFROM busybox:latest\n# hadolint ignore=DL3059\nCMD a\n");
    environment.write_program("programs/hadolint", program.as_bytes());
    environment.write(
        "consign.yaml",
        "build: [{source: Dockerfile, destination: \"localhost/a:1\", platforms: [linux/amd64], \
         dockerOptions: {lint: {engine: hadolint}}}]\n",
    );
    let programs = environment.path("programs").display().to_string();
    (environment, programs)
}

#[test]
fn hadolint_is_asked_where_it_is_wanted() {
    let (environment, programs) = with_hadolint(HADOLINT);
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let consign = |arguments: &[&str]| environment.invocation().variable("PATH", &path).run(arguments);
    assert_snapshot!(consign(&["check"]), @"
    status 0
    --- stderr
    warning[DL3007]: Using latest is prone to errors
     --> Dockerfile:2:1
      |
    2 | FROM busybox:latest
      | ^^^^^^^^^^^^^^^^^^^

    consign.yaml is right: 1 image.
    ");
    let seen = environment.read("programs/hadolint.seen");
    let folder = environment.folder().canonicalize().unwrap();
    assert_eq!(seen, format!("{}\n--format json -\n{}", folder.display(), environment.read("Dockerfile")));
    consign(&["check", "--deny", "warnings"]).expect(3);
    environment.replace("consign.yaml", "engine: hadolint", "engine: hadolin");
    assert!(consign(&["check"]).expect(3).stderr.contains("did you mean `hadolint`?"));
}

#[test]
fn a_hadolint_that_is_not_there_or_fails_is_said() {
    let (environment, _) = with_hadolint("");
    assert_snapshot!(environment.invocation().variable("PATH", "/nowhere").run(&["check"]), @"
    status 3
    --- stderr
    error: `lint: {engine: hadolint}` for Dockerfile, and there is no hadolint on PATH
    hint: install hadolint, or take `lint` out: consign has rules of its own
    ");
    let (environment, programs) = with_hadolint("#!/bin/sh\necho 'wrong option' >&2; exit 2\n");
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    assert_snapshot!(environment.invocation().variable("PATH", &path).run(&["check"]), @"
    status 1
    --- stderr
    error: hadolint for Dockerfile has failed: wrong option
    ");
}
