//! Image files with a command that makes binaries first, and binaries that would not start in the image.

use crate::common::{TestEnvironment, foreign_platform, host_platform, program};
use consign_testkit::elf::Elf;
use consign_testkit::tools::peer;
use insta::assert_snapshot;
use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

/// An image of one program for two platforms, which a script copies from where it was made before, and counts that.
fn with_script() -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    for architecture in ["amd64", "arm64"] {
        environment.write_program(&format!("made/{architecture}"), &program(architecture, "Hello.\n", 0));
    }
    environment.write_program(
        "make.sh",
        b"#!/bin/sh\nset -e\necho Making $1 for $GOARCH\necho $1 >> ../count\nmkdir -p target/$1\ncp made/$2 target/$1/hello\n",
    );
    environment.write(
        "image.yaml",
        "platforms: [linux/amd64, linux/arm64]\nentrypoint: [/bin/hello]\nrun:\n  command: ./make.sh {rust-target} {arch}\n  \
         inputs: [make.sh, made]\n  environment: { GOARCH: \"{goarch}\" }\nfiles:\n\
         - { source: \"target/{rust-target}/hello\", path: /bin/hello }\n",
    );
    environment.write(".gitignore", environment.read(".gitignore") + "/target\n");
    environment.commit("A command.");
    environment.git(&["tag", "v1.3.0"]);
    environment
}

fn count(environment: &TestEnvironment) -> usize {
    fs::read_to_string(environment.beside("count")).unwrap_or_default().lines().count()
}

