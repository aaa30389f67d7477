//! `store`, and several runs that share one.

use crate::common::{TestEnvironment, host_platform, program};
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, SystemTime};

/// Returns the files in a folder and those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Starts the program and returns it once it says that it waits, with what else it says.
fn start_and_wait(environment: &TestEnvironment, arguments: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let mut command = environment.invocation().command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.ends_with("waiting …\n") {
        line.clear();
        assert!(errors.read_line(&mut line).unwrap() > 0, "{arguments:?} does not wait");
    }
    (child, errors)
}

/// Makes everything in the store look as if it had been used last so many days ago.
fn age(environment: &TestEnvironment, days: u32) {
    let time = SystemTime::now() - days * Duration::from_secs(24 * 3600);
    for file in files(&environment.beside("store")) {
        File::open(file).unwrap().set_modified(time).unwrap();
    }
}

/// Releases again and returns what became of a stage on each platform. Nothing may be written to the registry.
fn release_again(environment: &TestEnvironment, stage: &str) -> Vec<String> {
    environment.log().clear();
    let report = environment.consign(&["release", "--output", "json"]).expect(0).json();
    assert_eq!(environment.log().writes(), [""; 0]);
    let rows = report["images"][0]["rows"].as_array().unwrap();
    rows.iter().map(|row| row["stages"][stage].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_was_not_used_lately_goes_and_is_made_again() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    environment.consign(&["build", "--to", "store:hello"]).expect(0);
    let report = environment.consign(&["store", "df", "--output", "json"]).expect(0).json();
    assert_eq!(report["pruned"]["files"], 0, "{report}");
    let kinds = report["kinds"].as_array().unwrap();
    let sum = |key: &str| kinds.iter().map(|kind| kind[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(
        (report["total"]["files"].as_u64(), report["total"]["bytes"].as_u64()),
        (Some(sum("files")), Some(sum("bytes")))
    );
    assert_eq!(sum("files"), files(&environment.beside("store")).len() as u64);

    // What was used lately stays.
    environment.consign(&["store", "prune"]).expect(0);
    assert_eq!(release_again(&environment, "build"), ["cached", "cached"]);
    age(&environment, 40);
    let before = files(&environment.beside("store")).len();
    environment.consign(&["store", "prune", "--older-than", "60d"]).expect(0);
    let would = environment.consign(&["store", "prune", "--dry-run", "--output", "json"]).expect(0).json();
    assert_eq!(files(&environment.beside("store")).len(), before);
    let pruned = environment.consign(&["store", "prune", "--output", "json"]).expect(0).json();
    assert_eq!(would, pruned);
    assert_eq!(
        before - files(&environment.beside("store")).len(),
        pruned["pruned"]["files"].as_u64().unwrap() as usize
    );
    let of = |name: &str| pruned["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == name).cloned();
    assert_eq!(of("named images").unwrap()["pruned"]["files"], 0);
    assert_eq!(
        of("steps").unwrap()["pruned"],
        of("steps").map(|kind| serde_json::json!({ "files": kind["files"], "bytes": kind["bytes"] })).unwrap()
    );
    environment.consign(&["store", "check"]).expect(0);
    environment.consign(&["inspect", "store:hello"]).expect(0);

    assert_eq!(release_again(&environment, "inventory"), ["ok", "ok"]);
    assert_eq!(release_again(&environment, "build"), ["cached", "cached"]);
    environment.consign(&["store", "prune", "--all"]).expect(0);
    assert_eq!(release_again(&environment, "build"), ["ok", "ok"]);
    environment.consign(&["store", "check"]).expect(0);
}

#[test]
fn how_it_is_shown() {
    let environment = TestEnvironment::with_image();
    assert_snapshot!(environment.consign(&["store", "df"]), @"
    status 0
    --- stdout
    WHAT       FILES  SIZE  PRUNABLE  SIZE
    downloads  0      0 B   -         -
    total      0      0 B   -         -
    ");
    environment.consign(&["build"]).expect(0);
    let all = environment.consign(&["store", "prune", "--all", "--dry-run"]).expect(0).stdout;
    let first = |line: &str| line.split("  ").next().unwrap().to_owned();
    let kinds: Vec<String> = all.lines().skip(1).map(first).collect();
    assert_eq!(kinds, ["built images", "statements", "steps", "derived", "downloads", "total"], "{all}");
    let check = environment.consign(&["store", "check"]).expect(0).stdout;
    assert!(check.ends_with(" records: nothing is wrong\n"), "{check}");
    let wrong = environment.consign(&["store", "prune", "--older-than", "soon"]).expect(2);
    assert!(wrong.stderr.contains("such as `30d`"), "{wrong}");
}

#[test]
fn nothing_is_pruned_while_somebody_is_at_work() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build"]).expect(0);
    let store = environment.beside("store/store");
    // As a run that is at work does.
    let lock = File::open(&store).unwrap();
    lock.lock_shared().unwrap();
    let run = environment.consign(&["store", "prune", "--all"]).expect(4);
    let process = std::process::id().to_string();
    assert_snapshot!(run.error().replace(&process, "PROCESS").replace(" by process PROCESS", ""), @"
    error: [root]/store/store is in use
    hint: run this when they have ended, or wait for that with `--wait`
    ");
    for beside in [&["store", "df"][..], &["store", "check"], &["store", "prune", "--dry-run"], &["build"]] {
        environment.consign(beside).expect(0);
    }
    let (mut waiting, _errors) = start_and_wait(&environment, &["store", "prune", "--all", "--wait"]);
    assert!(environment.stored_blobs() > 0);
    drop(lock);
    assert!(waiting.wait().unwrap().success());
    assert_eq!(environment.stored_blobs(), 0);
}

#[test]
fn waiting_for_the_end_of_a_pruning_can_be_interrupted() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "--to", "store:hello"]).expect(0);
    // As somebody who prunes does.
    let lock = File::open(environment.beside("store/store")).unwrap();
    lock.lock().unwrap();
    let table: [(&[&str], _); 5] = [
        (&["build"], Signal::INT),
        (&["store", "df"], Signal::TERM),
        (&["store", "check"], Signal::INT),
        (&["inspect", "store:hello"], Signal::TERM),
        (&["verify", "--key", "cosign.pub", "store:hello"], Signal::INT),
    ];
    for (arguments, signal) in table {
        let (mut waiting, _errors) = start_and_wait(&environment, arguments);
        kill_process(Pid::from_child(&waiting), signal).unwrap();
        assert_eq!(waiting.wait().unwrap().code(), Some(130), "{arguments:?}");
    }
}

#[test]
fn two_versions_are_released_at_once_from_one_store() {
    let environment = TestEnvironment::with_image();
    environment.write("hello.txt", "Hello again.\n");
    environment.commit("Second.");
    environment.git(&["tag", "v2.0.0"]);
    let clones = ["v1.2.3", "v2.0.0"].map(|version| {
        let clone = environment.beside(version);
        environment.git(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
        environment.git(&["-C", clone.to_str().unwrap(), "checkout", "--quiet", version]);
        for file in ["consign.yaml", "cosign.key", "cosign.pub"] {
            fs::copy(environment.path(file), clone.join(file)).unwrap();
        }
        // The registry is another's, who serves it.
        let configuration = environment.read("consign.yaml").replace("serve: registry", "plain-http: true");
        fs::write(clone.join("consign.yaml"), configuration).unwrap();
        clone
    });
    fs::create_dir(environment.path("registry")).unwrap();
    let _server = environment.serve();
    let start = |folder: &Path, arguments: &[&str]| {
        let mut command = environment.invocation().folder(folder).command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for round in 0..3 {
        let releases = clones.each_ref().map(|clone| start(clone, &["release"]));
        // Pruning at any moment does no harm.
        let pruning = start(&clones[0], &["store", "prune", "--all", "--wait"]);
        for release in releases {
            let output = release.wait_with_output().unwrap();
            assert!(output.status.success(), "round {round}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(pruning.wait_with_output().unwrap().status.success());
        for version in ["1.2.3", "2.0.0"] {
            let reference = environment.reference(&format!("team/hello:{version}"));
            environment.consign(&["verify", "--content", "--key", "cosign.pub", &reference]).expect(0);
        }
        environment.consign(&["store", "check"]).expect(0);
        if round > 0 {
            assert_eq!(environment.log().writes(), [""; 0]);
        }
        environment.log().clear();
    }
}

#[test]
fn damage_is_told_repaired_and_made_again() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    let blobs = files(&environment.beside("store/store/blobs"));
    let layer = blobs.iter().find(|path| fs::read(path).unwrap().starts_with(b"\x1f\x8b")).unwrap();
    fs::write(layer, b"\x1f\x8b spoilt").unwrap();
    let step = files(&environment.beside("store/store/steps")).into_iter().min().unwrap();
    fs::write(&step, "{").unwrap();
    let run = environment.consign(&["store", "check", "--output", "json"]).expect(1);
    let report = run.json();
    assert_eq!((&report["wrong"], &report["removed"], &report["error"]["code"]), (&2.into(), &0.into(), &1.into()));
    let spoilt = report["findings"].as_array().unwrap().iter().find(|finding| finding["expected"].is_string()).unwrap();
    let (expected, found) = (spoilt["expected"].as_str().unwrap(), spoilt["found"].as_str().unwrap());
    assert!(
        layer.ends_with(spoilt["path"].as_str().unwrap()) && layer.ends_with(&expected["sha256:".len()..]),
        "{spoilt}"
    );
    assert!(found.starts_with("sha256:") && found != expected, "{spoilt}");
    assert!(run.error().is_empty() || run.stderr.contains("store check --repair"), "{run}");

    let repaired = environment.consign(&["store", "check", "--repair", "--output", "json"]).expect(0).json();
    assert!(repaired["findings"].as_array().unwrap().iter().all(|finding| finding["removed"] == true), "{repaired}");
    assert!(!layer.exists() && !step.exists());
    environment.consign(&["store", "check"]).expect(0);
    release_again(&environment, "build");
    assert!(layer.exists());
    environment.consign(&["store", "check"]).expect(0);
}

#[test]
fn a_named_image_outlives_whatever_is_done_to_its_files() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "--to", "store:keep"]).expect(0);
    let store = environment.beside("store/store");
    let reference = store.join("references/keep.json");
    let text = fs::read(&reference).unwrap();

    // Who may write to its files changes nothing of what is in them.
    let blobs = files(&store.join("blobs"));
    blobs.iter().for_each(|path| fs::set_permissions(path, fs::Permissions::from_mode(0o664)).unwrap());
    let run = environment.consign(&["store", "check"]).expect(1);
    assert!(run.stderr.contains("`consign store check --repair` puts right"), "{run}");
    let repaired = environment.consign(&["store", "check", "--repair", "--output", "json"]).expect(0).json();
    assert_eq!((&repaired["removed"], &repaired["secured"]), (&0.into(), &blobs.len().into()), "{repaired}");
    assert!(blobs.iter().all(|path| fs::metadata(path).unwrap().mode() & 0o777 == 0o644));
    environment.consign(&["inspect", "store:keep"]).expect(0);

    // As long as its record cannot be read, nobody knows what it needs.
    fs::write(&reference, "{").unwrap();
    let before = files(&store).len();
    assert_snapshot!(environment.consign(&["store", "prune", "--all"]).expect(1).error(), @"
    error: cannot tell what [root]/store/store/references/keep.json needs
      caused by: it is not a record: EOF while parsing an object at line 1 column 1
    hint: `consign store check` tells of everything that is wrong
    ");
    assert_eq!(files(&store).len(), before);
    // Only its user can make that right.
    fs::write(store.join("notes.txt"), "").unwrap();
    let told = environment.consign(&["store", "check"]).expect(1).error();
    assert_snapshot!(told, @"
    error: 2 things in the store are wrong
    hint: only you can make an image again that has a name (`consign build --to store:NAME`), or delete its reference
    hint: what consign did not write, or cannot read or remove, stays: look into [root]/store/store
    ");
    assert_eq!(environment.consign(&["store", "check", "--repair"]).expect(1).error(), told);
    fs::remove_file(store.join("notes.txt")).unwrap();
    environment.consign(&["build", "--to", "store:keep"]).expect(0);
    assert_eq!(fs::read(&reference).unwrap(), text);
    environment.consign(&["store", "check"]).expect(0);

    // What consign did not write no repair removes, and none is promised.
    fs::write(store.join("receipts/notes.txt"), "").unwrap();
    environment.consign(&["store", "prune", "--dry-run"]).expect(0);
    assert_snapshot!(environment.consign(&["store", "check"]).expect(1).error(), @"
    error: 1 thing in the store is wrong
    hint: what consign did not write, or cannot read or remove, stays: look into [root]/store/store
    ");
}

#[test]
fn a_layer_that_has_gone_is_made_again() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build"]).expect(0);
    for path in files(&environment.beside("store/store/blobs")) {
        fs::remove_file(&path).unwrap();
        environment.consign(&["build", "--to", "oci-archive:image.tar"]).expect(0);
        fs::remove_file(environment.path("image.tar")).unwrap();
    }
    environment.consign(&["store", "check"]).expect(0);
}

/// Releases with a store that has ever more space, each time first with so much, then with enough. Prints a line for each:
/// the space in KiB, and the exit status of release, check, release and check.
const FULL: &str = r#"
    left=0
    while :; do
        mount -t tmpfs -o size=1m,mode=0700 store "$STORE" || exit 9
        rm -rf registry
        head -c $((1048576 - left * 1024)) /dev/zero > "$STORE/filler" 2> /dev/null
        "$CONSIGN" release --quiet > /dev/null 2> "error-$left.tar"; first=$?
        rm "$STORE/filler"
        "$CONSIGN" store check > /dev/null 2>&1; check=$?
        "$CONSIGN" release --quiet > /dev/null 2> "again-$left.tar"; second=$?
        "$CONSIGN" store check > /dev/null 2>&1
        echo "$left $first $check $second $?"
        test $first -ne 0 || break
        umount "$STORE"
        left=$((left + 12))
    done
    mount -o remount,ro store "$STORE" || exit 9
    "$CONSIGN" release --no-cache --quiet > /dev/null 2> error-ro.tar; echo "ro $?"
    "$CONSIGN" store df > /dev/null 2> error-df.tar; echo "df $?"
"#;

#[test]
fn a_full_disk_and_one_that_takes_no_writes() {
    let environment = TestEnvironment::with_image();
    let store = environment.beside("store");
    fs::create_dir(&store).unwrap();
    let template = environment.invocation().command(&[]);
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", FULL]).current_dir(environment.folder()).env_clear();
    command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.env("STORE", &store).env("CONSIGN", env!("CARGO_BIN_EXE_consign")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if text.is_empty() {
        return consign_testkit::tools::not_run("a small file system");
    }
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    let (full, [read_only, df]) = lines.split_at(lines.len() - 2) else { panic!("{text}") };
    assert!(full.len() > 3, "{text}");
    for line in full {
        let [left, first, rest @ ..] = &line[..] else { panic!("{text}") };
        assert_eq!(rest, ["0", "0", "0"], "{text}\n{}", environment.read(&format!("again-{left}.tar")));
        let error = environment.read(&format!("error-{left}.tar"));
        if *first == "0" {
            continue;
        }
        assert_eq!(*first, "1", "{left}: {error}");
        for part in [store.to_str().unwrap(), "No space left on device", "`consign store prune`"] {
            assert!(error.contains(part), "{left}: {error}");
        }
    }
    assert_eq!(full.last().unwrap()[1], "0");
    assert_eq!((&read_only[..], &df[..]), (&["ro", "1"][..], &["df", "0"][..]), "{}", environment.read("error-df.tar"));
    let error = environment.read("error-ro.tar");
    assert!(error.contains("Read-only file system") && error.contains(store.to_str().unwrap()), "{error}");
}

#[test]
fn a_store_that_is_no_folder_or_has_gone() {
    let environment = TestEnvironment::with_image();
    environment.write("taken.tar", "");
    let run = environment.invocation().variable("CONSIGN_STORE", environment.path("taken.tar").to_str().unwrap());
    assert_snapshot!(run.run(&["build", "--quiet"]).error(), @"
    error: cannot make the folder [folder]/taken.tar/store
      caused by: Not a directory (os error 20)
    ");
    environment.consign(&["build"]).expect(0);
    fs::remove_dir_all(environment.beside("store")).unwrap();
    environment.consign(&["build"]).expect(0);
    let report: Value = environment.consign(&["store", "check", "--output", "json"]).expect(0).json();
    assert_eq!(report["wrong"], 0);
}

#[test]
fn what_commands_of_dockerfiles_leave_is_shown_and_removed() {
    let environment = TestEnvironment::with_image();
    let host = host_platform();
    environment.write_program("hello", &program(host.architecture(), "Hello.\n", 0));
    environment.write("Dockerfile", "FROM scratch\nCOPY hello /\nRUN --mount=type=cache,target=/cache [\"/hello\"]\n");
    let destination = environment.reference("team/hello");
    environment.write(
        "consign.yaml",
        format!("build: [{{source: Dockerfile, destination: {destination}, platforms: [{host}]}}]\n"),
    );
    let said = format!("hello {host} build | line 3: Hello.\n");
    let build = environment.consign(&["build"]).expect(0);
    assert!(!build.stderr.contains(&said), "{build}");
    let build = environment.invocation().store("other").run(&["build", "--progress", "plain"]).expect(0);
    let run = format!("hello {host} build | line 3: RUN --mount=type=cache,target=/cache [\"/hello\"]\n");
    assert!(build.stderr.contains(&format!("{run}{said}")), "{build}");

    let caches: Vec<_> = fs::read_dir(environment.beside("store/caches")).unwrap().collect();
    let [cache] = &caches[..] else { panic!("{caches:?}") };
    fs::write(cache.as_ref().unwrap().path().join("kept"), "kept").unwrap();
    let rows = |arguments: &[&str]| -> Vec<(String, u64, u64)> {
        let report = environment.consign(&[arguments, &["--output", "json"]].concat()).expect(0).json();
        let rows = report["kinds"].as_array().unwrap().iter();
        let row = |row: &Value| {
            let kind = row["kind"].as_str().unwrap().to_owned();
            (kind, row["files"].as_u64().unwrap(), row["pruned"]["files"].as_u64().unwrap())
        };
        rows.map(row).filter(|(kind, ..)| kind.contains("unpacked") || kind.contains("RUN")).collect()
    };
    let both = |pruned| vec![("unpacked layers".to_owned(), 1, pruned), ("caches of RUN".to_owned(), 1, pruned)];
    assert_eq!(rows(&["store", "df"]), both(0));
    assert_eq!(rows(&["store", "prune"]), both(0));
    assert_eq!(rows(&["store", "prune", "--all"]), both(1));
    assert_eq!(rows(&["store", "df"]), []);
    let left: Vec<_> = ["trees", "caches"]
        .iter()
        .flat_map(|name| fs::read_dir(environment.beside("store").join(name)).unwrap())
        .collect();
    assert!(left.is_empty(), "{left:?}");
    environment.consign(&["build"]).expect(0);
}
