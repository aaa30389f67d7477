//! Publishing as the program does it: all images or none, and what an interruption leaves.

use crate::common::{Destination, TestEnvironment};
use consign_registry_server::{Options, Registry};
use consign_testkit::registry::Fault;
use insta::assert_snapshot;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tokio::sync::Notify;

/// Makes an image that goes to two repositories of a registry which this process serves.
fn with_destination() -> (TestEnvironment, Destination) {
    let (environment, destination) = (TestEnvironment::with_image(), Destination::start());
    let host = destination.host();
    environment.write(
        "consign.yaml",
        format!(
            "build:\n  - source: image.yaml\n    destinations: [{host}/team/hello, {host}/mirror/hello]\nsigning:\n  key: cosign.key\n"
        ),
    );
    (environment, destination)
}

#[test]
fn no_tag_of_any_image_moves_before_all_images_are_sent() {
    let (environment, destination) = with_destination();
    let host = destination.host();
    environment.replace(
        "consign.yaml",
        "signing:",
        &format!("  - source: image.yaml\n    destination: {host}/team/other\nsigning:"),
    );
    let is_other = |method: &str, path: &str| method == "POST" && path.starts_with("/v2/team/other/blobs");
    destination.fail(1, is_other, || Fault::status(403));
    let run = environment.consign(&["release", "--quiet"]).expect(1);
    assert_eq!(destination.tags_written(), [""; 0]);
    assert!(!run.stdout.replace("not moved", "").contains("moved"), "{}", run.stdout);
    let stages = |text: &str, image: &str| {
        let line = text.lines().find(|line| line.starts_with(image)).unwrap().to_owned();
        line.split_whitespace().skip(2).take(7).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(stages(&run.stdout, "hello"), "ok ok - ok ok skipped skipped");
    assert_eq!(stages(&run.stdout, "other"), "cached ok - ok ok failed skipped");

    // Once it takes everything, the tags of both move, most specific first.
    environment.consign(&["release"]).expect(0);
    let order = ["1.2.3", "1.2", "1", "latest"];
    let expected: Vec<String> = order
        .iter()
        .flat_map(|tag| ["team/hello", "mirror/hello", "team/other"].map(|name| format!("{name}:{tag}")))
        .collect();
    assert_eq!(destination.tags_written(), expected);
}

#[test]
fn every_tag_is_read_back() {
    let (environment, destination) = with_destination();
    let moved = Arc::new(AtomicBool::new(false));
    // It takes the tag, and forgets it.
    destination.hook(move |head| {
        if head.uri.path() != "/v2/mirror/hello/manifests/1" {
            return None;
        }
        let forgotten = moved.fetch_or(head.method == "PUT", Ordering::Relaxed);
        (forgotten && head.method == "HEAD").then(|| Fault::status(404))
    });
    let run = environment.consign(&["release", "--verbose"]).expect(4);
    // What has moved was told before anything was read back.
    let position = |text: &str| run.stderr.find(text).unwrap_or_else(|| panic!("no `{text}`: {}", run.stderr));
    assert!(position("/mirror/hello:latest now names sha256:") < position("hello verify failed"));
    assert!(run.error().contains("/mirror/hello:1 does not name sha256:"), "{}", run.error());
    assert!(run.stdout.contains("mirror/hello: 1.2.3 moved, 1.2 moved, 1 not moved, latest moved"), "{}", run.stdout);

    // One that does not say is not one that says no.
    let (environment, destination) = with_destination();
    let moved = AtomicBool::new(false);
    destination.hook(move |head| {
        let is_last = head.uri.path() == "/v2/mirror/hello/manifests/latest";
        let done = moved.fetch_or(is_last && head.method == "PUT", Ordering::Relaxed);
        (is_last && done && head.method == "HEAD").then(|| Fault::status(403))
    });
    let run = environment.consign(&["release", "--quiet"]).expect(14);
    assert!(run.error().contains("/mirror/hello:latest: published, but it does not verify"), "{}", run.error());
    assert!(run.stdout.contains("latest moved\n"), "{}", run.stdout);
}

/// A run of the program that is under way.
struct Running {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Running {
    fn release(environment: &TestEnvironment) -> Self {
        let mut command = environment.invocation().command(&["release"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self { child, stderr }
    }

    /// Waits for something that the program makes happen.
    fn wait_for(&mut self, event: &Receiver<()>) {
        while event.recv_timeout(Duration::from_millis(20)).is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "the program ended");
        }
    }

    /// Sends a signal.
    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }

    /// Reads what the program says until it says that it was interrupted.
    fn wait_until_it_knows(&mut self) {
        let mut line = String::new();
        while !line.starts_with("Interrupted") {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "the program ended without a word");
        }
    }

    /// Waits until the program has ended and returns its exit status, what it printed, and the rest of what it said.
    fn end(mut self) -> (i32, String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut stderr).unwrap();
        (self.child.wait().unwrap().code().unwrap(), stdout, stderr)
    }
}

/// Keeps a registry from answering a request until it is told to. What is returned tells when the request has come.
fn hold(destination: &Destination, method: &'static str, path: &'static str) -> (Receiver<()>, Arc<Notify>) {
    let (come, has_come) = channel();
    let go_on = Arc::new(Notify::new());
    let wait = go_on.clone();
    destination.hook(move |head| {
        (head.method == method && head.uri.path() == path).then(|| {
            come.send(()).unwrap();
            Fault::Wait(wait.clone())
        })
    });
    (has_come, go_on)
}

