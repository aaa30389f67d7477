//! Every kind of broken configuration, and what is said about it.

#![expect(clippy::panic, reason = "a helper of tests fails by panicking")]

mod document;
mod image;
mod signing_and_registries;
mod tests_and_policy;

use consign_plan::Configuration;

/// Returns what is said about a configuration, as on a terminal without colour.
fn refused(text: &str) -> String {
    match Configuration::parse("consign.yaml", text) {
        Ok(configuration) => panic!("accepted: {configuration:?}"),
        Err(error) => error.render(false),
    }
}
