//! Killed at every request: before the registry sees it, after it was done and before the answer, and in the middle of what is sent.

use super::scenario::{Before, Scenario, Serving};
use super::told::{Case, Points};
use consign_testkit::registry::{Call, Fault, TestRegistry};
use consign_testkit::tools::spread;
use rustix::process::{Pid, Signal, kill_process_group};
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

/// Where a client is killed.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// Whether counting begins with the first tag that is written: until then several requests are under way at the same time, and do not always
    /// take the same turns.
    since_tags: bool,
    /// The request's number, from 0.
    request: usize,
    moment: Moment,
}

/// A request that was seen.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    writes: bool,
    has_body: bool,
}

impl Seen {
    /// Returns whether it writes a tag, other than one that lists referrers.
    fn is_tag(&self) -> bool {
        let target = self.line.rsplit_once("/manifests/").map(|(_, target)| target);
        self.writes && target.is_some_and(|target| !target.starts_with("sha256"))
    }
}

/// Counts requests over both registries, and kills whoever makes one of them.
#[derive(Default)]
struct Trap {
    seen: Vec<Seen>,
    at: Option<Point>,
    /// The request at which it was killed.
    killed_at: Option<usize>,
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
    let mut points = Points::default();
    for point in all_points(&seen) {
        scenario.quiet(&registries);
        scenario.reset();
        let ended = run(&scenario, &trap, Some(point));
        scenario.quiet(&registries);
        let killed_at = {
            let mut trap = trap.lock().unwrap();
            let seen = std::mem::take(&mut trap.seen);
            trap.killed_at.take().and_then(|request| seen.get(request).cloned())
        };
        let _case = Case(format!("{point:?} {killed_at:?}"));
        assert_eq!(ended, killed_at.is_none(), "{point:?} {killed_at:?}");
        scenario.check_what_is_left();
        scenario.complete();
        points.note(killed_at.map(|seen| match point.moment {
            Moment::Midway => "amid bodies",
            _ if seen.writes => "at writes",
            _ => "at reads",
        }));
    }
    points.tell(&format!("killed at a request, {}", before.name()));
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
        let Point { since_tags, request, moment } = state.at?;
        let begin = if since_tags { state.seen.iter().position(Seen::is_tag)? } else { 0 };
        // Amid a body there must be one.
        let fits = moment != Moment::Midway || state.seen.last().is_some_and(|seen| seen.has_body);
        if state.seen.len() <= begin + request || !fits {
            return None;
        }
        (state.at, state.killed_at) = (None, Some(state.seen.len() - 1));
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
fn run(scenario: &Scenario, trap: &Mutex<Trap>, at: Option<Point>) -> bool {
    let mut command = scenario.command();
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = {
        // No request is looked at before it is known who is to be killed for it.
        let mut trap = trap.lock().unwrap();
        let child = command.spawn().unwrap();
        *trap = Trap { at, victim: Some(Pid::from_child(&child)), ..Trap::default() };
        child
    };
    let status = child.wait().unwrap();
    let mut trap = trap.lock().unwrap();
    (trap.at, trap.victim) = (None, None);
    status.success()
}

/// Returns the points to try. Whether a client goes before or after something was read, the registries are the same.
fn all_points(seen: &[Seen]) -> Vec<Point> {
    let first = seen.iter().position(Seen::is_tag).unwrap();
    let last = seen.iter().rposition(Seen::is_tag).unwrap();
    let all = |range: std::ops::Range<usize>| {
        let since_tags = range.start >= first;
        let begin = if since_tags { first } else { 0 };
        let moments = |request: usize| {
            let Seen { writes, has_body, .. } = seen[request];
            let moments = [(Moment::Before, true), (Moment::Midway, has_body), (Moment::After, writes)];
            let possible = moments.into_iter().filter(|(_, possible)| *possible);
            possible.map(move |(moment, _)| Point { since_tags, request: request - begin, moment })
        };
        range.flat_map(moments).collect::<Vec<_>>()
    };
    let (earlier, tags, later) = (all(0..first), all(first..last + 1), all(last + 1..seen.len()));
    [spread(&earlier, SPREAD), spread(&tags, SPREAD_OVER_TAGS), spread(&later, 2)].concat()
}
