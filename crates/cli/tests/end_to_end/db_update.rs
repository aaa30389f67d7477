//! The database as it is fetched: from publishers of feeds, from mirrors, and as an artifact from a registry.

use crate::common::TestEnvironment;
use consign_testkit::feeds::{FeedServer, Mood};
use consign_testkit::tools::peer;
use serde_json::{Value, json};
use std::fs;

/// Where a mirror has the list of what is exploited, and Debian's tracker.
const KEV: &str = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";
const DEBIAN: &str = "security-tracker.debian.org/tracker/data/json";
/// When feeds were published that do not say so.
const TIME: &str = "2026-11-20T00:00:00Z";

fn kev() -> String {
    let listed = json!([{"cveID": "CVE-2026-1", "dateAdded": "2026-01-09", "vulnerabilityName": "A flaw in a tool"}]);
    json!({"dateReleased": "2026-01-10T00:00:00Z", "catalogVersion": "1", "vulnerabilities": listed}).to_string()
}

/// A tracker that knows so many vulnerabilities of a tool.
fn debian(count: usize) -> String {
    let state = json!({"status": "resolved", "fixed_version": "2.0-1", "urgency": "high", "repositories": {}});
    let vulnerabilities: serde_json::Map<String, Value> = (1..=count)
        .map(|number| (format!("CVE-2026-{number}"), json!({"scope": "local", "releases": {"bookworm": state}})))
        .collect();
    json!({"tool": vulnerabilities}).to_string()
}

fn server() -> FeedServer {
    let server = FeedServer::start().unwrap();
    server.put(KEV, kev());
    server.put(DEBIAN, debian(200));
    server
}

#[test]
fn feeds_are_asked_for_by_name_and_sent_only_when_they_have_changed() {
    let (environment, server) = (TestEnvironment::new(), server());
    let update = || {
        let mirror = server.url();
        let arguments = ["db", "update", "debian", "kev", "--mirror", &mirror, "--published", TIME, "--output", "json"];
        environment.consign(&arguments).expect(0).json()
    };
    let first = update();
    assert_eq!((&first["records"], &first["changed"], &first["before"]), (&json!(200), &json!(true), &json!(null)));
    assert_eq!(server.answers(), [(DEBIAN.to_owned(), 200), (KEV.to_owned(), 200)]);
    let bytes = fs::read(environment.path("advisories.db")).unwrap();
    let second = update();
    assert_eq!((&second["changed"], &second["digest"]), (&json!(false), &first["digest"]));
    assert_eq!(server.answers(), [(DEBIAN.to_owned(), 304), (KEV.to_owned(), 304)]);
    assert_eq!(fs::read(environment.path("advisories.db")).unwrap(), bytes);
    // What `db build` makes of the same feeds is the same.
    environment.write("feeds/tracker.json", debian(200));
    environment.write("feeds/kev.json", kev());
    let sources = ["db", "build", "feeds/tracker.json", "feeds/kev.json", "--published", TIME, "--to", "built.db"];
    environment.consign(&sources).expect(0);
    assert_eq!(fs::read(environment.path("built.db")).unwrap(), bytes);
    server.put(DEBIAN, debian(201));
    let third = update();
    assert_eq!((&third["records"], &third["before"]), (&json!(201), &first["digest"]));
}

#[test]
fn a_feed_that_cannot_be_had_whole_leaves_the_old_database() {
    let (environment, server) = (TestEnvironment::new(), server());
    let mirror = server.url();
    let arguments = ["db", "update", "debian", "kev", "--mirror", &mirror, "--published", TIME];
    environment.consign(&arguments).expect(0);
    let bytes = fs::read(environment.path("advisories.db")).unwrap();
    server.answers();
    server.put(DEBIAN, debian(250));
    let refused = |status: i32, message: &str| {
        let run = environment.consign(&arguments).expect(status);
        assert!(run.error().contains(message), "{}", run.error());
        assert_eq!(fs::read(environment.path("advisories.db")).unwrap(), bytes);
        let names = fs::read_dir(environment.folder()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().contains(".consign.db")), "nothing is left over");
    };
    server.set(Mood::Tired);
    refused(1, "429");
    let answers = server.answers();
    assert!(answers.len() >= 4 && answers.iter().all(|(_, status)| *status == 429), "asked again: {answers:?}");
    server.set(Mood::Half);
    refused(1, "cannot fetch the feed");
    server.set(Mood::HalfUnnoticed);
    let cut = format!("the feed `debian` ({mirror}/{DEBIAN}) cannot be read as a feed of advisories");
    refused(16, &cut);
    server.set(Mood::Well);
    server.put(DEBIAN, "<html>log in</html>");
    refused(16, &format!("the feed `debian` ({mirror}/{DEBIAN}) is a page for people (HTML)"));
    server.put(DEBIAN, debian(250));
    // What was cut off is not taken for what has not changed.
    server.set(Mood::Well);
    environment.consign(&["db", "update", "debian", "kev", "--mirror", &mirror, "--to", "other.db"]).expect(0);
    // It is whole, and most of it is gone.
    server.set(Mood::Well);
    server.put(DEBIAN, debian(20));
    refused(1, "has 20 records, and 200 in the database that is there");
    server.put(DEBIAN, "{}");
    refused(16, &format!("the feed `debian` ({mirror}/{DEBIAN}) is neither an OSV record nor any other feed"));
    server.put(DEBIAN, debian(250));
    environment.consign(&arguments).expect(0);
}

