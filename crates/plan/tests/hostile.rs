//! Configurations that want to do harm: every one is refused or read, within bounds, and no secret is repeated.

#![expect(clippy::panic, reason = "a helper of tests fails by panicking")]

use consign_plan::{Code, Configuration, ConfigurationError};
use proptest::prelude::*;

fn error(text: &str) -> ConfigurationError {
    match Configuration::parse("consign.yaml", text) {
        Ok(configuration) => panic!("accepted: {configuration:?}"),
        Err(error) => error,
    }
}

fn code(text: &str) -> Code {
    error(text).diagnostics[0].code
}

#[test]
fn bounds_size() {
    assert_eq!(code(&"#".repeat((1 << 20) + 1)), Code::TooLarge);
    assert_eq!(code(&"#".repeat(1 << 20)), Code::WrongType);
}

#[test]
fn bounds_depth() {
    assert_eq!(code(&format!("build: {}", "[".repeat(100_000))), Code::Syntax);
    assert_eq!(code(&format!("build: {}x{}", "[".repeat(24), "]".repeat(24))), Code::TooLarge);
    let block: String = (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert_eq!(code(&block), Code::TooLarge);
}

#[test]
fn bounds_expansion() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let previous = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", [previous.as_str(); 9].join(", ")));
    }
    assert_eq!(code(&bomb), Code::TooLarge);
}

#[test]
fn bounds_the_number_of_problems() {
    let text: String = (0..1000).map(|number| format!("key{number}: x\n")).collect();
    assert_eq!(error(&text).diagnostics.len(), 50);
}

#[test]
fn repeats_no_secret() {
    for text in [
        "registries: { ghcr.io: { password: hunter2, x: 1 } }",
        "registries:\n  ghcr.io:\n    password: |\n      hunter2\n      more\n",
        "registries:\n  ghcr.io: { password: hunter2\n",
        "registries:\n  ghcr.io:\n    token: hunter2\n",
        "signing: { key: \"-----BEGIN PRIVATE KEY----- hunter2\" }",
        "debian: { mirrors: [{ uri: \"https://user:hunter2@example.org/\" }] }",
        "debian: { mirrors: [{ uri: \"https://user:hunter2@example.org/\" }",
        "build: [{ source: \"https://user:hunter2@example.org/x.yaml\", destination: ghcr.io/a/b }]",
    ] {
        let error = error(text);
        for shown in [error.render(false), error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("hunter2"), "{text}\n{shown}");
        }
    }
}

#[test]
fn steers_no_terminal() {
    let shown = error("build: []\n\"k\\e[31m\": \"\u{1b}]0;title\u{7}\"\n").render(false);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{7}'), "{shown:?}");
    let shown = error("build: []\n*\u{9b}31m\u{91}:\n").render(false);
    assert!(!shown.contains(|letter: char| letter.is_control() && letter != '\n'), "{shown:?}");
}

proptest! {
    #[test]
    fn never_panics(words in proptest::collection::vec(prop_oneof![
        Just("build:"), Just("\n"), Just("  "), Just("- "), Just("source: "), Just("destination: "), Just("tests: "), Just("é"),
        Just("["), Just("]"), Just("{"), Just("}"), Just("&a "), Just("*a"), Just("<<: "), Just("? "), Just("|"), Just("\""), Just("'"),
        Just("#"), Just("\r\n"), Just("\t"), Just("password: x"), Just("ghcr.io/a/b"), Just(": "), Just(", "), Just("registries:"), Just("!!str "),
    ], 0..40)) {
        if let Err(error) = Configuration::parse("consign.yaml", &words.concat()) {
            prop_assert!(!error.diagnostics.is_empty());
            error.render(true);
        }
    }
}