#[test]
fn interrupted_between_tags_it_says_which_have_moved() {
    let (environment, destination) = with_destination();
    let (tag_is_written, go_on) = hold(&destination, "PUT", "/v2/team/hello/manifests/1.2");
    let mut running = Running::release(&environment);
    running.wait_for(&tag_is_written);
    running.signal(rustix::process::Signal::TERM);
    running.wait_until_it_knows();
    go_on.notify_one();
    let (status, stdout, stderr) = running.end();
    assert_eq!(status, 130, "{stderr}");
    assert_eq!(destination.tags_written(), ["team/hello:1.2.3", "mirror/hello:1.2.3", "team/hello:1.2"]);
    let host = destination.host();
    let expected = format!(
        "  {host}/team/hello: 1.2.3 moved, 1.2 moved, 1 not moved, latest not moved\n  {host}/mirror/hello: 1.2.3 moved, 1.2 not moved, 1 not moved, latest not moved\n"
    );
    assert!(stdout.ends_with(&expected), "{stdout}");
    let error = stderr.replace(&host, "HOST");
    assert_snapshot!(&error[error.find("error: ").unwrap()..], @"
    error: published, but not all tags moved; moved: HOST/team/hello:1.2.3, HOST/mirror/hello:1.2.3, HOST/team/hello:1.2; not moved: HOST/mirror/hello:1.2, HOST/team/hello:1, HOST/mirror/hello:1, HOST/team/hello:latest, HOST/mirror/hello:latest
      caused by: interrupted
    hint: each tag that moved names a complete image; run the release again to move the others
    ");
    // Running again completes.
    let again = environment.consign(&["release"]).expect(0);
    assert!(again.stdout.contains("team/hello: 1.2.3 unchanged, 1.2 unchanged, 1 moved, latest moved"), "{again}");
}

#[test]
fn interrupted_before_the_first_tag_it_ends_at_once() {
    let (environment, destination) = with_destination();
    let (upload_begins, _never) = hold(&destination, "POST", "/v2/team/hello/blobs/uploads/");
    let mut running = Running::release(&environment);
    running.wait_for(&upload_begins);
    running.signal(rustix::process::Signal::INT);
    let (status, stdout, stderr) = running.end();
    assert_eq!(status, 130, "{stderr}");
    assert!(stderr.ends_with("error: interrupted\n"), "{stderr}");
    assert!(
        stdout.ends_with("mirror/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved\n"),
        "{stdout}"
    );
    assert_eq!(destination.tags_written(), [""; 0]);
}

#[test]
fn a_second_interruption_does_not_wait_for_a_tag() {
    let (environment, destination) = with_destination();
    let (tag_is_written, _never) = hold(&destination, "PUT", "/v2/team/hello/manifests/1.2");
    let mut running = Running::release(&environment);
    running.wait_for(&tag_is_written);
    running.signal(rustix::process::Signal::INT);
    running.wait_until_it_knows();
    running.signal(rustix::process::Signal::INT);
    let (status, _, stderr) = running.end();
    assert_eq!((status, stderr.as_str()), (130, "error: interrupted\n"));
}

#[test]
fn of_changed_files_only_their_own_tag_is_made() {
    let (environment, destination) = with_destination();
    environment.write("hello.txt", "Changed.\n");
    let commit = environment.git(&["rev-parse", "--short=7", "HEAD"]);
    let run = environment.consign(&["release"]).expect(0);
    assert_eq!(
        destination.tags_written(),
        [format!("team/hello:{commit}-dirty"), format!("mirror/hello:{commit}-dirty")]
    );
    let warnings: Vec<&str> = run.stderr.lines().filter(|line| line.contains("warning")).collect();
    assert_eq!(
        warnings,
        [
            "hello warning: tag `v1.2.3` stays where it is: files differ from the commit that carries it",
            "hello warning: tag `main` stays where it is: files differ from the commit, so nobody could build again what it would name",
        ]
    );
}

#[test]
fn a_folder_is_served_by_one_process_at_a_time() {
    let environment = TestEnvironment::with_image();
    let served = Registry::open(Options::new(environment.path("registry"))).unwrap();
    assert_snapshot!(environment.consign(&["release", "--quiet"]).expect(4).error(), @"
    error: another consign serves registry
    hint: run this again when it has ended
    ");
    assert_eq!(std::fs::read_dir(environment.path("registry/repositories")).unwrap().count(), 0);
    let listen = format!("127.0.0.1:{}", environment.port);
    let serve = ["registry", "serve", "--root", "registry", "--listen", &listen];
    let error = environment.consign(&serve).expect(4).error();
    assert_eq!(error, "error: another process writes to registry; beside that, it can be served read-only\n");
    drop(served);
    // What `registry serve` serves in the same place takes writes from anyone.
    let server = environment.serve();
    environment.consign(&["release"]).expect(0);
    drop(server);
    let _elsewhere = environment.serve_folder("registry", crate::common::free_port());
    let error = environment.consign(&["release", "--quiet"]).expect(4).error();
    assert!(error.contains("another consign serves registry, on 127.0.0.1:"), "{error}");
}

#[test]
fn a_port_that_another_program_has_is_not_taken_for_the_registry() {
    let environment = TestEnvironment::with_image();
    let _other = environment.serve_folder("registry-other", environment.port);
    assert_snapshot!(environment.consign(&["release", "--quiet"]).expect(4).error(), @"
    error: localhost:PORT1 cannot be served: another program has that port
    hint: end that program, or serve the registry on another port: `registries:` in the configuration
    ");
    assert_eq!(environment.log_of("registry-other").requests(), [""; 0]);
}
