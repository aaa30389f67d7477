//! What consign lists in an image of hundreds of real packages, beside what syft and trivy list in it. What both of them list must be listed, and every
//! other difference must be in a class of the table in `class.rs`, of which there may only be so many.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod application;
mod class;
mod debian;
mod difference;
mod listing;
mod peers;
mod purl;

use class::CLASSES;
use common::{ImageLayout, TestEnvironment};
use consign_testkit::tools::{counted, peer};
use difference::{Difference, Side, differences};
use listing::{Listing, Package};
use peers::Peers;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::thread;

/// Fewest packages of Debian's that the image has.
const DEBIAN_PACKAGES: usize = 600;
/// Fewest packages of other kinds: of Debian's packages, and of nobody's.
const OTHERS: [(&str, usize, usize); 5] =
    [("npm", 1000, 60), ("pypi", 10, 15), ("gem", 50, 0), ("maven", 100, 10), ("golang", 1, 5)];

#[test]
fn whatever_two_others_list_is_listed_and_all_else_is_accounted_for() {
    let (Some(syft), Some(trivy), Some(sqlite)) = (peer("syft"), peer("trivy"), peer("sqlite3")) else { return };
    let environment = TestEnvironment::new();
    let Some(debs) = debian::fetch(&environment.beside("apt")) else { return };
    let Some(application) = application::install(&environment.beside("application")) else { return };
    let layout = environment.path("layout");
    let mut image = ImageLayout::new(&layout);
    let jars = image.layer(|layer| debian::unpack(&debs, layer));
    image.layer(|layer| application::add(&application, &jars, layer));
    image.finish();

    let peers = Peers { syft, trivy, sqlite, layout, cache: environment.beside("trivy") };
    let (syft, (trivy, ours)) = thread::scope(|scope| {
        let syft = scope.spawn(|| peers.syft());
        let document = environment.consign(&["sbom", "--format", "cyclonedx-json", "oci:layout"]).expect(0).json();
        let rest = (peers.trivy(), Listing::of_consign(&document));
        (syft.join().unwrap(), rest)
    });
    holds_enough(&ours);
    let missed: Vec<&Package> =
        syft.packages.keys().filter(|package| trivy.has(package) && !ours.has(package)).collect();
    assert_eq!(missed, Vec::<&Package>::new(), "both others list it");
    let all = [("syft", &syft), ("trivy", &trivy)].map(|(peer, theirs)| differences(peer, theirs, &ours));
    accounts_for(&all.concat());
    counted(&format!(
        "packages that syft lists: {}, trivy: {}, consign: {}; of both others and not of consign: 0",
        syft.packages.len(),
        trivy.packages.len(),
        ours.packages.len()
    ));
}

/// An image without much in it would show nothing.
fn holds_enough(ours: &Listing) {
    let count = |kind: &str, is_owned: bool| {
        let all = ours.packages.iter().filter(|(package, shown)| package.kind == kind && shown.is_owned == is_owned);
        all.count()
    };
    assert!(count("deb", false) >= DEBIAN_PACKAGES, "{} packages of Debian", count("deb", false));
    for (kind, owned, others) in OTHERS {
        let found = (count(kind, true), count(kind, false));
        let others = if kind == "npm" && !application::has_npm() { 0 } else { others };
        assert!(found.0 >= owned && found.1 >= others, "{kind}: {found:?} of Debian's packages and of nobody's");
    }
}

/// Every difference is in the first class that covers it, and no class has more than it may have, or none.
fn accounts_for(differences: &[Difference]) {
    let mut counts = BTreeMap::new();
    let mut problems = String::new();
    for difference in differences {
        match CLASSES.iter().position(|class| class.covers(difference)) {
            Some(class) => *counts.entry(class).or_insert(0) += 1,
            None => writeln!(problems, "in no class: {difference}").unwrap(),
        }
    }
    for (number, class) in CLASSES.iter().enumerate() {
        let count = counts.get(&number).copied().unwrap_or(0);
        let (side, kind) = (if class.side == Side::Theirs { "only" } else { "not" }, class.kind.unwrap_or("any"));
        counted(&format!("differences, {side} {}, {kind}: {count} of {}: {}", class.peer, class.most, class.why));
        if count == 0 || count > class.most {
            writeln!(problems, "{count} in a class of 1 to {}: {}", class.most, class.why).unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
}
