//! Bases of whole services: made by consign from Debian's packages, or among the test data.

use crate::base::Bases;
use crate::common::TestEnvironment;
use consign_testkit::tools::{no_data, not_run, peer};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Names of the bases that consign makes, their packages, and their platforms.
const PACKAGES: [(&str, &str, &str); 3] = [
    ("python", "base-files, base-passwd, bash, ca-certificates, coreutils, dash, python3, python3-pip", "linux/amd64"),
    ("node", "base-files, base-passwd, bash, ca-certificates, coreutils, dash, nodejs, npm", "linux/amd64"),
    ("shell", "base-files, base-passwd, bash, coreutils, dash, sed, wget", "linux/amd64, linux/arm64, linux/ppc64le"),
];
/// The base that is among the test data.
const ALPINE: &str = "alpine";

/// Returns the folder with the test data.
pub(crate) fn data() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    env::var_os("CONSIGN_TEST_DATA").map_or(beside, PathBuf::from)
}

/// Serves the base with this name as `NAME:1`. Returns whether that can be here; if not, says so.
pub(crate) fn serve(name: &str, bases: &Bases) -> bool {
    let environment = TestEnvironment::new();
    let archive = environment.path("base.tar");
    let source = if name == ALPINE {
        let packed = data().join("alpine/alpine-311.tar.gz");
        let Some(gzip) = peer("gzip") else { return false };
        if !packed.exists() {
            no_data("cases on Alpine");
            return false;
        }
        let output = gzip.command().arg("-dc").arg(packed).output().unwrap();
        assert!(output.status.success());
        fs::write(&archive, output.stdout).unwrap();
        "docker-archive"
    } else {
        if !Path::new("/etc/apt").is_dir() {
            not_run("a machine with apt sources");
            return false;
        }
        let (_, packages, platforms) = PACKAGES.iter().find(|(known, ..)| *known == name).unwrap();
        environment.write("image.yaml", format!("packages: [{packages}]\nplatforms: [{platforms}]\n"));
        environment
            .write("consign.yaml", format!("build: [{{source: image.yaml, destination: localhost:1/{name}}}]\n"));
        environment.commit("A base.");
        environment.consign(&["build", "--quiet", "--to", "oci-archive:base.tar"]).expect(0);
        "oci-archive"
    };
    let Some(skopeo) = peer("skopeo") else { return false };
    let to = format!("docker://{}/{name}:1", bases.host());
    let from = format!("{source}:{}", archive.display());
    skopeo.run(["copy", "--quiet", "--all", "--insecure-policy", "--dest-tls-verify=false", &from, &to]).unwrap();
    true
}
