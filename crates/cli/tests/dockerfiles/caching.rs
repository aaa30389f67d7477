//! What is known of earlier builds, here and elsewhere, and what is said about it.

use crate::base::Bases;
use crate::common::{Run, TestEnvironment, runs_here};
use consign_oci::Reference;
use consign_registry::{Client, Options};
use consign_testkit::registry::{Fault, TestRegistry};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

/// Two stages; the second is the image.
const FILE: &str = "FROM REGISTRY/busybox:1 AS made\n\
                    ARG VERSION=1\n\
                    RUN echo $VERSION > /made\n\
                    FROM REGISTRY/busybox:1\n\
                    COPY data /data\n\
                    RUN --mount=type=cache,target=/kept cat /data > /copy; test -e /kept/first || cat /proc/sys/kernel/random/uuid > /kept/first\n\
                    COPY --from=made /made /made\n";

/// A registry for caches.
struct Caches {
    registry: TestRegistry,
    runtime: Runtime,
}

impl Caches {
    fn serve() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let registry = runtime.block_on(TestRegistry::start()).unwrap();
        Self { registry, runtime }
    }

    fn reference(&self) -> String {
        format!("{}/team/cache:main", self.registry.host())
    }

    /// Returns what a tag or a digest names.
    fn document(&self, target: &str) -> Value {
        let client = Client::new(Options::default()).unwrap();
        let reference: Reference = format!("{}/team/cache{target}", self.registry.host()).parse().unwrap();
        let target = reference.target();
        let found = self.runtime.block_on(client.manifest(&reference.repository, &target));
        let document = found.unwrap().unwrap();
        serde_json::from_slice(document.bytes()).unwrap()
    }
}

/// A folder with the Dockerfile and its file, for these platforms.
fn project(bases: &Bases, platforms: &[&str]) -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.write("Dockerfile", FILE.replace("REGISTRY", &bases.host()));
    environment.write("data", "data\n");
    configure(&environment, platforms, &json!({}));
    environment
}

fn configure(environment: &TestEnvironment, platforms: &[&str], cache: &Value) {
    let image = json!({
        "source": "Dockerfile", "destination": "localhost:1/team/app:1", "platforms": platforms,
        "dockerOptions": { "cache": cache },
    });
    environment.write("consign.yaml", json!({ "build": [image] }).to_string());
}

/// Builds with another store, and returns the run.
fn build(environment: &TestEnvironment, store: &str, arguments: &[&str]) -> Run {
    let all = [&["build", "--explain", "--output", "json"], arguments].concat();
    environment.invocation().store(store).variable("SOURCE_DATE_EPOCH", "1700000000").run(&all)
}