#[test]
fn mirrors_are_asked_in_turn_and_may_be_folders() {
    let (environment, server) = (TestEnvironment::new(), server());
    let tired = FeedServer::start().unwrap();
    environment.write(&format!("mirror/{DEBIAN}"), debian(1));
    environment.write(&format!("mirror/{KEV}"), kev());
    let folder = format!("file://{}", environment.path("mirror").display());
    environment.consign(&["db", "update", "debian", "kev", "--mirror", &folder, "--to", "a.db"]).expect(0);
    let (first, second) = (tired.url(), server.url());
    environment.consign(&["db", "update", "kev", "--mirror", &first, "--mirror", &second, "--to", "b.db"]).expect(0);
    assert_eq!(tired.answers(), [(KEV.to_owned(), 404)]);
    assert_eq!(server.answers(), [(KEV.to_owned(), 200)]);
    // The publishers themselves are not asked where mirrors are named, nor do mirrors learn who may ask them.
    let publisher = self::server();
    let address = publisher.url().replace("http://", "http://me:secret@") + "/" + KEV + "?token=secret";
    let unasked = environment.consign(&["db", "update", &address, "--mirror", &first, "--to", "b.db"]).expect(1);
    assert!(!unasked.stderr.contains("secret"), "{unasked}");
    assert_eq!(publisher.answers(), []);
    let host = publisher.url().replace("http://", "");
    assert_eq!(tired.answers(), [(format!("{host}/{KEV}"), 404)]);
    environment.consign(&["db", "update", "kev", "--mirror", "mirror.example"]).expect(2);
    let gone = environment.consign(&["db", "update", "kev", "--mirror", &first, "--to", "b.db"]).expect(1);
    assert!(gone.error().contains("cannot fetch the feed `kev`"), "{}", gone.error());
}

#[test]
fn sources_are_addresses_and_paths_too_and_nothing_else() {
    let (environment, server) = (TestEnvironment::new(), server());
    environment.write("feeds/kev.json", kev());
    let address = format!("{}/{DEBIAN}", server.url());
    environment.consign(&["db", "update", &address, "./feeds", "--to", "a.db"]).expect(0);
    let unknown = environment.consign(&["db", "update", "debain", "--to", "a.db"]).expect(2);
    assert!(unknown.error().contains("`debain` is no feed that is known by name"), "{}", unknown.error());
    environment.write("notes.txt", "mine");
    let foreign = environment.consign(&["db", "update", "./feeds", "--to", "notes.txt"]).expect(1);
    assert!(foreign.error().contains("notes.txt is there, and is no database"), "{}", foreign.error());
    assert_eq!(environment.read("notes.txt"), "mine");
    environment.consign(&["--offline", "db", "update", &address, "./feeds", "--to", "b.db"]).expect(0);
    let database = |name: &str| environment.consign(&["db", "status", name, "--output", "json"]).expect(0).json();
    assert_eq!(database("a.db")["records"], database("b.db")["records"]);
}

/// A configuration whose database comes from a registry, and a policy that says how much passes.
fn configured(environment: &TestEnvironment, from: &str) {
    environment.write(
        "consign.yaml",
        format!(
            "policy:\n  advisories:\n    databases: advisories.db\n    from: {from}\n    maximum-severity: critical\n    unknown-severity: accept\n"
        ),
    );
}

