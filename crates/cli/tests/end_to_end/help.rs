use crate::common::TestEnvironment;

#[test]
fn every_command_explains_itself() {
    let environment = TestEnvironment::new();
    for command in [
        &["init"][..],
        &["check"],
        &["plan"],
        &["build"],
        &["release"],
        &["verify"],
        &["tree"],
        &["inspect"],
        &["keygen"],
        &["registry", "serve"],
        &["doctor"],
        &["explain"],
        &["schema"],
        &["completions"],
    ] {
        let run = environment.consign(&[command, &["--help"]].concat()).expect(0);
        assert!(run.stdout.contains("Example") && run.stderr.is_empty(), "{run}");
        environment.consign(&[&["help"], command].concat()).expect(0);
    }
    assert_eq!(
        environment.consign(&["--version"]).expect(0).stdout,
        concat!("consign ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
