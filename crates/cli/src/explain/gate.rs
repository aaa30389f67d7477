use super::Advice;

/// Why the gate closes: a name, what it means, and what to do.
pub(super) const REASONS: &[(&str, &str, Advice)] = &[
    (
        "missing-platform",
        "a platform was planned, but not built",
        Advice(
            "`release --from` was given archives of some platforms only.",
            "Name the archive of the platform, too, or take the platform out of `platforms`.",
        ),
    ),
    (
        "unplanned-platform",
        "a platform was built, but not planned",
        Advice(
            "An archive of `release --from` holds a platform that the configuration does not name.",
            "Add it to `platforms`, or leave the archive out.",
        ),
    ),
    (
        "duplicate-platform",
        "there are two images for one platform",
        Advice(
            "The index in an archive of `release --from` lists a platform twice. Where two archives differ over one, the exit code is 4.",
            "Make the archive again with one of them: which is meant is nothing that consign could guess.",
        ),
    ),
    (
        "no-platform",
        "the image has no platform",
        Advice(
            "`verify` looked at an index that lists none. One that `release --from` is to take has exit code 5.",
            "Release the image again.",
        ),
    ),
    (
        "missing-receipt",
        "something that the policy requires is not there, or nobody who counts says so",
        Advice(
            "A policy that requires `trials` of an image without `tests`; or receipts in an archive that nobody signed, or that were signed with a key that the configuration does not name.",
            "Add what is missing. Receipts from elsewhere count only if they are signed with the key under `signing`, or with one that `policy: identities` names for them: build there with such a key, or build here.",
        ),
    ),
    (
        "malformed-receipt",
        "a receipt that counts does not say what its type promises",
        Advice(
            "An attestation that another tool wrote in another form, or an input of the provenance that has no digest.",
            "Build the platform again with this version.",
        ),
    ),
    (
        "trial-failed",
        "a trial of the image failed",
        Advice(
            "A command under `tests` did not end as expected; this has exit code 10.",
            "`consign build --platform PLATFORM` repeats it. A trial that failed elsewhere and is signed counts, too.",
        ),
    ),
    (
        "advisory",
        "an advisory matches a package, and is worse than the policy tolerates",
        Advice(
            "A package of the image has a known vulnerability, or an entry of the ignore list has ended.",
            "Build with a version in which it is fixed: `consign lock --update PACKAGE`, or a newer base image. If it does no harm here, add it to `ignore` with a reason, an owner and an end.",
        ),
    ),
    (
        "end-of-life",
        "the distribution of the image has no free fixes any more",
        Advice(
            "The policy says `end-of-life: refuse`, and the last day of the release is over: what is found in it from then on, nobody may fix or even tell.",
            "Build on a newer release of the distribution.",
        ),
    ),
    (
        "no-package-data",
        "no packages were found in the image",
        Advice(
            "The policy says `no-package-data: refuse`, and there is nothing that lists packages, and nothing that is recognised as one: a program alone, for example.",
            "Build it so that it says what is in it: programs of Go and, with `cargo auditable`, of Rust do; or put an SBOM file beside it.",
        ),
    ),
    (
        "foreign-packages",
        "no advisories are read about any of the packages",
        Advice(
            "The policy says `foreign-packages: refuse`, and the packages are of a distribution or kind whose advisories consign does not read.",
            "Build on a distribution whose advisories are read.",
        ),
    ),
    (
        "not-compared",
        "some packages were compared with advisories, and others were not",
        Advice(
            "The policy says `not-compared: refuse`, and the database says nothing about where some packages come from; or somebody else than the distribution made them; or what lists them cannot be read.",
            "Name a database of theirs under `advisories: databases:`, or take them out of the image.",
        ),
    ),
    (
        "not-covered",
        "the advisory database says nothing about where the packages come from",
        Advice(
            "The database is of another distribution than the packages, or these are not known: the image has a package database that is not read, or a distribution and no packages. This has exit code 16.",
            "Name a database of theirs under `advisories: databases:`.",
        ),
    ),
    (
        "database-old",
        "the advisory database was last changed too long ago",
        Advice(
            "Nobody has fetched it since; this has exit code 16.",
            "Fetch it again: what was found since is not in it.",
        ),
    ),
    (
        "image",
        "settings, files or licences of the image say something that the policy refuses",
        Advice(
            "A rule under `policy: image:` says `refuse`: the image runs as root or as nobody whom it has, has no health check, a program that cannot be started, a file that runs as its owner, a secret, or a package whose licence is denied or not known.",
            "Change the image. A secret that was in a layer is known to whoever has the layer: replace it, too. If it does no harm here, add it to `ignore` under `image` with a reason, an owner and an end.",
        ),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use consign_receipt::{Reason, Requirement};

    /// A reason that is new has to be given a name here.
    fn name(reason: &Reason) -> &'static str {
        match reason {
            Reason::NoPlatform => "no-platform",
            Reason::MissingPlatform { .. } => "missing-platform",
            Reason::UnplannedPlatform { .. } => "unplanned-platform",
            Reason::DuplicatePlatform { .. } => "duplicate-platform",
            Reason::Missing { .. } => "missing-receipt",
            Reason::Malformed { .. } => "malformed-receipt",
            Reason::TrialFailed { .. } => "trial-failed",
            Reason::Advisory { .. } => "advisory",
            Reason::EndOfLife { .. } => "end-of-life",
            Reason::NoPackages { .. } => "no-package-data",
            Reason::ForeignPackages { .. } => "foreign-packages",
            Reason::NotCompared { .. } => "not-compared",
            Reason::NotCovered { .. } => "not-covered",
            Reason::DatabaseOld { .. } => "database-old",
            Reason::Image { .. } => "image",
        }
    }

    #[test]
    fn every_reason_is_explained() {
        let platform: consign_oci::Platform = "linux/amd64".parse().unwrap();
        let of = |reason: fn(consign_oci::Platform) -> Reason| reason(platform.clone());
        let reasons = [
            Reason::NoPlatform,
            of(|platform| Reason::MissingPlatform { platform }),
            of(|platform| Reason::UnplannedPlatform { platform }),
            of(|platform| Reason::DuplicatePlatform { platform }),
            of(|platform| Reason::Missing { platform, requirement: Requirement::Sbom, unproven: true }),
            of(|platform| Reason::Malformed { platform, requirement: Requirement::Sbom, detail: String::new() }),
            of(|platform| Reason::TrialFailed { platform, tests: Vec::new() }),
        ];
        let explained: Vec<&str> = REASONS.iter().map(|(name, ..)| *name).collect();
        assert!(reasons.iter().all(|reason| explained.contains(&name(reason))));
    }
}
