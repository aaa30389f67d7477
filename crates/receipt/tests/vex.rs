//! What documents of OpenVEX say of an image, as tables.
#![allow(clippy::unwrap_used, reason = "tests")]

use consign_oci::{Digest, Exact};
use consign_receipt::predicate::{self, ReleasedDestination};
use consign_receipt::{
    AdvisoryRules, Candidate, Identity, PlatformCandidate, Policy, Receipt, Requirement, Severity, Statement,
    Testimony, Trust, UnheardVex, VexDocument, gate,
};
use jiff::civil::{Date, date};
use serde_json::{Value, json};

const TODAY: Date = date(2026, 11, 21);
const LIBSSL: &str = "pkg:deb/debian/libssl3@3.0.1-1?arch=arm64&distro=debian-12";

/// An image for two platforms, with the same finding on both.
fn candidate(attached: Option<(Value, Trust)>) -> Candidate {
    candidate_of(&[("openssl", &[LIBSSL])], attached)
}

/// The same with the finding in these packages, by name and package URLs.
fn candidate_of(packages: &[(&str, &[&str])], attached: Option<(Value, Trust)>) -> Candidate {
    let annotations = packages.iter().map(
        |(package, purls)| json!({"package": package, "version": "3.0.1-1", "aliases": ["DSA-1-1"], "purls": purls}),
    );
    let claim = json!({
        "scanner": {"uri": "s", "db": {"uri": "d", "version": "v", "lastUpdate": "2026-11-01T00:00:00Z"}, "result": [{
            "id": "CVE-2026-1",
            "severity": [{"method": "rating", "score": "high"}],
            "annotations": annotations.collect::<Vec<_>>(),
        }]},
        "metadata": {"scanStartedOn": "2026-11-01T00:00:00Z", "scanFinishedOn": "2026-11-01T00:00:00Z"},
        "coverage": [{"ecosystem": "Debian:12", "packages": 3, "covered": true}],
    });
    let mut attached = attached;
    let mut platform = |text: &str| {
        let digest = Digest::of(text.as_bytes());
        let receipt = |kind: &str, claim: Value, trust: Trust| Receipt {
            statement: Exact::write(Statement::new(&digest, kind, claim)).unwrap(),
            trust,
        };
        let mut receipts = vec![receipt(predicate::VULNERABILITIES, claim.clone(), Trust::Derived)];
        receipts.extend(attached.take().map(|(claim, trust)| receipt(predicate::VEX, claim, trust)));
        PlatformCandidate { platform: text.parse().unwrap(), digest: digest.clone(), tests: None, receipts }
    };
    let platforms = vec![platform("linux/arm64"), platform("linux/amd64")];
    let repository = "registry.example/team/hello".parse().unwrap();
    Candidate {
        name: "greeter".into(),
        index: Digest::of(b"index"),
        planned: platforms.iter().map(|platform| platform.platform.clone()).collect(),
        platforms,
        destinations: vec![ReleasedDestination { repository, tags: Vec::new() }],
    }
}

fn statement(products: Value, status: &str) -> Value {
    json!({"vulnerability": {"name": "CVE-2026-1"}, "products": products, "status": status, "justification": "vulnerable_code_not_present"})
}

fn document(statements: &[Value]) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex", "author": "team@example.org",
        "timestamp": "2026-10-01T00:00:00Z", "version": 1, "statements": statements,
    })
}

/// Returns the platforms on which the finding is refused.
fn refused(files: &[Value], attached: Option<(Value, Trust)>, policy: Policy) -> Vec<String> {
    refused_of(&candidate(attached), files, policy)
}

fn refused_of(candidate: &Candidate, files: &[Value], policy: Policy) -> Vec<String> {
    let vex = files.iter().map(|document| VexDocument::read(document).unwrap()).collect();
    let policy = policy.tolerating(AdvisoryRules { vex, ..AdvisoryRules::new(Severity::Low) }).for_image(candidate);
    let reasons = gate(candidate, &policy, TODAY).err().unwrap_or_default();
    reasons.iter().map(|reason| reason.platform().unwrap().to_string()).collect()
}

fn policy() -> Policy {
    Policy::new([Requirement::Advisories])
}

const BOTH: [&str; 2] = ["linux/arm64", "linux/amd64"];

