//! `login`, `logout` and `catalog`.

use crate::common::{Destination, Run, TestEnvironment};
use crate::syncing::image;
use consign_testkit::distribution::Distribution;
use consign_testkit::registry::Fault;
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Logs in as `me`.
fn log_in(environment: &TestEnvironment, host: &str, password: &str, further: &[&str]) -> Run {
    let arguments = [&["login", host, "-u", "me", "--password-stdin"], further].concat();
    environment.invocation().run_reading(password, &arguments)
}

/// Returns the text of docker's file.
fn kept(environment: &TestEnvironment) -> String {
    fs::read_to_string(environment.beside("home/.docker/config.json")).unwrap()
}

/// Starts a registry that lets in only `me`, with the password `secret`.
fn guarded() -> Destination {
    let registry = Destination::start();
    registry.hook(|head| {
        let shown = head.headers.get("authorization").is_some_and(|shown| shown == "Basic bWU6c2VjcmV0");
        (!shown).then(Fault::login)
    });
    registry
}

#[test]
fn what_is_kept_is_what_the_registry_takes() {
    let environment = TestEnvironment::new();
    let registry = guarded();
    let host = registry.host();
    let shown = |run: &Run| run.to_string().replace(&host, "HOST");
    assert_snapshot!(shown(&log_in(&environment, &host, "wrong", &[])), @"
    status 1
    --- stderr
    error: HOST does not let me in with this password
      caused by: GET http://HOST/v2/: 401
    hint: many registries take a token in place of the account's password; nothing was stored
    ");
    assert!(!environment.beside("home/.docker").exists());
    assert_snapshot!(shown(&log_in(&environment, &host, "secret\n", &[])), @"
    status 0
    --- stderr
    HOST: logged in as me
    The password is kept in [root]/home/.docker/config.json, and is not encrypted there.
    ");
    assert_eq!(
        kept(&environment).replace(&host, "HOST"),
        "{\n\t\"auths\": {\n\t\t\"HOST\": {\n\t\t\t\"auth\": \"bWU6c2VjcmV0\"\n\t\t}\n\t}\n}\n"
    );
    let mode = fs::metadata(environment.beside("home/.docker/config.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // It is used by what comes next.
    environment.consign(&["tags", &format!("{host}/team/app")]).expect(0);
    assert_snapshot!(shown(&environment.consign(&["logout", &host])), @"
    status 0
    --- stderr
    HOST: taken out of [root]/home/.docker/config.json
    ");
    environment.consign(&["tags", &format!("{host}/team/app")]).expect(1);
    assert_snapshot!(shown(&environment.consign(&["logout", &host])), @"
    status 0
    --- stderr
    HOST: no credentials are kept for it
    ");
    let nothing = environment.consign(&["logout", &host, "--output", "json"]).expect(0).json();
    assert_eq!(nothing["removed"].as_array().unwrap().len(), 0);
}

#[test]
fn a_part_of_a_registry_has_credentials_of_its_own() {
    let environment = TestEnvironment::new();
    let registry = guarded();
    let part = format!("{}/team", registry.host());
    let report = log_in(&environment, &part, "secret\r\n", &["--output", "json"]).expect(0).json();
    assert_eq!(report["registry"], part);
    assert_eq!((&report["username"], &report["checked"]), (&"me".into(), &true.into()));
    environment.consign(&["tags", &format!("{part}/app")]).expect(0);
    environment.consign(&["tags", &format!("{}/other", registry.host())]).expect(1);
    environment.consign(&["logout", &registry.host()]).expect(0);
    environment.consign(&["tags", &format!("{part}/app")]).expect(0);
    let removed = environment.consign(&["logout", &part, "--output", "json"]).expect(0).json();
    assert_eq!(removed["removed"].as_array().unwrap().len(), 1);
    environment.consign(&["tags", &format!("{part}/app")]).expect(1);
}

#[test]
fn secrets_are_not_taken_from_the_command_line() {
    let environment = TestEnvironment::new();
    let with = |password: &str| environment.consign(&["login", "localhost:1", "-u", "me", password]).to_string();
    assert_snapshot!(with("-phush"), @"
    status 2
    --- stderr
    error: a password on the command line is seen by everybody on this machine, and stays in the shell's history
    hint: write it to standard input: `consign login HOST -u NAME --password-stdin < FILE`
    ");
    assert_eq!(with("--password=hush"), with("-phush"));
    assert_snapshot!(environment.consign(&["login", "localhost:1", "-u", "me"]), @"
    status 2
    --- stderr
    error: there is no terminal to ask for the password at
    hint: write it to standard input, with `--password-stdin`
    ");
    assert_snapshot!(environment.invocation().run_reading("hush", &["login", "localhost:1", "--password-stdin"]), @"
    status 2
    --- stderr
    error: it is not said who logs in
    hint: name them: `-u NAME`
    ");
    assert_snapshot!(environment.consign(&["login", "team"]), @"
    status 2
    --- stderr
    error: invalid value 'team' for '<HOST>': `team` does not name a registry: a host has a dot in its name, or a port

    For more information, try '--help'.
    ");
    let empty = log_in(&environment, "localhost:1", "\n", &[]).expect(2);
    assert!(empty.error().contains("the password is empty"), "{empty}");
}

#[test]
fn an_open_registry_is_said_to_have_checked_nothing() {
    let environment = TestEnvironment::new();
    let registry = Destination::start();
    let run = log_in(&environment, &registry.host(), "anything", &[]).expect(0);
    assert_snapshot!(run.to_string().replace(&registry.host(), "HOST"), @"
    status 0
    --- stderr
    HOST: it lets anybody in, and has not looked at whether the password is right
    The password is kept in [root]/home/.docker/config.json, and is not encrypted there.
    ");
}

#[test]
fn helpers_keep_and_forget() {
    let environment = TestEnvironment::new();
    let registry = guarded();
    let host = registry.host();
    let script = "#!/bin/sh\ncd \"$HOME\"\ncase $1 in\nstore) cat > vault;;\nget) cat > asked; [ -f vault ] && cat vault && exit; echo credentials not found in native keychain; exit 1;;\nerase) rm vault;;\nesac\n";
    environment.write_program("programs/docker-credential-test", script.as_bytes());
    let path = format!("{}:{}", environment.path("programs").display(), std::env::var("PATH").unwrap());
    let invocation = environment.invocation().variable("PATH", &path);
    let folder = environment.beside("home/.docker");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.json"), "{\"credsStore\": \"test\", \"auths\": {}}").unwrap();
    let run = invocation.run_reading("secret", &["login", &host, "-u", "me", "--password-stdin"]).expect(0);
    assert_snapshot!(run.to_string().replace(&host, "HOST"), @"
    status 0
    --- stderr
    HOST: logged in as me
    The password is kept by docker-credential-test, which [root]/home/.docker/config.json names.
    ");
    let vault = fs::read_to_string(environment.beside("home/vault")).unwrap();
    assert_eq!(vault.replace(&host, "HOST"), r#"{"Secret":"secret","ServerURL":"HOST","Username":"me"}"#);
    assert!(!kept(&environment).contains("auth\"") && kept(&environment).contains(&host));
    invocation.run(&["tags", &format!("{host}/team/app")]).expect(0);
    let run = invocation.run(&["logout", &host]).expect(0);
    assert_snapshot!(run.to_string().replace(&host, "HOST"), @"
    status 0
    --- stderr
    HOST: forgotten by docker-credential-test, which [root]/home/.docker/config.json names
    ");
    assert!(!environment.beside("home/vault").exists() && !kept(&environment).contains(&host));
    let run = invocation.run(&["logout", &host]).expect(0);
    assert!(run.stderr.contains("no credentials are kept"), "{run}");
    // One that cannot keep them has kept nothing.
    environment.write_program("programs/docker-credential-test", b"#!/bin/sh\nexit 1\n");
    let run = invocation.run_reading("secret", &["login", &host, "-u", "me", "--password-stdin"]);
    assert_snapshot!(run.to_string().replace(&host, "HOST"), @"
    status 1
    --- stderr
    error: docker-credential-test does not keep credentials for HOST
    hint: the file of credentials names this helper, under `credHelpers` or `credsStore`
    ");
}

#[test]
fn skopeo_reads_what_was_kept() {
    let Some(skopeo) = peer("skopeo") else { return };
    let Some(registry) = Distribution::start_with_login() else { return };
    let registry = registry.unwrap();
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "hello", "--to", "oci:layout:1"]).expect(0);
    let file = environment.beside("auth.json").display().to_string();
    let login = ["login", &registry.host(), "-u", "me", "--password-stdin"];
    environment.invocation().run_reading("wrong", &login).expect(1);
    environment.invocation().variable("REGISTRY_AUTH_FILE", &file).run_reading("secret", &login).expect(0);
    environment.invocation().run_reading("secret", &login).expect(0);
    let image = format!("{}/team/app:1", registry.host());
    environment.consign(&["copy", "oci:layout:1", &image]).expect(0);
    let inspect = ["inspect", "--raw", "--tls-verify=false", &format!("docker://{image}")];
    let home = environment.beside("home").display().to_string();
    let nowhere = environment.beside("nowhere").display().to_string();
    let environments = [("REGISTRY_AUTH_FILE", &file, &nowhere), ("XDG_RUNTIME_DIR", &nowhere, &home)];
    for (name, value, home) in environments {
        let variables = BTreeMap::from([(name.to_owned(), value.clone()), ("HOME".to_owned(), home.clone())]);
        skopeo.run_with(&variables, inspect).unwrap();
    }
    let listed = environment.consign(&["catalog", &registry.host(), "--output", "json"]).expect(0).json();
    assert_eq!(listed["repositories"][0], format!("{}/team/app", registry.host()));
    // What skopeo keeps is forgotten, too.
    let log_in = ["login", "--tls-verify=false", "-u", "me", "-p", "secret", "--authfile", &file, &registry.host()];
    skopeo.run(log_in).unwrap();
    environment.invocation().variable("REGISTRY_AUTH_FILE", &file).run(&["logout", &registry.host()]).expect(0);
    assert!(!fs::read_to_string(&file).unwrap().contains("auth\""));
}

#[test]
fn repositories_are_listed_where_that_is_offered() {
    let environment = TestEnvironment::new();
    let registry = Destination::start();
    let catalog = environment.consign(&["catalog", &registry.host()]);
    assert_snapshot!(catalog.to_string().replace(&registry.host(), "HOST"), @"
    status 1
    --- stderr
    error: HOST does not list its repositories
    hint: its web pages, or an API of its own, may; `consign tags REPOSITORY` lists the tags of one
    ");
    registry.hook(|head| {
        let body = r#"{"repositories": ["team/b", "other", "team/a"]}"#;
        (head.uri.path() == "/v2/_catalog").then(|| Fault::bytes(body.as_bytes()))
    });
    let listed = |at: &str| environment.consign(&["catalog", at]).expect(0).stdout.replace(&registry.host(), "HOST");
    assert_eq!(listed(&registry.host()), "HOST/other\nHOST/team/a\nHOST/team/b\n");
    assert_eq!(listed(&format!("{}/team", registry.host())), "HOST/team/a\nHOST/team/b\n");
    assert_snapshot!(environment.consign(&["catalog", "docker.io"]), @"
    status 1
    --- stderr
    error: docker.io does not list its repositories
    hint: it lists those of an account: `consign catalog docker.io/NAME`
    ");
    assert_snapshot!(environment.consign(&["catalog", "ghcr.io"]), @"
    status 1
    --- stderr
    error: ghcr.io does not list its repositories
    hint: it lists those of an account: `consign catalog ghcr.io/NAME`
    ");
}

#[test]
fn a_whole_registry_is_mirrored_by_those_who_logged_in_before() {
    let environment = TestEnvironment::with_image();
    image(&environment);
    let (from, to) = (guarded(), Destination::start());
    let long = "a".repeat(250);
    let listed = format!(r#"{{"repositories":["team/app","{long}"]}}"#);
    from.hook(move |head| {
        let body: &'static str = listed.clone().leak();
        (head.uri.path() == "/v2/_catalog").then(|| Fault::bytes(body.as_bytes()))
    });
    let (from, to) = (from.host(), to.host());
    log_in(&environment, &from, "secret", &[]).expect(0);
    environment.consign(&["copy", "oci:images:1", &format!("{from}/team/app:1")]).expect(0);
    let mirror = |below: &str| {
        environment.write("mirrors.yaml", format!("sync: [{{source: '{from}/**', destination: '{to}{below}/**'}}]"));
        environment.consign(&["sync", "-f", "mirrors.yaml"])
    };
    // The other repository is listed, and has no tags.
    let is_copied = |ended: &Run, name: &str| {
        ended.stdout.lines().any(|line| line.starts_with(&format!("{to}{name} ")) && line.contains(" copied "))
    };
    let ended = mirror("").expect(0);
    assert!(is_copied(&ended, "/team/app:1"), "{}", ended.stdout);
    // One for which there is no place below stops no other.
    let ended = mirror("/below").expect(6);
    assert!(is_copied(&ended, "/below/team/app:1"), "{}", ended.stdout);
    assert!(ended.stdout.contains("its path would be too long"), "{}", ended.stdout);
}
