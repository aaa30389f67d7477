//! What the published JSON Schema says about a configuration.

use boon::{Compiler, Schemas};
use consign_plan::configuration;

/// Returns whether a configuration, which is YAML, is right by the schema.
pub(crate) fn accepts(text: &str) -> bool {
    let Ok(value) = serde_saphyr::from_str::<serde_json::Value>(text) else { return false };
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let added = compiler.add_resource("consign.schema.json", configuration::schema());
    added.unwrap_or_else(|error| panic!("{error}"));
    let compiled = compiler.compile("consign.schema.json", &mut schemas);
    let index = compiled.unwrap_or_else(|error| panic!("{error}"));
    schemas.validate(&value, index).is_ok()
}
