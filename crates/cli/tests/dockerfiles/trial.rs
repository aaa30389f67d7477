use crate::base::Bases;
use crate::case::{Case, JudgeName};
use crate::class::Class;
use crate::common::{TestEnvironment, host_platform, runs_here};
use crate::difference::{Difference, between};
use crate::image::{Image, Lines};
use crate::judge::{Bench, Judgement, Judges};
use crate::ours::Refusal;
use crate::users::{Place, Users};
use crate::{buildkit, context, corpus, expected, ours, pool, services};
use consign_oci::Platform;
use consign_testkit::tools::counted;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Exit status of a build that fails by what the Dockerfile says or does, or by what it is given, and not by a fault of consign's.
const REFUSALS: [i32; 3] = [1, 3, 5];

/// What one thread works with.
struct Desk {
    bench: Bench,
    environment: TestEnvironment,
    /// Where others build the same.
    places: Vec<Place>,
}

/// Builds the cases that are wanted, and fails with everything that is wrong with any of them.
pub(crate) fn try_all(what: &str, wanted: impl Fn(&Case) -> bool) {
    let cases: Vec<Case> = corpus::selected().into_iter().filter(wanted).collect();
    let Some(bases) = Bases::serve() else { return };
    let judges = Judges::find(&cases);
    let platforms: BTreeSet<Platform> = cases.iter().flat_map(|case| case.settings.platforms.clone()).collect();
    let runs: BTreeMap<Platform, bool> =
        platforms.into_iter().map(|platform| (platform.clone(), runs_here(&platform))).collect();
    let services: BTreeSet<&String> = cases.iter().flat_map(|case| &case.settings.services).collect();
    let served: BTreeSet<&String> = services.into_iter().filter(|service| services::serve(service, &bases)).collect();
    let only = env::var("CONSIGN_CASES_PLATFORM").ok();
    let mut jobs: Vec<(&Case, &Platform)> = Vec::new();
    let is_served = |case: &&Case| {
        case.settings.services.iter().all(|service| served.contains(service))
            && (!case.settings.git || bases.git().is_some())
            && (!case.settings.insecure || is_root())
    };
    for case in cases.iter().filter(|case| judges.has(case)).filter(is_served) {
        let platforms = case.settings.platforms.iter().filter(|platform| !case.settings.run || runs[*platform]);
        let platforms = platforms.filter(|platform| only.as_ref().is_none_or(|only| *only == platform.to_string()));
        jobs.extend(platforms.map(|platform| (case, platform)));
    }
    let users = env::var_os("CONSIGN_CASES_BUILDKIT").is_none().then(Users::find);
    let desk = || {
        let places = users.as_ref().map(Users::places).unwrap_or_default();
        Desk { bench: Bench::new(), environment: TestEnvironment::new(), places }
    };
    let problems = pool::work(&jobs, desk, |desk, (case, platform)| {
        let tried = catch_unwind(AssertUnwindSafe(|| try_one(case, platform, &judges, &bases, desk)));
        // One that ends the test says so where it does; the others count none the less.
        tried.unwrap_or_else(|_| vec!["it panics".to_owned()])
    });
    let names: BTreeSet<&str> = jobs.iter().map(|(case, _)| case.name.as_str()).collect();
    counted(&format!("{what}: {} cases, {} builds", names.len(), jobs.len()));
    let failed: Vec<String> = jobs
        .iter()
        .zip(problems)
        .filter(|(_, problems)| !problems.is_empty())
        .map(|((case, platform), problems)| format!("{} {platform}\n    {}", case.name, problems.join("\n    ")))
        .collect();
    assert!(failed.is_empty(), "{} of {} builds are wrong:\n\n{}\n", failed.len(), jobs.len(), failed.join("\n"));
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Returns what is wrong with one case on one platform.
fn try_one(case: &Case, platform: &Platform, judges: &Judges, bases: &Bases, desk: &Desk) -> Vec<String> {
    let folder = desk.environment.path(ours::CONTEXT);
    _ = fs::remove_dir_all(&folder);
    if !context::make(case, &folder) {
        return Vec::new();
    }
    let buildkit = env::var("CONSIGN_CASES_BUILDKIT").ok();
    let ours = match &buildkit {
        Some(address) => buildkit::build(address, case, platform, &folder, bases),
        None => {
            let consign = |arguments: &[&str]| desk.environment.consign(arguments);
            ours::build(case, platform, bases, &desk.environment, consign)
        }
    };
    let refusal = case.settings.fails.as_deref();
    let judgement = match case.settings.judge {
        JudgeName::Expected => None,
        _ => Some(judges.judge(case, platform, &folder, bases, &desk.bench)),
    };
    let mut problems = of_users(case, platform, &ours, bases, desk);
    problems.extend(match (ours, refusal) {
        (Ok(image), None) => {
            let mut problems = if buildkit.is_none() { image.problems() } else { Vec::new() };
            problems.extend(of_image(case, platform, &image, judgement, bases));
            problems
        }
        (Ok(_), Some(_)) => vec!["it is built, although it should not be".to_owned()],
        (Err(run), None) => vec![format!("consign fails ({}): {}", run.status, run.text.trim())],
        (Err(run), Some(refusal)) => {
            let mut problems = Vec::new();
            if !run.text.contains(refusal) || !REFUSALS.contains(&run.status) {
                problems.push(format!(
                    "consign fails ({}) without saying `{refusal}`: {}",
                    run.status,
                    run.text.trim()
                ));
            }
            if let Some(Judgement::Built(_)) = judgement {
                problems.push("the judge builds it".to_owned());
            }
            problems
        }
    });
    problems
}

/// Returns what is wrong with what ordinary users make of it, on one platform: what runs nothing needs no rights, so that one of them does.
fn of_users(
    case: &Case,
    platform: &Platform,
    ours: &Result<Image, Refusal>,
    bases: &Bases,
    desk: &Desk,
) -> Vec<String> {
    let (host, platforms) = (host_platform(), &case.settings.platforms);
    let places = match &desk.places[..] {
        _ if *platform != host && (case.settings.run || platforms.contains(&host)) => &[],
        places if case.settings.run => places,
        places => &places[..places.len().min(1)],
    };
    places.iter().flat_map(|place| place.problems(case, platform, bases, ours)).collect()
}

fn of_image(
    case: &Case,
    platform: &Platform,
    image: &Image,
    judgement: Option<Judgement>,
    bases: &Bases,
) -> Vec<String> {
    let ours = match image.lines() {
        Ok(lines) => lines,
        Err(error) => return vec![error],
    };
    let differences = match judgement {
        None => expected_differences(case, platform, &ours, bases),
        Some(Judgement::Built(lines)) => between(&lines, &ours),
        Some(Judgement::Refused(error)) => return vec![format!("the judge fails: {}", error.trim())],
    };
    unexplained(&differences, &case.settings.differs)
}

fn expected_differences(case: &Case, platform: &Platform, ours: &Lines, bases: &Bases) -> Vec<Difference> {
    let base = case.settings.base.as_ref().map(|base| bases.lines(base, platform.architecture()));
    between(&expected::lines(&case.folder, platform.architecture(), base), ours)
}

/// Returns the differences that no class covers, and the classes that cover nothing.
fn unexplained(differences: &[Difference], classes: &[Class]) -> Vec<String> {
    let covered = |difference: &&Difference| !classes.iter().any(|class| class.covers(difference));
    let mut problems: Vec<String> = differences.iter().filter(covered).map(ToString::to_string).collect();
    for class in classes {
        if !differences.iter().any(|difference| class.covers(difference)) {
            problems.push(format!("does not differ in `{class:?}`"));
        }
    }
    problems
}
