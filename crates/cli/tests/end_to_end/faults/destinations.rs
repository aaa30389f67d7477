//! Registries that fail in the middle of a release, from some request on, and that work again for the next one.

use super::scenario::{Before, Scenario, Serving};
use super::told::{Case, tell};
use consign_testkit::registry::{Fault, TestRegistry};
use consign_testkit::tools::spread;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How many cases are tried where there is no time for all of them.
const SPREAD: usize = 9;

/// When a registry begins to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
const FAILINGS: [Failing; 5] =
    [Failing::Vanishes, Failing::Answers(500), Failing::Resets, Failing::Answers(503), Failing::TakesBlobsOnly];

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
    let mut kinds = BTreeMap::new();
    let cases = PHASES.iter().flat_map(|phase| FAILINGS.map(|failing| [(0, *phase, failing), (1, *phase, failing)]));
    for (registry, phase, failing) in spread(&cases.flatten().collect::<Vec<_>>(), SPREAD) {
        let case = format!("registry {registry}, {phase:?}: {failing:?}");
        let told = Case(case.clone());
        scenario.quiet(&registries);
        scenario.reset();
        *trouble[registry].lock().unwrap() = Trouble { planned: Some((phase, failing)), ..Trouble::default() };
        let run = scenario.fail().expect(1);
        assert!(std::mem::take(&mut *trouble[registry].lock().unwrap()).has_begun);
        if failing == Failing::Vanishes {
            let vanished = registries.remove(registry);
            scenario.runtime.block_on(vanished.stop()).unwrap();
            registries.insert(registry, serve(&scenario, registry, &trouble[registry]));
        }
        scenario.quiet(&registries);
        scenario.check_what_is_left();
        let report = run.json();
        let any = scenario.check_what_is_said(&report);
        let error = &report["error"];
        let said = format!("{} {}", error["message"], error["causes"]);
        // Whoever fails is named, and what was tried.
        assert!(said.contains(&format!("{}/", scenario.host(registry))) && said.contains("not published"), "{said}");
        assert_eq!(said.contains("published, but not all tags moved; moved: "), any, "{said}");
        // Before the first tag is written, none moves anywhere. The registry's turn comes after the other one's.
        let before_tags = PHASES[..4].contains(&phase) || (phase == Phase::FirstTag && registry == 0);
        assert_eq!(any, !before_tags, "{said}");
        scenario.complete();
        *kinds.entry(format!("{phase:?}").to_lowercase()).or_default() += 1;
        drop(told);
    }
    tell("a destination fails", &kinds);
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
            Failing::Resets => Fault::Drop,
            Failing::Answers(status) => Fault::busy(status),
            Failing::TakesBlobsOnly => Fault::status(400),
        })
    });
    served
}