#[test]
fn products_are_images_by_digest_or_name_and_packages() {
    let oci = |digest: &[u8]| {
        format!("pkg:oci/other@{}?repository_url=a", Digest::of(digest)).replace("sha256:", "sha256%3A")
    };
    let (index, arm) = (oci(b"index"), oci(b"linux/arm64"));
    let hash = Digest::of(b"linux/amd64").to_string().replace("sha256:", "");
    let with = |parts: Value| json!([{"@id": "pkg:oci/hello", "subcomponents": parts}]);
    for (products, expected) in [
        (json!([{"@id": index}]), &BOTH[..0]),
        (json!([index]), &BOTH[..0]),
        (json!([{"@id": arm}]), &BOTH[1..]),
        (json!([{"@id": "anything", "hashes": {"sha-256": hash}}]), &BOTH[..1]),
        (json!([{"@id": oci(b"another")}]), &BOTH[..]),
        (json!([{"@id": "pkg:oci/hello"}]), &BOTH[..0]),
        (json!([{"@id": "pkg:oci/greeter"}]), &BOTH[..0]),
        (json!([{"@id": "pkg:oci/hello?repository_url=registry.example%2Fteam%2Fhello"}]), &BOTH[..0]),
        (json!([{"@id": "pkg:oci/hello?repository_url=registry.example/other/hello"}]), &BOTH[..]),
        (json!([{"@id": "pkg:oci/hello?arch=arm64"}]), &BOTH[1..]),
        (json!([{"@id": "pkg:oci/hello?arch=arm64&repository_url=registry.example/team/hello"}]), &BOTH[1..]),
        (json!([{"@id": "pkg:oci/hello?arch=arm64&repository_url=registry.example/other/hello"}]), &BOTH[..]),
        (json!([{"@id": "pkg:oci/hello?repository_url=registry.example/team"}]), &BOTH[..]),
        (json!([{"@id": "pkg:oci/hello?tag=1"}]), &BOTH[..]),
        (json!([{"@id": "pkg:oci/hello@1"}]), &BOTH[..]),
        (json!([{"@id": format!("pkg:oci/hello@{}", Digest::of(b"index"))}]), &BOTH[..0]),
        (json!([Digest::of(b"linux/arm64")]), &BOTH[1..]),
        // Any of several is enough.
        (json!([{"@id": oci(b"another")}, {"@id": arm}]), &BOTH[1..]),
        (json!([{"@id": "pkg:oci/hell"}]), &BOTH[..]),
        (json!([{"@id": "pkg:docker/hello"}]), &BOTH[..]),
        (with(json!([{"@id": "pkg:deb/debian/libssl3"}])), &BOTH[..0]),
        (with(json!([{"@id": LIBSSL}])), &BOTH[..0]),
        (with(json!([{"@id": "pkg:deb/debian/libssl3@3.0.1-2"}])), &BOTH[..]),
        (with(json!([{"@id": "pkg:deb/debian/curl"}])), &BOTH[..]),
        (with(json!([{"@id": "curl"}])), &BOTH[..]),
        (json!([{"@id": "pkg:deb/debian/libssl3"}]), &BOTH[..0]),
        (json!([{"@id": "pkg:deb/debian/libssl3@3.0.1-1"}]), &BOTH[..0]),
        (json!([{"@id": "pkg:deb/debian/libssl3@3.0.1"}]), &BOTH[..]),
        (json!([{"@id": "pkg:deb/debian/libssl3?distro=debian-12"}]), &BOTH[..0]),
        (json!([{"@id": "pkg:deb/debian/libssl3@3.0.1-1?arch=arm64&distro=debian-11"}]), &BOTH[..]),
        (json!([{"@id": "a", "identifiers": {"purl": "pkg:deb/debian/libssl3"}}]), &BOTH[..0]),
        (json!([{"@id": "pkg:deb/debian/libssl3", "subcomponents": [{"@id": "pkg:generic/a"}]}]), &BOTH[..]),
        (json!([{"@id": "pkg:deb/debian/curl"}]), &BOTH[..]),
        (json!([]), &BOTH[..]),
    ] {
        let said = refused(&[document(&[statement(products.clone(), "not_affected")])], None, policy());
        assert_eq!(said, expected, "{products}");
    }
}