/// Returns why each step of the first platform was done, by stage and number.
fn reasons(run: &Run) -> BTreeMap<String, String> {
    let report = run.json();
    let steps = report["images"][0]["rows"][0]["steps"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    steps.iter().map(|step| (format!("{} {}", text(&step["stage"]), step["step"]), text(&step["why"]))).collect()
}

fn digests(run: &Run) -> Vec<String> {
    let report = run.json();
    let rows = report["images"][0]["rows"].as_array().unwrap().clone();
    rows.iter().map(|row| row["digest"].as_str().unwrap().to_owned()).collect()
}

/// Returns the steps that were done because of a reason.
fn all_are(reasons: &BTreeMap<String, String>, expected: &str) -> bool {
    !reasons.is_empty() && reasons.values().all(|why| why == expected)
}

#[test]
fn it_is_said_why_steps_are_done() {
    let Some(bases) = Bases::serve() else { return };
    let environment = project(&bases, &["linux/amd64"]);
    let first = build(&environment, "one", &[]).expect(0);
    let new = "not known: no earlier build here had this step";
    assert!(all_are(&reasons(&first), new), "{:?}", reasons(&first));
    let text = environment.invocation().store("one").variable("SOURCE_DATE_EPOCH", "1700000000");
    let text = text.run(&["build", "--explain"]).expect(0).stdout;
    assert!(text.contains("\n4 of 4 steps were cached.\nIMAGE  PLATFORM     STAGE  STEP  INSTRUCTION"), "{text}");

    environment.write("data", "other\n");
    let changed = reasons(&build(&environment, "one", &[]).expect(0));
    let expected = [
        ("1 1", "changed: the file `data`"),
        ("1 2", "changed: the layers below: step 1"),
        ("1 3", "cached"),
        ("made 2", "cached"),
    ];
    let expected: BTreeMap<String, String> =
        expected.iter().map(|(step, why)| ((*step).to_owned(), (*why).to_owned())).collect();
    assert_eq!(changed, expected);

    let changed = reasons(&build(&environment, "one", &["--build-arg", "VERSION=secret"]).expect(0));
    assert_eq!(changed["made 2"], "changed: ARG VERSION");
    assert_eq!(changed["1 3"], "changed: the file `made`");
    assert_eq!(changed["1 2"], "cached");

    environment.replace("Dockerfile", "cat /data", "cat  /data");
    let changed = reasons(&build(&environment, "one", &["--build-arg", "VERSION=secret"]).expect(0));
    assert_eq!(changed["1 2"], "changed: the instruction");
    // Without the option nobody is told.
    let report = environment.invocation().store("one").run(&["build", "--output", "json"]).expect(0).json();
    assert_eq!(report["images"][0]["rows"][0].get("steps"), None);
}

#[test]
fn stages_are_done_again_where_that_is_asked_for() {
    let Some(bases) = Bases::serve() else { return };
    let environment = project(&bases, &["linux/amd64"]);
    build(&environment, "one", &[]).expect(0);
    let asked = "asked for: --no-cache";
    for (argument, anew) in [("--no-cache=made", &["made 2"][..]), ("--no-cache=1", &["1 1", "1 2", "1 3"])] {
        let reasons = reasons(&build(&environment, "one", &[argument]).expect(0));
        let done: Vec<&str> = reasons.iter().filter(|(_, why)| *why == asked).map(|(step, _)| step.as_str()).collect();
        assert_eq!(done, anew, "{argument}");
        assert_eq!(reasons.values().filter(|why| *why == "cached").count(), 4 - anew.len(), "{argument}");
    }
    assert!(all_are(&reasons(&build(&environment, "one", &["--no-cache"]).expect(0)), asked));
    let unknown = environment.consign(&["build", "--no-cache=mad,made"]).expect(2);
    let expected = "error: `--no-cache=mad`: there is no stage `mad`\nhint: there are made; those without a name are numbered from 0";
    assert!(unknown.stderr.contains(expected), "{}", unknown.stderr);
    environment.consign(&["build", "--pull", "--offline"]).expect(2);
}

#[test]
fn what_had_the_network_ages() {
    let Some(bases) = Bases::serve() else { return };
    let environment = project(&bases, &["linux/amd64"]);
    let cache = json!({ "max-age": "24h" });
    configure(&environment, &["linux/amd64"], &cache);
    let network = ["--network", "host"];
    build(&environment, "one", &network).expect(0);
    assert!(all_are(&reasons(&build(&environment, "one", &network).expect(0)), "cached"));
    for (hours, old) in [(23, false), (25, true)] {
        make_older(&environment.beside("one/store/steps"), hours);
        let reasons = reasons(&build(&environment, "one", &network).expect(0));
        let expected = if old { "older than 24h" } else { "cached" };
        assert_eq!((reasons["made 2"].as_str(), reasons["1 2"].as_str()), (expected, expected), "{hours}");
        assert_eq!(reasons["1 1"], "cached", "files do not age");
    }
    // What had no network stays as it is.
    let alone = ["--network", "none"];
    build(&environment, "two", &alone).expect(0);
    make_older(&environment.beside("two/store/steps"), 1000);
    assert!(all_are(&reasons(&build(&environment, "two", &alone).expect(0)), "cached"));
}

/// Makes all steps look as if they had been done this many hours ago.
fn make_older(steps: &Path, hours: u64) {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let mut count = 0;
    for entry in fs::read_dir(steps).unwrap() {
        let path = entry.unwrap().path();
        let mut step: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        if let Some(made) = step["result"].get_mut("made").filter(|made| made.is_number()) {
            *made = json!(now - hours * 3600);
            fs::write(&path, step.to_string()).unwrap();
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn runners_share_a_cache_in_a_registry() {
    let Some(bases) = Bases::serve() else { return };
    let caches = Caches::serve();
    let reference = caches.reference();
    let (from, to) =
        (format!("--cache-from={reference}"), format!("--cache-to=type=registry,ref={reference},mode=max"));
    let one = project(&bases, &["linux/amd64"]);
    let first = build(&one, "one", &[&from, &to]).expect(0);
    assert!(
        first.stderr.contains(&format!("warning: a cache is not used: {reference} is not there")),
        "{}",
        first.stderr
    );
    // Nothing is written that is there.
    let writes = caches.registry.writes();
    build(&one, "one", &[&to]).expect(0);
    assert_eq!(caches.registry.writes(), writes);
    // Another platform's steps lie beside.
    let two = project(&bases, &["linux/arm64"]);
    if runs_here(&"linux/arm64".parse().unwrap()) {
        build(&two, "two", &[&from, &to]).expect(0);
        let index = caches.document(":main");
        let platforms: Vec<&Value> =
            index["manifests"].as_array().unwrap().iter().map(|entry| &entry["platform"]["architecture"]).collect();
        assert_eq!(platforms, [&json!("amd64"), &json!("arm64")]);
        assert_eq!(index["artifactType"], json!("application/vnd.consign.build-cache.v1"));
    }
    // A third runner does nothing itself, and asks little: two requests for the list, two for the platform, one for each layer.
    caches.registry.forget();
    let third = build(&project(&bases, &["linux/amd64"]), "three", &[&from]).expect(0);
    assert!(all_are(&reasons(&third), &format!("cached from {reference}")), "{:?}", reasons(&third));
    assert_eq!(digests(&third), digests(&first));
    let lines = caches.registry.lines();
    assert!(lines.len() <= 2 + 2 + 4, "{lines:#?}");
    // Where everything is known here, nobody is asked.
    caches.registry.forget();
    assert!(all_are(&reasons(&build(&one, "one", &[&from]).expect(0)), "cached"));
    assert_eq!(caches.registry.lines(), Vec::<String>::new());
}

#[test]
fn what_another_runner_overwrote_is_written_again() {
    let Some(bases) = Bases::serve() else { return };
    let caches = Caches::serve();
    let is_list = |method: &str, path: &str| method == "PUT" && path.ends_with("/manifests/main");
    // The registry says that it has the list, and has not.
    caches.registry.fail(1, is_list, || Fault::status(201));
    let reference = caches.reference();
    build(&project(&bases, &["linux/amd64"]), "one", &[&format!("--cache-to={reference}")]).expect(0);
    assert_eq!(caches.document(":main")["manifests"].as_array().unwrap().len(), 1);
    // Where that never ends, the build is there none the less.
    caches.registry.hook(move |head| is_list(head.method.as_str(), head.uri.path()).then(|| Fault::status(201)));
    let other = project(&bases, &["linux/amd64"]);
    other.write("data", "other");
    let run = build(&other, "two", &[&format!("--cache-to={reference}")]).expect(0);
    let expected = format!("warning: a cache is not written: {reference} was changed by others each time");
    assert!(run.stderr.contains(&expected), "{}", run.stderr);
}

#[test]
fn what_was_tampered_with_is_not_used() {
    let Some(bases) = Bases::serve() else { return };
    let caches = Caches::serve();
    let reference = caches.reference();
    let to = format!("--cache-to=type=registry,ref={reference},mode=max");
    let one = project(&bases, &["linux/amd64"]);
    let first = build(&one, "one", &[&to]).expect(0);
    // Other bytes in the place of every layer.
    let index = caches.document(":main");
    let manifest = caches.document(&format!("@{}", index["manifests"][0]["digest"].as_str().unwrap()));
    let layers: Vec<String> = manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["digest"].as_str().unwrap().trim_start_matches("sha256:").to_owned())
        .collect();
    let mut changed = 0;
    for path in files(caches.registry.folder()) {
        if layers.iter().any(|layer| path.to_string_lossy().contains(layer.as_str())) {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            // What only says that a repository has a blob is empty.
            let Some(byte) = bytes.get_mut(middle) else { continue };
            *byte ^= 1;
            fs::write(&path, bytes).unwrap();
            changed += 1;
        }
    }
    assert!(changed >= layers.len(), "{changed}");
    let second = build(&project(&bases, &["linux/amd64"]), "two", &[&format!("--cache-from={reference}")]).expect(0);
    assert!(all_are(&reasons(&second), "not known: no earlier build here had this step"), "{:?}", reasons(&second));
    assert!(second.stderr.contains("warning: a cache is not used: "), "{}", second.stderr);
    assert_eq!(digests(&second), digests(&first));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_folder_is_a_cache_too() {
    let Some(bases) = Bases::serve() else { return };
    let one = project(&bases, &["linux/amd64"]);
    let folder = one.beside("cache").display().to_string();
    let to = format!("--cache-to=type=local,dest={folder}");
    let first = build(&one, "one", &[&to]).expect(0);
    build(&one, "one", &[&to]).expect(0);
    let from = format!("--cache-from=type=local,src={folder}");
    let two = project(&bases, &["linux/amd64"]);
    let second = build(&two, "two", &[&from]).expect(0);
    assert_eq!(digests(&second), digests(&first));
    let reasons_of = reasons(&second);
    // Without `mode=max` only what is in the image is there.
    assert_eq!(reasons_of["made 2"], "not known: no earlier build here had this step");
    assert_eq!(reasons_of["1 2"], format!("cached from oci:{folder}"));
    // The folder that commands keep came along, and its contents are used by the next command.
    two.replace("Dockerfile", "cat /data", "cat  /data");
    let kept = build(&two, "three", &[&from, "--to", "oci:image"]).expect(0);
    assert_eq!(reasons(&kept)["1 2"], "not known: no earlier build here had this step");
    let contents = |environment: &TestEnvironment, store: &str| {
        let files = files(&environment.beside(store).join("caches"));
        assert!(files.len() == 1 && files[0].ends_with("first"), "{files:?}");
        fs::read(&files[0]).unwrap()
    };
    assert_eq!(contents(&one, "one"), contents(&two, "three"));
}

#[test]
fn what_is_no_cache_of_ours_is_left_alone() {
    let Some(bases) = Bases::serve() else { return };
    let host = bases.host();
    let environment = project(&bases, &["linux/amd64"]);
    for option in ["from", "to"] {
        let run = build(&environment, "one", &[&format!("--cache-{option}={host}/busybox:1"), "--no-cache"]);
        let run = if option == "from" {
            build(&environment, "two", &[&format!("--cache-from={host}/busybox:1")])
        } else {
            run
        };
        assert_eq!(run.status, 3, "{}", run.stderr);
        assert!(run.stderr.contains(&format!("{host}/busybox:1 is no cache of consign")), "{}", run.stderr);
    }
    // Nothing may be written to a destination, or above one, before the gate.
    for repository in ["team/app:cache", "team:1"] {
        configure(&environment, &["linux/amd64"], &json!({ "to": format!("localhost:1/{repository}") }));
        let run = environment.consign(&["check"]).expect(3);
        assert!(
            run.stderr.contains("a cache cannot be in `localhost:1/team/app`, which is a destination"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_release_leaves_its_steps_too() {
    let Some(bases) = Bases::serve() else { return };
    let environment = project(&bases, &["linux/amd64"]);
    configure(&environment, &["linux/amd64"], &json!({ "to": "type=local,dest=kept,mode=max" }));
    environment.commit("First.");
    environment.invocation().store("one").run(&["release", "--dry-run"]).expect(0);
    configure(&environment, &["linux/amd64"], &json!({ "from": "type=local,src=kept" }));
    let report = environment.invocation().store("two").run(&["build", "--explain", "--output", "json"]).expect(0);
    let expected = "cached from oci:kept";
    assert!(all_are(&reasons(&report), expected), "{:?}", reasons(&report));
}