#[test]
fn a_database_is_published_fetched_by_digest_and_pinned() {
    let environment = TestEnvironment::new();
    let server = server();
    let _registry = environment.serve();
    let log = environment.log();
    let reference = environment.reference("team/advisories:latest");
    let mirror = server.url();
    let update = ["db", "update", "debian", "kev", "--mirror", &mirror, "--published", TIME, "--to", "source.db"];
    environment.consign(&update).expect(0);
    let published =
        environment.consign(&["db", "publish", "source.db", &reference, "--output", "json"]).expect(0).json();
    let again = environment.consign(&["db", "publish", "source.db", &reference, "--output", "json"]).expect(0).json();
    assert_eq!(published, again);
    configured(&environment, &reference);
    let fetched = environment.consign(&["db", "update", "--output", "json"]).expect(0).json();
    assert_eq!((&fetched["artifact"], &fetched["digest"]), (&published["manifest"], &published["digest"]));
    assert_eq!(fs::read(environment.path("advisories.db")).unwrap(), fs::read(environment.path("source.db")).unwrap());
    let lock: Value = serde_json::from_str(&environment.read("consign.lock")).unwrap();
    assert_eq!(lock["advisories"]["digest"], published["digest"]);
    assert_eq!(lock["advisories"]["artifact"], published["manifest"]);
    assert_eq!(lock.get("images"), None);
    log.clear();
    environment.consign(&["db", "update"]).expect(0);
    assert!(!log.requests().iter().any(|request| request.contains("/blobs/")), "{:?}", log.requests());

    // A newer one is published. What is locked stays, until somebody asks for the newer one.
    server.put(DEBIAN, debian(300));
    environment.consign(&update).expect(0);
    environment.consign(&["db", "publish", "source.db", &reference]).expect(0);
    fs::copy(environment.path("source.db"), environment.path("advisories.db")).unwrap();
    environment.write("image.yaml", "files: []\n");
    let drift = environment.consign(&["scan", "--policy", "consign.yaml", "oci:nothing"]).expect(16);
    assert!(drift.error().contains("consign.lock names sha256:"), "{}", drift.error());
    environment.consign(&["db", "update", "--locked"]).expect(0);
    let status = environment.consign(&["db", "status", "--output", "json"]).expect(0).json();
    assert_eq!(status["digest"], published["digest"]);
    log.clear();
    environment.consign(&["db", "update", "--locked"]).expect(0);
    assert_eq!(log.requests(), [""; 0], "what is there need not be asked for");
    // Nothing else is taken for it, and the lock stays.
    environment.consign(&["db", "publish", "source.db", "oci:elsewhere:1"]).expect(0);
    fs::copy(environment.path("source.db"), environment.path("advisories.db")).unwrap();
    let lock = environment.read("consign.lock");
    configured(&environment, "oci:elsewhere:1");
    let other = environment.consign(&["db", "update", "--locked"]).expect(5);
    assert!(other.error().contains("is wanted"), "{other}");
    assert_eq!(environment.read("consign.lock"), lock);
    configured(&environment, &reference);
    environment.consign(&["db", "update", "--locked"]).expect(0);
    environment.consign(&["-f", "absent.yaml", "db", "update"]).expect(3);
    let newer = environment.consign(&["db", "update", "--output", "json"]).expect(0).json();
    assert_eq!((&newer["before"], &newer["records"]), (&published["digest"], &json!(300)));
}

#[test]
fn what_is_no_database_is_not_taken_for_one() {
    let environment = TestEnvironment::with_image();
    let _registry = environment.serve();
    let image = environment.reference("team/image:1");
    environment.write("feeds/kev.json", kev());
    environment.consign(&["build", "--to", "oci:layout:1"]).expect(0);
    environment.consign(&["copy", "oci:layout:1", &image]).expect(0);
    let other = environment.consign(&["db", "update", &image, "--to", "a.db"]).expect(1);
    assert!(other.error().contains("is no database that `consign db publish` made"), "{}", other.error());
    let mixed = environment.consign(&["db", "update", &image, "./feeds", "--to", "a.db"]).expect(2);
    assert!(mixed.error().contains("to which no feeds are added"), "{}", mixed.error());
    assert!(!environment.path("a.db").exists());
    environment.write("x.db", "x");
    environment.consign(&["db", "publish", "x.db", &image]).expect(16);
}

#[test]
fn others_pull_what_was_published() {
    let Some(oras) = peer("oras") else { return };
    let (environment, server) = (TestEnvironment::new(), server());
    let _registry = environment.serve();
    let reference = environment.reference("team/advisories:1");
    let mirror = server.url();
    environment.consign(&["db", "update", "debian", "--mirror", &mirror]).expect(0);
    environment.consign(&["db", "publish", "advisories.db", &reference]).expect(0);
    let folder = environment.path("pulled");
    let folder_name = folder.display().to_string();
    oras.run(["pull", "--plain-http", "--output", &folder_name, &reference]).unwrap();
    assert_eq!(fs::read(folder.join("advisories.db")).unwrap(), fs::read(environment.path("advisories.db")).unwrap());
}
