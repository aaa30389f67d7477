use super::builder::Builder;
use super::{BuildError, Recipe, Request, remote};
use consign_image::{Base, Built, Parts, rfc3339};
use consign_oci::{Digest, annotation};
use consign_receipt::predicate::ResourceDescriptor;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// Builds an image for one platform.
pub async fn build(recipe: &Recipe, request: &Request<'_>) -> Result<Built, BuildError> {
    if !recipe.is_built_here() {
        return remote::build(recipe, request).await;
    }
    let builder = Builder::new(recipe, request)?;
    let built = builder.build().await;
    builder.journal.close(request.store);
    let state = built?;
    let warnings = builder.warnings.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    let created = rfc3339(request.time())?;
    let mut config = state.config.clone();
    if !recipe.labels.is_empty() {
        config.labels.get_or_insert_default().extend(recipe.labels.clone());
    }
    let parts = Parts {
        platform: state.platform.clone(),
        created: created.clone(),
        author: state.author.clone(),
        config,
        layers: state.layers.clone(),
        history: state.history.clone(),
        annotations: annotations(state.base.as_deref(), created, request),
    };
    let (manifest, config) = parts.write(request.store)?;
    let mut resolved_dependencies = state.dependencies.clone();
    resolved_dependencies.push(dockerfile(recipe));
    resolved_dependencies.sort_by(|one, other| (&one.name, &one.uri).cmp(&(&other.name, &other.uri)));
    resolved_dependencies.dedup();
    Ok(Built {
        platform: state.platform.clone(),
        manifest,
        config,
        layers: state.layers.clone(),
        resolved_dependencies,
        external_parameters: parameters(recipe, request),
        warnings,
        reused: false,
    })
}

/// Returns the annotations of the manifest.
pub(super) fn annotations(base: Option<&Base>, created: String, request: &Request<'_>) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::from([(annotation::CREATED.to_owned(), created)]);
    if let Some(base) = base {
        annotations.extend(base.annotations());
    }
    annotations.extend(request.annotations.clone());
    annotations
}

/// Returns the Dockerfile itself as an input. Where it lies on this machine is nobody's business.
pub(super) fn dockerfile(recipe: &Recipe) -> ResourceDescriptor {
    ResourceDescriptor::named("Dockerfile", None, &Digest::of(&recipe.text))
}

/// Returns what the user asked for.
pub(super) fn parameters(recipe: &Recipe, request: &Request<'_>) -> Value {
    let mut parameters = json!({
        "platform": request.platform.to_string(),
        "target": recipe.target,
        "arguments": recipe.arguments,
    });
    if !recipe.labels.is_empty() {
        parameters["labels"] = json!(recipe.labels);
    }
    parameters
}
