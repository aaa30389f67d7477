//! Databases of apk's and rpm's, and lists of packages that others made.

use crate::berkeley::{Order, berkeley, ndb};
use crate::checks::databases;
use crate::header::package;
use crate::samples::{BITNAMI, CYCLONEDX, SYFT, TAGS};
use crate::sqlite::{PAGE, log, sqlite};
use consign_package::{apk, rpm, sbom};
use consign_testkit::mutate::{seeds_of_the_caller, survives};

const APK: &str = "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:libssl1.1\nV:1.1.1d-r3\nA:x86_64\nI:540672\nT:SSL\nU:https://a\nL:OpenSSL\no:openssl\n\
    m:T <t@example.org>\nD:so:libc.so.1 b\np:so:libssl.so.1.1=1.1\ni:a b\nr:old\nF:lib\nM:0:0:755\nR:libssl.so.1.1\na:0:0:555\n\
    Z:Q1ERNpCJFk1PGS4CYg/7IFaRAgAbU=\nF:\nR:plain\nF:usr/lib\nR:libssl.so.1.1\nZ:Q2ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n\nP:musl\nV:1-r2\n\n";

#[test]
fn of_apk() {
    assert_eq!(apk::installed::parse(APK.as_bytes()).unwrap().len(), 2);
    survives(&[vec![APK.as_bytes().to_vec()], seeds_of_the_caller()].concat(), 5000, databases::of_apk);
}

#[test]
fn of_rpm() {
    let entries = [package("small", 1), package("large", 3000), package("medium", 400)];
    let forms = [sqlite(&entries), ndb(&entries), berkeley(&entries, Order::Little), berkeley(&entries, Order::Big)];
    assert!(forms.iter().all(|form| rpm::read(form, None).unwrap().len() == 3));
    survives(&[forms.to_vec(), seeds_of_the_caller()].concat(), 2000, databases::of_rpm);
    // Most damage to a package in ndb is found by its sum, so headers are damaged before it is made.
    survives(&entries, 2000, |bytes| databases::of_rpm(&ndb(&[bytes.to_vec()])));
}

#[test]
fn of_rpm_with_a_log() {
    let database = sqlite(&[package("a", 1), package("b", 1)]);
    let newer = sqlite(&[package("c", 1), package("d", 1)]);
    let pages = [3, 4].map(|number| &newer[(number - 1) * PAGE..number * PAGE]);
    for order in [Order::Little, Order::Big] {
        let log = log(&[(3, pages[0], 0), (4, pages[1], 4)], order);
        assert_eq!(rpm::read(&database, Some(&log)).unwrap()[0].name, "c");
        let damaged = |log: &[u8]| databases::of_rpm(&[&database[..], log].concat());
        survives(&[log], 2000, damaged);
    }
}

#[test]
fn sboms() {
    let seeds = [BITNAMI, TAGS, CYCLONEDX, SYFT].map(|text| text.as_bytes().to_vec());
    assert!(seeds.iter().all(|seed| !sbom::read(seed).unwrap().packages.is_empty()));
    survives(&[seeds.to_vec(), seeds_of_the_caller()].concat(), 2000, databases::sbom);
}
