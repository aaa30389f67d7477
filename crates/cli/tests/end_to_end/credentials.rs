//! Who logs in where, with what, and who is not asked for it.

use crate::world::World;
use consign_testkit::registry::Fault;
use insta::assert_snapshot;

/// "me:a" in base64.
const A: &str = "bWU6YQ==";
/// "you:b" in base64.
const B: &str = "eW91OmI=";

#[test]
fn each_repository_is_logged_in_to_in_its_own_way() {
    let world = World::new();
    world.guard("team", A);
    world.guard("mirror", B);
    world.docker_config(r#"{"auths": {"HOST/team": {"auth": "bWU6YQ=="}, "HOST/mirror": {"auth": "eW91OmI="}}}"#);
    world.environment.consign(&["release"]).expect(0);
    world.docker_config(r#"{"auths": {"HOST": {"auth": "bWU6YQ=="}}}"#);
    let error = world.environment.consign(&["release"]).expect(1).error();
    assert!(error.contains("/mirror/hello: not published") && error.contains("hint: log in"), "{error}");
}

#[test]
fn what_is_not_sent_anywhere_needs_no_credentials() {
    let world = World::new();
    world.name_variables();
    let variable = "the environment variable REGISTRY_USER, with which to log in to";
    for command in [&["check"][..], &["plan"], &["build"], &["release", "--dry-run"]] {
        world.environment.consign(command).expect(0);
    }
    let refused = world.environment.consign(&["release"]).expect(3);
    assert!(refused.error().contains(variable), "{refused}");
    assert_eq!(world.registry.requests(), 0);

    // A base image is taken from there in any case.
    let base = format!("base: {}/team/base:1\nfiles: [{{source: hello.txt, path: /a}}]\n", world.registry.host());
    world.environment.write("image.yaml", base);
    for (command, status) in [("check", 0), ("plan", 0), ("build", 3)] {
        let run = world.environment.consign(&[command]).expect(status);
        assert_eq!(run.error().contains(variable), status != 0, "{run}");
    }
}

#[test]
fn what_anybody_may_read_is_read_without_credentials() {
    let world = World::new();
    world.environment.consign(&["release"]).expect(0);
    world.name_variables();
    let reference = format!("{}/team/hello:1.2.3", world.registry.host());
    for command in [&["verify", "--key", "cosign.pub"][..], &["tree"], &["inspect"]] {
        world.environment.consign(&[command, &[&reference]].concat()).expect(0);
    }
    world.guard("team", A);
    let error = world.environment.consign(&["inspect", &reference]).expect(1).error();
    assert!(error.contains(": 401") && error.contains("hint: log in"), "{error}");
    let with = world.environment.invocation().variable("REGISTRY_USER", "me").variable("REGISTRY_PASSWORD", "a");
    with.run(&["inspect", &reference]).expect(0);
}

#[test]
fn where_platforms_are_taken_from_is_logged_in_to() {
    let world = World::new();
    let (host, path) = (world.registry.host(), "parts");
    world.environment.replace("consign.yaml", &format!("{host}/mirror/"), &format!("{host}/{path}/"));
    world.environment.consign(&["release"]).expect(0);
    world.environment.replace("consign.yaml", &format!(", {host}/{path}/hello"), "");
    world.environment.replace("consign.yaml", "team", "other");
    world.guard(path, A);
    let from = ["release", "--from", &format!("{host}/{path}/hello:1.2.3"), "--quiet"];
    let error = world.environment.consign(&from).expect(1).error();
    assert!(error.contains("401") && error.contains("hint: log in"), "{error}");
    world.docker_config(r#"{"auths": {"HOST/parts": {"auth": "bWU6YQ=="}}}"#);
    let offline = world.environment.consign(&[&from[..], &["--offline"]].concat()).expect(1).error();
    assert!(offline.contains("is on a registry, and consign is offline"), "{offline}");
    world.environment.consign(&from).expect(0);
}

#[test]
fn helpers_are_asked_once_and_see_no_secrets() {
    let world = World::new();
    world.guard("team", A);
    world.guard("mirror", A);
    world.docker_config(r#"{"credsStore": "test"}"#);
    let log = world.environment.beside("asked").display().to_string();
    let script = format!(
        "#!/bin/sh\nread server\necho \"asked for $server\" >> {log}\nenv >> {log}\n\
         echo '{{\"Username\":\"me\",\"Secret\":\"a\"}}'\n"
    );
    world.environment.write_program("programs/docker-credential-test", script.as_bytes());
    let programs = world.environment.path("programs").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap());
    let run = world.environment.invocation().variable("PATH", &path);
    let secrets = ["COSIGN_PRIVATE_KEY", "SIGSTORE_ID_TOKEN", "GITHUB_TOKEN", "AWS_DEPLOY"];
    let run = secrets.iter().fold(run, |run, name| run.variable(name, "hush"));
    let other = "  ghcr.io:\n    username: {env: AWS_DEPLOY}\n    password: {env: AWS_DEPLOY}\n";
    let configuration = world.environment.read("consign.yaml") + other;
    world.environment.write("consign.yaml", configuration);
    run.variable("AWS_PROFILE", "release").run(&["release"]).expect(0);

    let log = std::fs::read_to_string(log).unwrap();
    let asked: Vec<&str> = log.lines().filter(|line| line.starts_with("asked for ")).collect();
    assert_eq!(asked, [format!("asked for {}", world.registry.host())]);
    assert!(log.contains("AWS_PROFILE=release\n") && log.contains("HOME="), "{log}");
    assert!(!log.contains("hush") && !log.contains("COSIGN_"), "{log}");
}

#[test]
fn a_helper_that_the_configuration_names() {
    let world = World::new();
    world.guard("team", A);
    world.guard("mirror", A);
    let helper = |answer: &str| {
        let script = format!("#!/bin/sh\nread server\n{answer}\n");
        world.environment.write_program("programs/docker-credential-test", script.as_bytes());
    };
    let path = format!("{}:{}", world.environment.path("programs").display(), std::env::var("PATH").unwrap());
    let run = |arguments: &[&str]| world.environment.invocation().variable("PATH", &path).run(arguments);
    world.environment.replace("consign.yaml", "docker-config: true", "credential-helper: test");
    helper("echo asked >> $HOME/asked; echo '{\"Username\":\"me\",\"Secret\":\"a\"}'");
    run(&["release"]).expect(0);
    assert_eq!(std::fs::read_to_string(world.environment.beside("home/asked")).unwrap(), "asked\n");
    helper("echo credentials not found in native keychain; exit 1");
    let refused = run(&["release"]).expect(3).error().replace(&world.registry.host(), "HOST");
    assert_snapshot!(refused, @"
    error: docker-credential-test knows no credentials for HOST
    hint: `credential-helper` under `registries: HOST` names it
    ");
}

#[test]
fn a_token_is_shown_as_it_is() {
    let world = World::new();
    world.registry.hook(|head| {
        let shown = head.headers.get("authorization").is_some_and(|shown| shown == "Bearer as-it-is");
        (!shown).then(Fault::login)
    });
    world.environment.replace("consign.yaml", "docker-config: true", "token: {env: REGISTRY_TOKEN}");
    let error = world.environment.consign(&["release"]).expect(3).error();
    assert!(error.contains("the environment variable REGISTRY_TOKEN, with which to log in to"), "{error}");
    let with = |token: &str| world.environment.invocation().variable("REGISTRY_TOKEN", token).run(&["release"]);
    let refused = with("hunter2").expect(1).error();
    assert!(refused.contains(": 401") && !refused.contains("hunter2"), "{refused}");
    with("as-it-is").expect(0);
}

#[test]
fn a_helper_that_is_not_there_is_named_with_who_named_it() {
    let world = World::new();
    world.docker_config(r#"{"credsStore": "absent"}"#);
    let error = world.environment.consign(&["release"]).expect(1).error();
    assert_snapshot!(error.replace(&world.registry.host(), "HOST"), @"
    error: docker-credential-absent cannot be run
      caused by: No such file or directory (os error 2)
    hint: [root]/home/.docker/config.json names it; `docker-config: false` under `registries: HOST` in the configuration does without
    ");
    world.environment.replace("consign.yaml", "docker-config: true", "docker-config: false");
    world.environment.consign(&["release"]).expect(0);
    // Nor is anybody asked about a registry that takes the token of the run.
    world.environment.replace("consign.yaml", &world.registry.host(), &world.environment.registry());
    world.environment.replace("consign.yaml", "docker-config: false", "serve: registry");
    world.environment.consign(&["release"]).expect(0);
}
