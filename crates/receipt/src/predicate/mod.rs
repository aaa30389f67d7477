//! The claims that consign makes and reads.

mod copy_record;
mod image_facts;
mod provenance;
mod release_record;
mod test_result;
mod verification_summary;
mod vulnerabilities;

pub use copy_record::CopyRecord;
pub use image_facts::{
    BrokenProgram, Entrypoint, Fault, FoundSecret, HealthCheck, ImageFacts, ImageUser, SecretPlace, SetuidFile,
    UserProblem,
};
pub use provenance::{BuildDefinition, Builder, Provenance, ResourceDescriptor, RunDetails};
pub use release_record::{ReleaseRecord, ReleasedDestination, ReleasedPlatform};
pub use test_result::{TestOutcome, TestResult};
pub use verification_summary::{VerificationResult, VerificationSummary, Verifier};
pub use vulnerabilities::{
    AdvisoryDatabase, FoundVulnerability, Lifetime, ScanMetadata, Scanner, SeverityScore, Vulnerabilities,
};

/// The signature of an image, as cosign 3 writes it: the claim is empty.
pub const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
/// How an image was built: [`Provenance`].
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// The same before that, which BuildKit and older builders write (SLSA v0.2, `provenance.md`).
pub const OLDER_PROVENANCE: &str = "https://slsa.dev/provenance/v0.2";
/// What is in an image: an SPDX 2.3 document. The type that cosign and BuildKit use.
pub const SBOM: &str = "https://spdx.dev/Document";
/// The same as CycloneDX has it, of whatever version.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";
/// How a trial went: [`TestResult`].
pub const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// What advisories say about an image: [`Vulnerabilities`].
pub const VULNERABILITIES: &str = "https://in-toto.io/attestation/vulns/v0.2";
/// The same as cosign, and those who ask it, know it (cosign, specs/COSIGN_VULN_ATTESTATION_SPEC.md).
pub const COSIGN_VULNERABILITIES: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";
/// What those who know a product say of vulnerabilities in it (OpenVEX), of whatever version.
pub const VEX: &str = "https://openvex.dev/ns";
/// What was released where: [`ReleaseRecord`].
pub const RELEASE_RECORD: &str = "https://consign.dev/attestation/release-record/v1";
/// From where an image was copied: [`CopyRecord`].
pub const COPY_RECORD: &str = "https://consign.dev/attestation/copy-record/v1";
/// How a verification ended: [`VerificationSummary`].
pub const VERIFICATION_SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
/// What the settings and files of an image say: [`ImageFacts`].
pub const IMAGE_FACTS: &str = "https://consign.dev/attestation/image-facts/v1";
/// What cosign wraps any other document in.
const CUSTOM: &str = "https://cosign.sigstore.dev/attestation/v1";

/// The types that have a name in cosign (`cosign attest --type`), by that name.
pub const NAMED: [(&str, &str); 11] = [
    ("slsaprovenance", OLDER_PROVENANCE),
    ("slsaprovenance02", OLDER_PROVENANCE),
    ("slsaprovenance1", PROVENANCE),
    ("link", "https://in-toto.io/Link/v1"),
    ("spdx", SBOM),
    ("spdxjson", SBOM),
    ("cyclonedx", CYCLONEDX),
    ("vuln", COSIGN_VULNERABILITIES),
    ("openvex", VEX),
    ("custom", CUSTOM),
    ("test-result", TEST_RESULT),
];

/// Returns the type that cosign calls so, or that is written out as a URI; `None` for anything else.
pub fn of_name(name: &str) -> Option<&str> {
    let named = NAMED.iter().find(|(known, _)| *known == name).map(|(_, predicate_type)| *predicate_type);
    named.or_else(|| name.contains(':').then_some(name))
}

/// Annotation of a [`SIGNATURE`] that a release made; the version. Who verifies it asks for the [`RELEASE_RECORD`] too, so that taking that away does not
/// go unnoticed.
pub const RELEASE: &str = "dev.consign.release";

/// Returns whether a type is one that was asked for: with a version, as some write it, or without.
pub fn is_of_type(predicate_type: &str, wanted: &str) -> bool {
    predicate_type.strip_prefix(wanted).is_some_and(|version| version.is_empty() || version.starts_with('/'))
}

/// Returns whether a predicate type is that of an SBOM, of SPDX or CycloneDX of whatever version.
pub fn is_sbom(predicate_type: &str) -> bool {
    [SBOM, CYCLONEDX].iter().any(|sbom| is_of_type(predicate_type, sbom))
}

/// Returns whether a predicate type is that of an OpenVEX document: with a version, as its own tools write it, or without, as cosign does.
pub fn is_vex(predicate_type: &str) -> bool {
    is_of_type(predicate_type, VEX)
}

/// Returns a word for a predicate type, for tables: `provenance`, `sbom`, `trial`, `vulnerabilities`, `vex`, `release record`, `copy record`, `image facts`, `verification summary`, `signature`, else the type itself.
pub fn label(predicate_type: &str) -> &str {
    match predicate_type {
        SIGNATURE => "signature",
        PROVENANCE => "provenance",
        SBOM => "sbom",
        TEST_RESULT => "trial",
        VULNERABILITIES => "vulnerabilities",
        vex if is_vex(vex) => "vex",
        RELEASE_RECORD => "release record",
        COPY_RECORD => "copy record",
        IMAGE_FACTS => "image facts",
        VERIFICATION_SUMMARY => "verification summary",
        other => other,
    }
}
