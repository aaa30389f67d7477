//! Killed at every request: before the registry sees it, after it was done and before the answer, and in the middle of what is sent.

use super::scenario::{Before, Scenario, Serving};
use super::told::{Case, tell};
use consign_testkit::registry::{Call, Fault, TestRegistry};
use consign_testkit::tools::spread;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

/// How many points are tried where there is no time for all of them: over the whole run, and while tags move.
const SPREAD: usize = 16;
const SPREAD_OVER_TAGS: usize = 16;

#[test]
fn killed_at_any_request_it_leaves_nothing_half_done() {
    kill_at_requests(Before::Nothing);
}

#[test]
fn killed_at_any_request_it_leaves_the_earlier_release_or_the_new_one() {
    kill_at_requests(Before::Earlier);
}

/// On which side of a request the client is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Before,
    Midway,
    After,
}

/// A request that was seen.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    writes: bool,
    has_body: bool,
}

/// Counts requests over both registries, and kills whoever makes one of them.
#[derive(Default)]
struct Trap {
    seen: Vec<Seen>,
    at: Option<(usize, Moment)>,
    victim: Option<Pid>,
}

fn kill_at_requests(before: Before) {
    let mut scenario = Scenario::new(Serving::Others, before);
    let trap: Arc<Mutex<Trap>> = Arc::default();
    let registries = [0, 1].map(|registry| serve(&scenario, registry, &trap));
    assert!(run(&scenario, &trap, None), "the release fails");
    scenario.quiet(&registries);
    let seen = std::mem::take(&mut trap.lock().unwrap().seen);
    scenario.note_complete();
    let mut kinds = BTreeMap::new();
    for (request, moment) in points(&seen) {
        scenario.quiet(&registries);
        scenario.reset();
        let ended = run(&scenario, &trap, Some((request, moment)));
        scenario.quiet(&registries);
        let seen = std::mem::take(&mut trap.lock().unwrap().seen);
        let _case = Case(format!("{moment:?} request {request} {:?}", seen.get(request)));
        // What is under way at the same time does not always take the same turns.
        assert!(!ended || seen.get(request).is_none_or(|seen| !seen.has_body), "it was not killed");
        scenario.check_what_is_left();
        scenario.complete();
        let kind = match (moment, seen.get(request)) {
            (_, None) => "after the end",
            (Moment::Midway, _) => "amid bodies",
            (_, Some(seen)) if seen.writes => "at writes",
            _ => "at reads",
        };
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    tell(&format!("killed at a request, {}", before.name()), &kinds);
}

/// Serves a registry of the scenario; the requests go through the trap.
fn serve(scenario: &Scenario, registry: usize, trap: &Arc<Mutex<Trap>>) -> TestRegistry {
    let served = scenario.serve(registry);
    let trap = trap.clone();
    served.hook(move |head| {
        let mut state = trap.lock().unwrap();
        let length = head.headers.get("content-length").and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let writes = !["GET", "HEAD"].contains(&head.method.as_str());
        let line = format!("{} {}", head.method, head.uri);
        state.seen.push(Seen { line, writes, has_body: length.is_some_and(|length| length > 1) });
        let (request, moment) = state.at?;
        if state.seen.len() != request + 1 {
            return None;
        }
        state.at = None;
        let victim = state.victim;
        let kill = Call::new(move || _ = victim.map(|victim| kill_process_group(victim, Signal::KILL)));
        Some(match moment {
            Moment::Before => {
                kill.call();
                Fault::Drop
            }
            Moment::Midway => Fault::CallMidway(kill),
            Moment::After => Fault::CallAfter(kill),
        })
    });
    served
}

/// Runs a release, to be killed at a request, and returns whether it came to its end.
fn run(scenario: &Scenario, trap: &Mutex<Trap>, at: Option<(usize, Moment)>) -> bool {
    let mut command = scenario.command();
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = {
        // No request is looked at before it is known who is to be killed for it.
        let mut trap = trap.lock().unwrap();
        let child = command.spawn().unwrap();
        *trap = Trap { seen: Vec::new(), at, victim: Some(Pid::from_child(&child)) };
        child
    };
    let status = child.wait().unwrap();
    let mut trap = trap.lock().unwrap();
    (trap.at, trap.victim) = (None, None);
    status.success()
}

/// Returns the points to try. Whether a client goes before or after something was read, the registries are the same.
fn points(seen: &[Seen]) -> Vec<(usize, Moment)> {
    let tag = |seen: &Seen| {
        let target = seen.line.rsplit_once("/manifests/").map(|(_, target)| target);
        seen.writes && target.is_some_and(|target| !target.starts_with("sha256"))
    };
    let first = seen.iter().position(tag).unwrap();
    let last = seen.iter().rposition(tag).unwrap();
    let all = |range: std::ops::Range<usize>| {
        let moments = |request: usize| {
            let Seen { writes, has_body, .. } = seen[request];
            let moments = [(Moment::Before, true), (Moment::Midway, has_body), (Moment::After, writes)];
            moments.into_iter().filter(|(_, possible)| *possible).map(move |(moment, _)| (request, moment))
        };
        range.flat_map(moments).collect::<Vec<_>>()
    };
    let (earlier, tags, later) = (all(0..first), all(first..last + 1), all(last + 1..seen.len()));
    [spread(&earlier, SPREAD), spread(&tags, SPREAD_OVER_TAGS), spread(&later, 2)].concat()
}
