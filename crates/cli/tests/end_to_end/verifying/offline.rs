//! Without a network, and without asking for one.

use super::World;
use crate::common::{TestSigstore, network_calls, watch};
use consign_testkit::tools::not_run;
use consign_testkit::trace::{self, End};
use insta::assert_snapshot;
use std::collections::BTreeSet;
use std::process::Command;

/// Returns what begins a program in a network namespace without interfaces, if that is permitted.
fn without_network() -> Option<&'static [&'static str]> {
    let permitted = Command::new("unshare").args(["--map-root-user", "--net", "true"]).output();
    match permitted.is_ok_and(|output| output.status.success()) {
        true => Some(&["unshare", "--map-root-user", "--net"]),
        false => {
            not_run("a network namespace (unshare)");
            None
        }
    }
}

#[test]
fn what_lies_on_this_machine_needs_no_socket() {
    if !trace::is_permitted() {
        return not_run("watching a process (ptrace)");
    }
    let world = World::new(true);
    world.sign("both");
    // Somebody with a certificate signs, too.
    let sigstore = TestSigstore::start();
    let [services, root] = sigstore.files(&world.environment, 2);
    let image = world.image();
    let job = sigstore.job(&world.environment);
    job.run(&["sign", "--signing-config", &services, "--trusted-root", &root, &image]).expect(0);
    world.run(&["copy", &image, "oci:layout:1"]).expect(0);
    let issuer = sigstore.issuer();
    let certificate = [
        "--certificate-identity-regexp",
        "https://github[.]com/octo/app/.*",
        "--certificate-oidc-issuer",
        issuer,
        "--trusted-root",
        &root,
    ];
    let by_key = ["--key", "cosign.pub"];
    for (what, signer) in [("key", &by_key[..]), ("certificate", &certificate[..])] {
        let verify = [&["verify", "--offline", "--content"], signer, &["oci:layout:1"]].concat();
        for before in [Some(&[][..]), without_network()].into_iter().flatten() {
            let traced = watch(&world.environment, before, &verify);
            assert_eq!(traced.end, End::Exited(0), "{what}: {}", traced.stderr);
            let calls = network_calls(&traced);
            assert!(calls.is_empty(), "{what}: {calls:?}");
        }
    }
    // That is how it looks where somebody is asked.
    let online = watch(&world.environment, &[], &["verify", "--key", "cosign.pub", &image]);
    assert_eq!(online.end, End::Exited(0), "{}", online.stderr);
    let names: BTreeSet<&str> = online.network.iter().map(|call| call.name).collect();
    assert!(names.contains("socket") && names.contains("connect"), "{names:?}");
}

#[test]
fn a_registry_is_not_asked() {
    let world = World::new(true);
    world.sign("bundle");
    world.registry.forget();
    let error = world.verify(&["--offline"]).expect(14).error().replace(&world.registry.host(), "HOST");
    assert_snapshot!(error, @"
    error: HOST/team/plain:1 is on a registry, and consign is offline
    hint: `consign copy HOST/team/plain:1 oci:DIR`, where there is a network, brings it with all that is about it
    ");
    assert_eq!(world.registry.requests(), 0);
    // Neither is anybody else.
    for (arguments, what) in [
        (["--key", "cosign.pub", "docker-daemon:plain:1"], "in an engine"),
        (["--key", "k8s://ci/release", "oci:built:1"], "of a cluster"),
    ] {
        let error = world.run(&[&["verify", "--offline"], &arguments[..]].concat()).expect(14).error();
        assert!(error.contains(what) && error.contains("consign is offline"), "{error}");
    }
    // What is kept elsewhere is left out, and what lies beside the image counts.
    world.run(&["copy", &world.image(), "oci:layout:1"]).expect(0);
    let elsewhere = format!("{}/team/signatures", world.registry.host());
    let verify = world.environment.invocation().variable("COSIGN_REPOSITORY", &elsewhere);
    world.registry.forget();
    verify.run(&["verify", "--offline", "--key", "cosign.pub", "oci:layout:1"]).expect(0);
    assert_eq!(world.registry.requests(), 0);
}
