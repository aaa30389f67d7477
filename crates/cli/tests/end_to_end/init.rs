use crate::common::TestEnvironment;
use insta::assert_snapshot;
use std::fs;

#[test]
fn an_empty_folder_gets_an_image_that_can_be_built() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.consign(&["init"]), @"
    status 0
    --- stderr
    Wrote consign.yaml, image.yaml, hello.txt.
    Next: `consign check`, `consign plan`, `consign doctor`.
    ");
    assert_snapshot!(environment.read("consign.yaml"), @"
    # Written by `consign init`. docs/configuration.md has every key; `consign check` reads this file, `consign plan` shows what follows.
    build:
      - source: image.yaml
        destination: localhost:5000/source
        tags: [latest] # once there is a commit, leave this out: tags follow from git
        # platforms: [linux/amd64, linux/arm64]
        # tests:
        #   - command: [/usr/bin/program, --version]

    # `consign keygen` makes a key. Without one, images stay unsigned.
    # signing:
    #   key: cosign.key

    # Git does not say which registry the images belong to. Until you name one, they go to one that `release` serves from a folder.
    registries:
      localhost:5000:
        serve: registry
    ");
    assert_snapshot!(environment.read("image.yaml"), @"
    # What is in the image; docs/images.md has every key. Instead of `files`, or beside it, Debian packages:
    #   packages: [base-files, ca-certificates, nginx]
    files:
      - source: hello.txt
        path: /hello.txt
    ");
    assert_snapshot!(environment.consign(&["check"]).expect(0), @"
    status 0
    --- stderr
    consign.yaml is right: 1 image.
    ");
    environment.consign(&["build"]).expect(0);
    // With a commit, tags follow from git.
    for path in ["consign.yaml", "image.yaml", "hello.txt"] {
        fs::remove_file(environment.path(path)).unwrap();
    }
    environment.commit("First.");
    environment.consign(&["init"]).expect(0);
    assert!(!environment.read("consign.yaml").contains("tags:"), "{}", environment.read("consign.yaml"));
    environment.consign(&["check"]).expect(0);
}

#[test]
fn what_is_there_is_listed() {
    let environment = TestEnvironment::new();
    environment.git(&["remote", "add", "origin", "git@github.com:Team/App.git"]);
    environment.commit("First.");
    environment.write("web/image.yaml", "files: [{source: page.html, path: /srv/page.html}]\n");
    environment.write("web/page.html", "Hello.\n");
    environment.write("tools/image.yaml", "base: oci:base\n");
    environment.write("Dockerfile", "FROM debian\n");
    environment.write("apko.yaml", "contents: {packages: [busybox]}\n");
    environment.write("pkg-hello.yaml", "package: {name: hello, version: 1.0.0}\npipeline: []\n");
    environment.write(
        "images.yaml",
        "sync:\n- source: docker.io/alpine:latest\n  destination: ghcr.io/somecoolorg/images/alpine:latest\n\
         build:\n- source: ./web/image.yaml\n  destination: ghcr.io/team/page:latest\n\
         - source: ./Dockerfile\n  destination: ghcr.io/team/oldschool:latest\n  dockerOptions: {context: .}\n",
    );
    environment.write("node_modules/image.yaml", "base: x\n");
    assert_snapshot!(environment.consign(&["init"]), @"
    status 0
    --- stderr
    Found Dockerfile: Dockerfile.
    Found apko.yaml: apko file.
    Found images.yaml: list of images.
    Found pkg-hello.yaml: melange file.
    Found tools/image.yaml: image file.
    Found web/image.yaml: image file.
    Wrote consign.yaml.
    Next: `consign check`, `consign plan`, `consign doctor`.
    ");
    assert_snapshot!(environment.read("consign.yaml"), @"
    # Written by `consign init`. docs/configuration.md has every key; `consign check` reads this file, `consign plan` shows what follows.
    build:
      - source: \"Dockerfile\"
        destination: ghcr.io/team/oldschool:latest
        name: source
      - source: tools/image.yaml
        destination: ghcr.io/team/app/tools
        name: tools
      - source: web/image.yaml
        destination: ghcr.io/team/page:latest
        name: web
        # platforms: [linux/amd64, linux/arm64]
        # tests:
        #   - command: [/usr/bin/program, --version]

    # `consign keygen` makes a key. Without one, images stay unsigned.
    # signing:
    #   key: cosign.key

    # To log in: `consign login ghcr.io`.

    # There is also what this version does not build or copy:
    #   apko.yaml: an apko file
    #   images.yaml: a list, with
    #     copies docker.io/alpine:latest to ghcr.io/somecoolorg/images/alpine:latest
    #   pkg-hello.yaml: a melange file
    ");
    environment.consign(&["check"]).expect(0);
}

#[test]
fn nothing_is_ever_overwritten() {
    let environment = TestEnvironment::new();
    environment.write("image.yaml", "something else\n");
    assert_snapshot!(environment.consign(&["init"]), @"
    status 4
    --- stderr
    error: image.yaml is there already, and nothing is overwritten
    hint: move it away, or name another configuration with `-f`
    ");
    assert!(!environment.path("consign.yaml").exists());
    assert_eq!(environment.read("image.yaml"), "something else\n");

    fs::remove_file(environment.path("image.yaml")).unwrap();
    environment.write(".github/workflows/consign.yml", "mine\n");
    environment.consign(&["init", "--ci", "github"]).expect(4);
    assert_eq!(environment.read(".github/workflows/consign.yml"), "mine\n");
    assert!(!environment.path("consign.yaml").exists() && !environment.path("image.yaml").exists());

    // Neither is what a link would lead to.
    std::os::unix::fs::symlink("elsewhere.yaml", environment.path("consign.yaml")).unwrap();
    let run = environment.consign(&["init", "--output", "json"]).expect(4).json();
    assert_eq!(run["error"]["message"], "consign.yaml is there already, and nothing is overwritten");
    assert!(!environment.path("elsewhere.yaml").exists());
}

#[test]
fn what_runs_it_in_ci() {
    let environment = TestEnvironment::new();
    environment.git(&["remote", "add", "origin", "https://github.com/team/app"]);
    environment.git(&["checkout", "--quiet", "-b", "trunk"]);
    environment.commit("First.");
    let run = environment.consign(&["init", "--ci", "github", "--output", "json"]).expect(0).json();
    let expected = ["consign.yaml", "image.yaml", "hello.txt", ".github/workflows/consign.yml"];
    assert_eq!(run["written"], serde_json::json!(expected));
    let workflow: serde_json::Value =
        serde_saphyr::from_str(&environment.read(".github/workflows/consign.yml")).unwrap();
    assert_eq!(workflow["on"]["push"]["branches"], serde_json::json!(["trunk"]));
    let steps = workflow["jobs"]["consign"]["steps"].as_array().unwrap();
    let uses: Vec<&str> = steps.iter().filter_map(|step| step["uses"].as_str()).collect();
    // Actions are named by commit.
    assert!(uses.iter().all(|uses| uses.split_once('@').is_some_and(|(_, commit)| commit.len() == 40)), "{uses:?}");
    assert_eq!(steps.last().unwrap()["run"], "consign release");
    let configuration = environment.read("consign.yaml");
    assert!(
        configuration.contains("  ghcr.io:\n    username: { env: GHCR_USER }\n    password: { env: GHCR_TOKEN }\n")
    );
    for variable in ["GHCR_USER", "GHCR_TOKEN"] {
        assert!(workflow["jobs"]["consign"]["env"].get(variable).is_some(), "{variable}");
    }
    environment.consign(&["check"]).expect(0);

    environment.git(&["remote", "set-url", "origin", "https://gitlab.com/group/app.git"]);
    environment.consign(&["init", "--ci", "gitlab", "-f", "release/consign.yaml"]).expect(2);
    environment.write("release/note", "");
    environment.consign(&["init", "--ci", "gitlab", "-f", "release/consign.yaml"]).expect(0);
    let pipeline: serde_json::Value = serde_saphyr::from_str(&environment.read("release/.gitlab-ci.yml")).unwrap();
    assert!(pipeline["consign"]["script"][0].as_str().unwrap().contains("consign release"));
    assert!(environment.read("release/consign.yaml").contains("destination: registry.gitlab.com/group/app\n"));
    environment.consign(&["check", "-f", "release/consign.yaml"]).expect(0);
}