#[test]
fn a_statement_excuses_what_it_names_and_nothing_beside() {
    const OPENSSL: &str = "pkg:deb/debian/openssl@3.0.1-1?arch=arm64&distro=debian-12";
    const NPM: &str = "pkg:npm/openssl@3.0.1-1";
    let one: [(&str, &[&str]); 1] = [("openssl", &[LIBSSL, OPENSSL])];
    // Packages of the same name, which only their package URLs tell apart.
    let two: [(&str, &[&str]); 2] = [("openssl", &[LIBSSL]), ("openssl", &[NPM])];
    let unnamed: [(&str, &[&str]); 1] = [("openssl", &[])];
    let of_image = |parts: &[&str]| {
        let parts: Vec<Value> = parts.iter().map(|part| json!({"@id": part})).collect();
        json!([{"@id": "pkg:oci/hello", "subcomponents": parts}])
    };
    for (packages, products, refused) in [
        (&one[..], json!([LIBSSL]), 2),
        (&one, json!([LIBSSL, OPENSSL]), 2),
        (&one, of_image(&[LIBSSL]), 2),
        (&one, of_image(&[LIBSSL, OPENSSL]), 0),
        (&one, json!(["pkg:oci/hello"]), 0),
        (&two, json!([LIBSSL]), 2),
        (&two, json!([NPM]), 2),
        (&two, of_image(&[LIBSSL]), 2),
        (&two, of_image(&[LIBSSL, NPM]), 0),
        (&two, json!(["pkg:oci/hello?arch=amd64"]), 2),
        (&unnamed, json!(["pkg:oci/hello"]), 0),
        (&unnamed, of_image(&[LIBSSL]), 2),
        (&unnamed, json!(["pkg:deb/debian/openssl"]), 2),
    ] {
        let document = document(&[statement(products.clone(), "not_affected")]);
        let said = refused_of(&candidate_of(packages, None), &[document], policy());
        assert_eq!(said.len(), refused, "{packages:?} {products}");
    }
}

#[test]
fn what_is_not_affected_needs_a_reason() {
    let said = |status: &str, more: Value| {
        let mut said =
            json!({"vulnerability": {"name": "CVE-2026-1"}, "products": ["pkg:oci/hello"], "status": status});
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        said
    };
    let bare = || said("not_affected", json!({}));
    let justified =
        |time: &str| said("not_affected", json!({"justification": "component_not_present", "timestamp": time}));
    for (statements, passes, unjustified) in [
        (vec![bare()], false, 1),
        (vec![said("not_affected", json!({"justification": " ", "impact_statement": ""}))], false, 1),
        (vec![said("not_affected", json!({"status_notes": "trust me"}))], false, 1),
        (vec![said("not_affected", json!({"impact_statement": "it is not built in"}))], true, 0),
        (vec![said("not_affected", json!({"justification": "component_not_present"}))], true, 0),
        (vec![said("fixed", json!({}))], true, 0),
        // It is as if it were not there: what stands before it counts, whatever that is.
        (vec![justified("2026-09-01T00:00:00Z"), bare()], true, 1),
        (vec![said("affected", json!({"timestamp": "2026-09-01T00:00:00Z"})), bare()], false, 1),
        (vec![bare(), bare()], false, 2),
    ] {
        let document = document(&statements);
        let names: Vec<String> = VexDocument::read(&document).unwrap().unjustified().collect();
        assert_eq!(names, vec!["CVE-2026-1"; unjustified], "{document}");
        assert_eq!(refused(&[document], None, policy()).is_empty(), passes, "{statements:?}");
    }
}

#[test]
fn the_latest_statement_counts() {
    let all = json!([{"@id": "pkg:oci/hello"}]);
    let said = |status: &str| statement(all.clone(), status);
    let at = |status: &str, time: &str| {
        let mut statement = said(status);
        statement["timestamp"] = json!(time);
        statement
    };
    let other = |name: Value| json!({"vulnerability": name, "products": all, "status": "fixed"});
    for (statements, passes) in [
        (vec![said("not_affected")], true),
        (vec![said("fixed")], true),
        (vec![said("affected")], false),
        (vec![said("under_investigation")], false),
        (vec![said("not_affected"), said("affected")], false),
        (vec![said("affected"), said("not_affected")], true),
        (vec![at("affected", "2026-11-01T00:00:00Z"), said("not_affected")], false),
        (vec![at("affected", "2026-09-01T00:00:00Z"), said("not_affected")], true),
        (vec![other(json!("CVE-2026-1"))], true),
        (vec![other(json!({"name": "DSA-1-1"}))], true),
        (vec![other(json!({"name": "GHSA-1", "aliases": ["CVE-2026-1"]}))], true),
        (vec![other(json!({"@id": "https://nvd.nist.gov/vuln/detail/CVE-2026-1"}))], true),
        (vec![other(json!({"name": "CVE-2026-11"}))], false),
    ] {
        assert_eq!(refused(&[document(&statements)], None, policy()).is_empty(), passes, "{statements:?}");
    }
}

