//! Killed at every flush, rename, link and unlink: of the store, and of the registries that the release serves itself.

use super::scenario::{Before, Scenario, Serving};
use super::told::{Case, Points};
use consign_testkit::tools::{not_run, spread};
use consign_testkit::trace::{self, Call, CallKind, End, Moment, Point};

/// Where the registries keep tags. Until the first is written many threads are at work, and do not always take the same turns.
const TAGS: &str = "/_tags/";
/// How many points are tried where there is no time for all of them: over the whole run, and while tags move.
const SPREAD: usize = 16;
const SPREAD_OVER_TAGS: usize = 16;

#[test]
fn killed_at_any_call_it_leaves_nothing_half_done() {
    kill_at_calls(Before::Nothing);
}

#[test]
fn killed_at_any_call_it_leaves_the_earlier_release_or_the_new_one() {
    kill_at_calls(Before::Earlier);
}

fn kill_at_calls(before: Before) {
    if !trace::is_permitted() {
        return not_run("watching a process (ptrace)");
    }
    let mut scenario = Scenario::new(Serving::Release, before);
    let traced = trace::run(&scenario.command(), None).unwrap();
    assert_eq!(traced.end, End::Exited(0), "{}", traced.stderr);
    scenario.note_complete();
    let mut points = Points::default();
    for point in all_points(&traced.calls) {
        scenario.reset();
        let traced = trace::run(&scenario.command(), Some(point)).unwrap();
        let call = traced.killed_at.and_then(|call| traced.calls.get(call));
        let expected = if call.is_some() { End::Killed } else { End::Exited(0) };
        assert_eq!(traced.end, expected, "{point} {}", traced.stderr);
        let _case = Case(format!("{point} {call:?}"));
        scenario.check_what_is_left();
        scenario.complete();
        points.note(call.map(|call| name(call.kind)));
    }
    points.tell(&format!("killed at a call, {}", before.name()));
}

/// Returns the points to try.
fn all_points(calls: &[Call]) -> Vec<Point> {
    let tag = |call: &Call| call.path.contains(TAGS);
    let first = calls.iter().position(tag).unwrap();
    let last = calls.iter().rposition(tag).unwrap();
    let all = |since, range: std::ops::Range<usize>| {
        let both = |call| [Moment::Before, Moment::After].map(|moment| Point { since, call, moment });
        range.flat_map(both).collect::<Vec<Point>>()
    };
    let earlier = all(None, 0..first);
    let (tags, later) = (all(Some(TAGS), 0..last + 1 - first), all(Some(TAGS), last + 1 - first..calls.len() - first));
    [spread(&earlier, SPREAD), spread(&tags, SPREAD_OVER_TAGS), spread(&later, 2)].concat()
}

fn name(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Sync => "fsync",
        CallKind::Rename => "rename",
        CallKind::Link => "link",
        CallKind::Unlink => "unlink",
    }
}
