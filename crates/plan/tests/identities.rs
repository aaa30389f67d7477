//! Whose signed receipts count.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use consign_plan::Configuration;
use consign_receipt::Testimony::{Provenance, Trials, Vex};

fn parse(identities: &str) -> Result<Configuration, String> {
    let text = format!(
        "build: [{{source: image.yaml, destination: localhost:5000/a}}]\npolicy:\n  identities: {identities}\n"
    );
    Configuration::parse("consign.yaml", &text).map_err(|error| {
        let said = error
            .diagnostics
            .iter()
            .map(|found| format!("{} ({})", found.message, found.hint.clone().unwrap_or_default()));
        said.collect::<Vec<_>>().join("; ")
    })
}

#[test]
fn names_keys_and_what_they_count_for() {
    for (text, expected, signs) in [
        ("[{key: runner.pub}]", &[Provenance, Trials][..], false),
        ("[{key: runner.pub, for: trials}]", &[Trials], false),
        ("[{key: runner.pub, for: [provenance]}]", &[Provenance], false),
        ("[{key: runner.pub, for: [trials, provenance, trials]}]", &[Provenance, Trials], false),
        ("[{key: runner.pub, for: vex}]", &[Vex], false),
        ("[{key: runner.pub, for: signatures}]", &[], true),
        ("[{key: runner.pub, for: [signatures, vex]}]", &[Vex], true),
    ] {
        let configuration = parse(text).unwrap();
        let [identity] = &configuration.policy.identities[..] else { panic!("{text}") };
        assert_eq!(identity.signer.to_string(), "runner.pub");
        assert_eq!(identity.about.iter().copied().collect::<Vec<_>>(), expected, "{text}");
        assert_eq!(identity.signs, signs, "{text}");
    }
}

#[test]
fn refuses_what_names_nobody_or_nothing() {
    for (text, expected) in [
        ("runner.pub", "`identities` must be a list"),
        ("[{}]", "key"),
        ("[{for: trials}]", "key"),
        ("[{key: [a, b]}]", "`key` must be a text"),
        (
            "[{key: \"-----BEGIN PUBLIC KEY-----\"}]",
            "named by its file (write the path of a file such as `cosign.pub`)",
        ),
        ("[{key: \"env://KEY\"}]", "named by its file"),
        (
            "[{key: a.pub, for: sbom}]",
            "`sbom` is nothing that a signature speaks for (it is looked up again in the image itself",
        ),
        ("[{key: a.pub, for: advisories}]", "it is looked up again"),
        ("[{key: a.pub, for: trails}]", "did you mean `trials`?"),
        ("[{key: a.pub, for: everything}]", "it can be `provenance`, `trials`, `vex` and `signatures`"),
        ("[{key: a.pub, for: []}]", "`for` lists nothing (leave it out for provenance and trials"),
        ("[{key: a.pub, until: never}]", "until"),
    ] {
        let said = parse(text).err().unwrap_or_default();
        assert!(said.contains(expected), "{text}: {said}");
    }
}
