//! Registries that fail in the middle of a release, from some request on, and that work again for the next one.

use super::scenario::{Before, Scenario, Serving};
use super::told::{Case, Points};
use consign_testkit::registry::{Fault, TestRegistry};
use consign_testkit::tools::soaks;
use std::sync::{Arc, Mutex};

/// When a registry begins to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Blobs,
    Manifests,
    Referrers,
    Signatures,
    FirstTag,
    BetweenTags,
    Latest,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failing {
    /// Nobody listens any more.
    Vanishes,
    /// It does what it was asked, and then nobody listens any more: the answer is lost.
    AnswersNothing,
    /// Connections end without an answer.
    Resets,
    Answers(u16),
    /// It takes blobs, but no manifests.
    TakesBlobsOnly,
}

const PHASES: [Phase; 7] = [
    Phase::Blobs,
    Phase::Manifests,
    Phase::Referrers,
    Phase::Signatures,
    Phase::FirstTag,
    Phase::BetweenTags,
    Phase::Latest,
];
const FAILINGS: [Failing; 6] = [
    Failing::AnswersNothing,
    Failing::Vanishes,
    Failing::Answers(500),
    Failing::Resets,
    Failing::Answers(503),
    Failing::TakesBlobsOnly,
];

/// Returns the cases to try: all of them, or as many as it takes for each registry to fail at each phase, and in each way.
fn cases() -> Vec<(usize, Phase, Failing)> {
    let all = PHASES.iter().flat_map(|phase| FAILINGS.map(|failing| [(0, *phase, failing), (1, *phase, failing)]));
    if soaks() {
        return all.flatten().collect();
    }
    let registries = 0..2;
    let at =
        |registry: usize, number: usize| (registry, PHASES[number], FAILINGS[(number + 3 * registry) % FAILINGS.len()]);
    registries.flat_map(|registry| (0..PHASES.len()).map(move |number| at(registry, number))).collect()
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Blobs => "at blobs",
            Self::Manifests => "at manifests",
            Self::Referrers => "at referrers",
            Self::Signatures => "at signatures",
            Self::FirstTag => "at the first tag",
            Self::BetweenTags => "between tags",
            Self::Latest => "at latest",
        }
    }
}

/// What is wrong with a registry.
#[derive(Default)]
struct Trouble {
    planned: Option<(Phase, Failing)>,
    has_begun: bool,
    has_listed: bool,
}

impl Trouble {
    /// Returns how a request fails, if it does.
    fn of(&mut self, method: &str, path: &str) -> Option<Failing> {
        let (phase, failing) = self.planned?;
        let manifest = path.rsplit_once("/manifests/").map(|(_, target)| target);
        let is_put = |wanted: &dyn Fn(&str) -> bool| method == "PUT" && manifest.is_some_and(wanted);
        let lists = method == "GET" && (path.contains("/referrers/") || path.contains("/manifests/sha256-"));
        self.has_listed |= lists;
        self.has_begun |= match phase {
            Phase::Blobs => method == "POST",
            Phase::Manifests => is_put(&|target| target.starts_with("sha256:")),
            Phase::Referrers => lists,
            Phase::Signatures => self.has_listed && is_put(&|target| target.starts_with("sha256:")),
            Phase::FirstTag => is_put(&|target| target == "1.2.3"),
            Phase::BetweenTags => is_put(&|target| target == "1"),
            Phase::Latest => is_put(&|target| target == "latest"),
        };
        let fails = self.has_begun && (failing != Failing::TakesBlobsOnly || is_put(&|_| true));
        fails.then_some(failing)
    }
}

#[test]
fn a_destination_that_fails_leaves_nothing_half_done() {
    let mut scenario = Scenario::new(Serving::Others, Before::Earlier);
    let trouble: [Arc<Mutex<Trouble>>; 2] = Default::default();
    let mut registries = Vec::from([0, 1].map(|registry| serve(&scenario, registry, &trouble[registry])));
    scenario.environment.consign(&["release", "--quiet"]).expect(0);
    scenario.note_complete();
    let mut points = Points::default();
    for (registry, phase, failing) in cases() {
        let case = format!("registry {registry}, {phase:?}: {failing:?}");
        let told = Case(case.clone());
        scenario.quiet(&registries);
        scenario.reset();
        *trouble[registry].lock().unwrap() = Trouble { planned: Some((phase, failing)), ..Trouble::default() };
        let run = scenario.fail().expect(1);
        assert!(std::mem::take(&mut *trouble[registry].lock().unwrap()).has_begun);
        if matches!(failing, Failing::Vanishes | Failing::AnswersNothing) {
            let vanished = registries.remove(registry);
            scenario.runtime.block_on(vanished.stop()).unwrap();
            registries.insert(registry, serve(&scenario, registry, &trouble[registry]));
        }
        scenario.quiet(&registries);
        scenario.check_what_is_left();
        let report = run.json();
        let tags = scenario.check_what_is_said(&report);
        let error = &report["error"];
        let said = format!("{} {}", error["message"], error["causes"]);
        // Whoever fails is named, and what was tried.
        assert!(said.contains(&format!("{}/", scenario.host(registry))) && said.contains("not published"), "{said}");
        let any = !tags.moved.is_empty() || tags.unknown.is_some();
        assert_eq!(said.contains("published, but not all tags moved; moved: "), any, "{said}");
        // Before the first tag is written, none moves anywhere. The registry's turn comes after the other one's.
        let before_tags = phase < Phase::FirstTag || (phase == Phase::FirstTag && registry == 0);
        assert_eq!(tags.moved.is_empty(), before_tags, "{said}");
        // Whoever no longer answers cannot say what became of the tag that it was sent.
        let cannot_say = phase >= Phase::FirstTag && failing != Failing::TakesBlobsOnly;
        assert_eq!(tags.unknown.is_some(), cannot_say, "{said}");
        scenario.complete();
        points.note(Some(phase.name()));
        drop(told);
    }
    points.tell("a destination fails");
}

fn serve(scenario: &Scenario, registry: usize, trouble: &Arc<Mutex<Trouble>>) -> TestRegistry {
    let served = scenario.serve(registry);
    let vanishing = served.vanishing();
    let trouble = trouble.clone();
    served.hook(move |head| {
        let failing = trouble.lock().unwrap().of(head.method.as_str(), head.uri.path())?;
        Some(match failing {
            Failing::Vanishes => {
                vanishing.call();
                Fault::Drop
            }
            Failing::AnswersNothing => Fault::CallAfter(vanishing.clone()),
            Failing::Resets => Fault::Drop,
            Failing::Answers(status) => Fault::busy(status),
            Failing::TakesBlobsOnly => Fault::status(400),
        })
    });
    served
}
