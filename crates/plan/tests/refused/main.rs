//! Every kind of broken configuration, and what is said about it.

#![expect(clippy::panic, reason = "a helper of tests fails by panicking")]

#[path = "../schema/mod.rs"]
mod schema;

mod advisories;
mod clouds_and_certificates;
mod document;
mod image;
mod image_rules;
mod signing_and_registries;
mod sync;
mod tests_and_policy;

use consign_plan::{Code, Configuration};

/// Returns what is said about a configuration, as on a terminal without colour.
fn refused(text: &str) -> String {
    match Configuration::parse("consign.yaml", text) {
        Ok(configuration) => panic!("accepted: {configuration:?}"),
        Err(error) => {
            // What is wrong with the form of one value is wrong by the schema, too.
            let of_form = [Code::UnknownKey, Code::WrongType, Code::MissingKey];
            if error.diagnostics.iter().any(|diagnostic| of_form.contains(&diagnostic.code)) {
                assert!(!schema::accepts(text), "the schema accepts:\n{text}");
            }
            error.render(false)
        }
    }
}

/// Returns what is said about a configuration that goes on so after an image, in the fourth line.
fn refused_after_image(rest: &str) -> String {
    refused(&format!("build:\n  - source: image.yaml\n    destination: ghcr.io/team/app\n{rest}"))
}
