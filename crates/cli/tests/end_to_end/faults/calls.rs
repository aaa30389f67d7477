//! Killed at every flush, rename, link and unlink: of the store, and of the registries that the release serves itself.

use super::scenario::{Before, Scenario, Serving};
use super::told::{Case, tell};
use consign_testkit::tools::{not_run, spread};
use consign_testkit::trace::{self, Call, CallKind, End, Moment, Point};
use std::collections::BTreeMap;

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
    let mut kinds = BTreeMap::new();
    for point in points(&traced.calls) {
        scenario.reset();
        let traced = trace::run(&scenario.command(), Some(point)).unwrap();
        // Threads do not always take the same turns: another run may make a call less.
        let call = traced.calls.get(point.call);
        assert!(traced.end == End::Killed || call.is_none(), "{point} {:?} {}", traced.end, traced.stderr);
        let _case = Case(format!("{point} {call:?}"));
        scenario.check_what_is_left();
        scenario.complete();
        *kinds.entry(call.map_or("after the end".to_owned(), |call| name(call.kind).to_owned())).or_default() += 1;
    }
    tell(&format!("killed at a call, {}", before.name()), &kinds);
}

/// Returns the points to try.
fn points(calls: &[Call]) -> Vec<Point> {
    let tag = |call: &Call| call.path.contains("/_tags/");
    let first = calls.iter().position(tag).unwrap();
    let last = calls.iter().rposition(tag).unwrap();
    let all = |range: std::ops::Range<usize>| {
        let both = |call| [Moment::Before, Moment::After].map(|moment| Point { call, moment });
        range.flat_map(both).collect::<Vec<Point>>()
    };
    let (earlier, tags, later) = (all(0..first), all(first..last + 1), all(last + 1..calls.len()));
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