#[test]
fn makes_the_binaries_of_each_platform_first() {
    let environment = with_script();
    assert_snapshot!(environment.consign(&["build", "-v", "--jobs", "1"]), @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  ok     ok         -      -     -     -        -       000000000001
    hello  linux/arm64  ok     ok         -      -     -     -        -       000000000002
    --- stderr
    hello linux/amd64 build …
    hello linux/amd64 build | Making x86_64-unknown-linux-gnu for amd64
    hello linux/amd64 build ok: 000000000001
    hello linux/amd64 inventory …
    hello linux/amd64 inventory ok: 0 packages
    hello linux/arm64 build …
    hello linux/arm64 build | Making aarch64-unknown-linux-gnu for arm64
    hello linux/arm64 build ok: 000000000002
    hello linux/arm64 inventory …
    hello linux/arm64 inventory ok: 0 packages
    ");
    assert_eq!(count(&environment), 2);
    let built = |arguments: &[&str]| {
        let report = environment.consign(&[&["build", "--output", "json"], arguments].concat()).expect(0).json();
        report["images"][0]["rows"][0].clone()
    };
    let first = built(&[]);
    assert_eq!((count(&environment), first["stages"]["build"].as_str()), (2, Some("cached")));
    // The binary is lost, as in a new clone: it is made again, and the image is what it was.
    fs::remove_dir_all(environment.path("target")).unwrap();
    assert_eq!((built(&[]), count(&environment)), (first.clone(), 4));
    assert_eq!((built(&["--no-cache"])["digest"].clone(), count(&environment)), (first["digest"].clone(), 6));
    environment.write("hello.txt", "No input.\n");
    assert_eq!((built(&[]), count(&environment)), (first, 6));
    environment.write_program("made/amd64", &program("amd64", "Hello again.\n", 0));
    assert_eq!((built(&[])["stages"]["build"].as_str(), count(&environment)), (Some("ok"), 8));

    environment.commit("Another program.");
    environment.git(&["tag", "v1.4.0"]);
    environment.consign(&["release"]).expect(0);
    let _server = environment.serve();
    environment.consign(&["verify", &environment.reference("team/hello:1.4"), "--key", "cosign.pub"]).expect(0);
}

#[test]
fn the_time_of_an_image_is_that_of_its_inputs() {
    let environment = with_script();
    let digest = || {
        let report = environment.consign(&["build", "--output", "json"]).expect(0).json();
        report["images"][0]["rows"][0]["digest"].clone()
    };
    let first = digest();
    environment.write("README.md", "No input.\n");
    environment.commit("A text.");
    assert_eq!(digest(), first);
    environment.write("made/more", "An input.\n");
    environment.commit("An input.");
    assert_ne!(digest(), first);
}

#[test]
fn a_command_that_fails_is_shown_and_nothing_is_written() {
    let environment = with_script();
    environment.replace(
        "make.sh",
        "echo Making",
        "[ $2 != arm64 ] || { echo 'error: no such target' >&2; exit 101; }\necho Making",
    );
    assert_snapshot!(environment.consign(&["release", "--quiet"]), @"
    status 1
    --- stdout
    IMAGE  PLATFORM     BUILD   INVENTORY  TRIAL  GATE     SIGN     PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  ok      ok         -      skipped  skipped  skipped  skipped  000000000001
    hello  linux/arm64  failed  skipped    -      skipped  skipped  skipped  skipped  -

    hello
      localhost:PORT1/team/hello: 759b9ec-dirty not moved
      localhost:PORT1/mirror/hello: 759b9ec-dirty not moved
      build: hello linux/arm64: cannot be built
        image.yaml:4:12: `./make.sh aarch64-unknown-linux-gnu arm64` for linux/arm64 ended with exit status 101
        it wrote:
        | error: no such target
    --- stderr
    error: hello linux/arm64: cannot be built
      caused by: image.yaml:4:12: `./make.sh aarch64-unknown-linux-gnu arm64` for linux/arm64 ended with exit status 101
      caused by: it wrote:
        | error: no such target
    ");
    assert!(!environment.path("registry").exists());
    environment.replace("image.yaml", "./make.sh", "./none.sh");
    assert_snapshot!(environment.consign(&["build", "--quiet"]).expect(1).error(), @"
    error: hello linux/amd64: cannot be built
      caused by: image.yaml:4:12: cannot run `./none.sh x86_64-unknown-linux-gnu amd64`
      caused by: No such file or directory (os error 2)
    ");
    environment.replace("image.yaml", "./none.sh {rust-target}", "./none.sh {target}");
    assert_snapshot!(environment.consign(&["check"]).expect(3).error(), @"
    error[C012]: `command`: `{target}` stands for nothing: `{os}`, `{arch}`, `{variant}`, `{platform}`, `{rust-target}`, `{rust-musl-target}`, `{goos}`, `{goarch}`, `{goarm}`, `{goamd64}` and `{gnu-triplet}` are filled in
     --> image.yaml:4:12
      |
    4 |   command: ./none.sh {target} {arch}
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn a_command_sees_no_secret() {
    let environment = with_script();
    environment.write_program(
        "make.sh",
        b"#!/bin/sh\nset -e\nenv > ../seen\nmkdir -p target/$1\ncp made/$2 target/$1/hello\necho got $PASSED\n",
    );
    environment.replace("image.yaml", "{ GOARCH:", "{ PASSED: { env: PASSED }, GOARCH:");
    let run = environment
        .invocation()
        .variable("COSIGN_PASSWORD", "")
        .variable("GITHUB_TOKEN", "ghp_geheim")
        .variable("REGISTRY_PASSWORD", "geheim-2")
        .variable("PASSED", "geheim-3")
        .run(&["build", "-v"])
        .expect(0);
    let seen = fs::read_to_string(environment.beside("seen")).unwrap();
    let mut names: Vec<&str> = seen.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.retain(|name| !["PWD", "_", "SHLVL", "OLDPWD"].contains(name));
    names.sort();
    assert_eq!(names, ["GOARCH", "HOME", "PASSED", "PATH", "SOURCE_DATE_EPOCH"]);
    assert!(seen.contains("PASSED=geheim-3") && !run.stderr.contains("geheim"), "{}", run.stderr);
    assert!(run.stderr.contains("build | got ***\n"), "{}", run.stderr);

    // What the configuration says is a credential stays one, whatever an image file says.
    let registry = environment.registry();
    environment.replace(
        "consign.yaml",
        "    serve: registry\n",
        "    serve: registry\n  ghcr.io: { username: { env: NAME }, password: { env: PASSED } }\n",
    );
    let error = environment.invocation().variable("PASSED", "geheim-3").run(&["build"]).expect(3).error();
    assert!(error.contains("image.yaml:6:26: `PASSED` is a credential of the configuration"), "{registry} {error}");
    environment.replace("image.yaml", "{ env: PASSED }", "{ env: ABSENT }");
    let error = environment.consign(&["build"]).expect(3).error();
    assert!(error.contains("image.yaml:6:26: the environment variable `ABSENT` is not set"), "{error}");
}

#[test]
fn an_interruption_ends_the_command_with_all_that_it_started() {
    for (command, signal) in [("build", rustix::process::Signal::INT), ("release", rustix::process::Signal::TERM)] {
        let environment = with_script();
        environment
            .write_program("make.sh", b"#!/bin/sh\nsleep 1000 &\necho $! > ../part\nmv ../part ../child\nwait\n");
        let mut program = environment.invocation().command(&[command, "--quiet"]);
        let mut child = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let file = environment.beside("child");
        while !file.exists() {
            assert!(child.try_wait().unwrap().is_none(), "the program ended");
            sleep(Duration::from_millis(10));
        }
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let stat = format!("/proc/{}/stat", fs::read_to_string(file).unwrap().trim());
        // Whoever should take notice of its end may not have done so yet.
        while !fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z ")) {
            sleep(Duration::from_millis(10));
        }
        assert!(!environment.path("registry").exists());
    }
}

#[test]
fn programs_that_would_not_start_are_refused() {
    let environment = TestEnvironment::with_image();
    let loader = "/lib64/ld-linux-x86-64.so.2";
    let program = |version: &str| Elf::new("amd64").loader(loader).needs("libc.so.6").wants("libc.so.6", version);
    environment.write_program("hello", &program("GLIBC_2.38").build());
    environment.write("base/lib64/ld-linux-x86-64.so.2", Elf::new("amd64").build());
    environment
        .write("base/usr/lib64/libc.so.6", Elf::new("amd64").defines("GLIBC_2.34").defines("GLIBC_2.36").build());
    environment.write("script", "#!/bin/bash\n");
    let image = |first: &str, more: &str| {
        let files = format!("- {{ source: hello, path: /usr/bin/hello }}\n{more}");
        environment.write("image.yaml", format!("{first}platforms: [linux/amd64]\nfiles:\n{files}"));
    };
    let error = || environment.consign(&["release", "--quiet"]).expect(3).error();
    image("", "");
    assert_snapshot!(error(), @"
    error: hello linux/amd64: cannot be built
      caused by: image.yaml:3:13: `hello` would not start on linux/amd64: it is linked dynamically, and its loader /lib64/ld-linux-x86-64.so.2 is not in the image; build it statically, or take a base image that has it
    ");
    image("", "- { source: base, path: / }\n");
    assert_snapshot!(error(), @"
    error: hello linux/amd64: cannot be built
      caused by: image.yaml:3:13: `hello` would not start on linux/amd64: it needs GLIBC_2.38, and /usr/lib64/libc.so.6 of the image has no later than GLIBC_2.36; build it where the libraries are as old as the image's, or statically, or make the image newer
    ");
    environment.write_program("hello", &program("GLIBC_2.34").needs("libssl.so.3").build());
    image("", "- { source: base, path: / }\n");
    assert_snapshot!(error(), @"
    error: hello linux/amd64: cannot be built
      caused by: image.yaml:3:13: `hello` would not start on linux/amd64: it needs the library libssl.so.3, which is not in the image; build it statically, or take a base image that has it; `provided` names those that are there only when it runs
    ");
    assert!(!environment.path("registry").exists());

    // The same on a base image, whose layers hide some of each other's files.
    environment.write("image.yaml", "platforms: [linux/amd64]\nfiles:\n- { source: base, path: / }\n");
    environment.consign(&["build", "--to", "oci:registry-base:1.0"]).expect(0);
    image("base: oci:registry-base:1.0\n", "");
    assert_snapshot!(error(), @"
    error: hello linux/amd64: cannot be built
      caused by: image.yaml:4:13: `hello` would not start on linux/amd64: it needs the library libssl.so.3, which is not in the image; build it statically, or take a base image that has it; `provided` names those that are there only when it runs
    ");
    environment.write_program("hello", &program("GLIBC_2.38").build());
    assert_snapshot!(error(), @"
    error: hello linux/amd64: cannot be built
      caused by: image.yaml:4:13: `hello` would not start on linux/amd64: it needs GLIBC_2.38, and /usr/lib64/libc.so.6 of the image has no later than GLIBC_2.36; build it where the libraries are as old as the image's, or statically, or make the image newer
    ");
    environment.write_program("hello", &program("GLIBC_2.36").build());
    image("base: oci:registry-base:1.0\n", "- { source: script, path: /usr/bin/script, mode: \"0755\" }\n");
    let built = environment.consign(&["build"]).expect(0);
    assert!(
        built.stderr.contains("hello warning: `script` is a script for `/bin/bash`, which is not in the image\n"),
        "{built}"
    );
    // What is known only when it runs is named.
    environment.write_program("hello", &program("GLIBC_2.36").needs("libcuda.so.1").build());
    image("base: oci:registry-base:1.0\n", "");
    environment.replace("image.yaml", "/usr/bin/hello }", "/usr/bin/hello, provided: [libcuda.so.*] }");
    environment.consign(&["build"]).expect(0);
}

#[test]
fn a_compiler_and_the_loader_of_this_machine_agree() {
    let Some(_) = peer("gcc") else { return };
    let environment = TestEnvironment::new();
    let (registry, platform) = (environment.registry(), host_platform());
    let consign = |image: &str, repository: &str| {
        format!(
            "build:\n  - source: {image}\n    destination: {registry}/team/{repository}:1\n    \
             tests: [{{ command: [/hello], expect: {{ output: Hello from C }} }}]\nsigning:\n  key: cosign.key\n\
             registries:\n  {registry}:\n    serve: registry\n"
        )
    };
    environment.write("hello.c", "#include <stdio.h>\nint main(void) { puts(\"Hello from C\"); return 0; }\n");
    let image = |first: &str, flags: &str| {
        format!(
            "{first}platforms: [{platform}]\nrun:\n  command: gcc {flags} -o out/hello hello.c\n  inputs: [\"*.c\"]\n\
             files:\n- {{ source: out/hello, path: /hello }}\n"
        )
    };
    fs::create_dir(environment.path("out")).unwrap();
    environment.write("consign.yaml", consign("image.yaml", "hello"));
    environment.write("image.yaml", image("", "-O1"));
    let error = environment.consign(&["build"]).expect(3).error();
    assert!(error.contains("`out/hello` would not start on") && error.contains("; build it statically"), "{error}");
    environment.write("image.yaml", image("", "-O1 -static"));
    environment.consign(&["build"]).expect(0);

    // With the loader and the C library of this machine, it starts: what was looked up is what the loader looks up.
    let listed = std::process::Command::new("ldd").arg(environment.path("out/hello")).output();
    let Ok(_) = listed else { return };
    environment.write(
        "base.yaml",
        format!(
            "platforms: [{platform}]\nrun:\n  command: [sh, -ec, 'gcc -o out/dynamic hello.c; \
             mkdir -p root; for f in $(ldd out/dynamic | grep -o \"/[^ ]*\"); do mkdir -p root$(dirname $f); cp -L $f root$f; done']\n  \
             inputs: [hello.c]\nfiles:\n- {{ source: root, path: / }}\n"
        ),
    );
    environment.write(
        "consign.yaml",
        consign("base.yaml", "base")
            .replace("    tests: [{ command: [/hello], expect: { output: Hello from C } }]\n", ""),
    );
    environment.consign(&["build", "--to", "oci:registry-base:1"]).expect(0);
    environment.write("consign.yaml", consign("image.yaml", "hello"));
    environment.write("image.yaml", image("base: oci:registry-base:1\n", "-O1"));
    let report = environment.consign(&["build", "--output", "json"]).expect(0).json();
    assert_eq!(report["images"][0]["rows"][0]["stages"]["trial"], "ok");
}

#[test]
fn a_binary_for_another_platform_is_refused() {
    let environment = with_script();
    environment.replace("make.sh", "cp made/$2", &format!("cp made/{}", foreign_platform().architecture()));
    let run = environment.consign(&["build", "--quiet"]).expect(3);
    assert!(
        run.error().contains(" is for ") && run.error().contains(&format!("but {} needs ", host_platform())),
        "{run}"
    );
}