#[test]
fn what_is_attached_counts_if_the_policy_believes_whoever_signed_it() {
    let (known, stranger) = (Identity::Key(Digest::of(b"known")), Identity::Key(Digest::of(b"stranger")));
    let nameless = document(&[json!({"vulnerability": {"name": "CVE-2026-1"}, "status": "fixed"})]);
    for (trust, expected) in
        [(Trust::Signed(known.clone()), &BOTH[1..]), (Trust::Signed(stranger), &BOTH[..]), (Trust::Unproven, &BOTH[..])]
    {
        let said = refused(&[], Some((nameless.clone(), trust)), policy().trusting(known.clone()));
        assert_eq!(said, expected);
    }
    assert_eq!(refused(&[nameless], None, policy()), BOTH, "in a file, nothing says which image is meant");
}

#[test]
fn what_is_attached_may_name_what_it_is_attached_to() {
    let known = Identity::Key(Digest::of(b"known"));
    let policy = || policy().naming(&known, [Testimony::Vex]);
    let candidate = candidate(None);
    let named = |digest: &str| document(&[statement(json!([format!("pkg:oci/a@{digest}")]), "fixed")]);
    let (source, other) = (Digest::of(b"source index"), Digest::of(b"other").to_string());
    // An index that both platforms came in, which is not the one that is released.
    for (claim, expected) in [(named(&source.to_string()), &BOTH[..0]), (named(&other), &BOTH[..])] {
        let mut candidate = candidate.clone();
        let statement = Exact::write(Statement::new(&source, predicate::VEX, claim.clone())).unwrap();
        let receipt = Receipt { statement, trust: Trust::Signed(known.clone()) };
        candidate.platforms.iter_mut().for_each(|platform| platform.receipts.push(receipt.clone()));
        let rules = AdvisoryRules::new(Severity::Low);
        let policy = policy().tolerating(rules).for_image(&candidate);
        let reasons = gate(&candidate, &policy, TODAY).err().unwrap_or_default();
        assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
        // In a file it says nothing of these platforms.
        assert_eq!(refused(&[claim], None, self::policy()), BOTH);
    }
}

#[test]
fn what_does_not_count_says_why() {
    let known = Identity::Key(Digest::of(b"known"));
    let policy = policy().naming(&known, [Testimony::Vex]);
    for (claim, trust, expected) in [
        (document(&[]), Trust::Signed(known.clone()), None),
        (document(&[]), Trust::Signed(Identity::Key(Digest::of(b"stranger"))), Some(UnheardVex::Unsigned)),
        (Value::Null, Trust::Unproven, Some(UnheardVex::Unsigned)),
    ] {
        let candidate = candidate(Some((claim, trust)));
        let unheard = policy.unheard_vex(&candidate.platforms[0].receipts);
        assert_eq!(unheard.into_iter().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        assert_eq!(policy.unheard_vex(&candidate.platforms[1].receipts).len(), 0);
    }
    let candidate = candidate(Some((json!({"@context": "a", "author": "b"}), Trust::Signed(known))));
    let said = policy.unheard_vex(&candidate.platforms[0].receipts).into_iter().map(|unheard| unheard.to_string());
    let expected = "an attached document of OpenVEX does not count: its `@context` is `a`";
    assert!(said.collect::<String>().starts_with(expected));
}

#[test]
fn what_is_ignored_says_whose_word_that_is() {
    let candidate = candidate(None);
    let document = VexDocument::read(&document(&[statement(json!(["pkg:oci/hello"]), "not_affected")])).unwrap();
    let rules = AdvisoryRules { vex: vec![document], ..AdvisoryRules::new(Severity::Low) };
    let policy = policy().tolerating(rules).for_image(&candidate);
    let why: Vec<String> = policy.advisories().unwrap().ignore.iter().map(|entry| entry.exception.why()).collect();
    assert_eq!(why, ["not_affected: vulnerable_code_not_present (team@example.org)"; 2]);
}

#[test]
fn what_is_no_document_is_an_error() {
    let many = vec!["a"; 10_001];
    let parts = json!([{"@id": "a", "subcomponents": many}]);
    let named = json!({"vulnerability": {"name": "a", "aliases": many}, "status": "fixed"});
    for (document, expected) in [
        (json!({}), "it is no OpenVEX document"),
        (json!({"@context": "https://spdx.dev", "author": "a"}), "its `@context` is `https://spdx.dev`"),
        (document(&[statement(json!([]), "harmless")]), "`harmless` is no status"),
        (document(&vec![json!({"vulnerability": "a", "status": "fixed"}); 10_001]), "more than 10000 statements"),
        (document(&[statement(json!(many), "fixed")]), "more than 10000 products in a statement"),
        (document(&[statement(parts, "fixed")]), "more than 10000 parts of a product"),
        (document(&[named]), "more than 10000 names of a vulnerability"),
    ] {
        let said = VexDocument::read(&document).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
}
