//! Caches that a configuration or the command line names.

use crate::arguments::DockerArguments;
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_dockerfile::buildkit::Cache;
use consign_dockerfile::{CacheError, Direction, Recipe};
use consign_image::ImageReference;
use consign_oci::Repository;
use consign_plan::configuration::{ImageSettings, Spanned};
use consign_plan::{Code, Configuration, ConfigurationError};
use std::path::Path;

/// Gives a recipe the caches of its configuration.
pub(crate) fn configure(
    configuration: &Configuration,
    image: &ImageSettings,
    recipe: &mut Recipe,
) -> Result<(), CommandError> {
    let settings = &image.docker.cache;
    recipe.max_age = settings.max_age;
    let by_buildkit = !recipe.builders.is_empty();
    let read = |written: &Spanned<String>, direction: Direction| {
        let refused = |message: String, hint: Option<String>| {
            ConfigurationError::from(configuration.file.diagnostic(Code::Value, written.span, message, hint))
        };
        let cache = read(&written.value, direction, by_buildkit, |path| configuration.resolve(path));
        let cache = cache.map_err(|error| refused(error.to_string(), None))?;
        match near_destination(configuration, &cache).filter(|_| direction == Direction::To) {
            Some(destination) => Err(refused(message(&destination), Some(HINT.to_owned())).into()),
            None => Ok::<_, CommandError>(cache),
        }
    };
    recipe.cache_from = settings.from.iter().map(|cache| read(cache, Direction::From)).collect::<Result<_, _>>()?;
    recipe.cache_to = settings.to.iter().map(|cache| read(cache, Direction::To)).collect::<Result<_, _>>()?;
    Ok(())
}

/// Adds those of the command line.
pub(crate) fn extend(
    configuration: &Configuration,
    docker: &DockerArguments,
    recipe: &mut Recipe,
) -> Result<(), CommandError> {
    let by_buildkit = !recipe.builders.is_empty();
    let plain = |path: &str| Path::new(path).to_owned();
    let refused = |error: CacheError| CommandError::of(ExitCode::Usage, &error);
    if by_buildkit {
        // The configuration does not know of builders that the command line names.
        let from = recipe.cache_from.iter().map(|cache| (cache, Direction::From));
        let mut all = from.chain(recipe.cache_to.iter().map(|cache| (cache, Direction::To)));
        all.try_for_each(|(cache, direction)| cache.check(direction, true)).map_err(refused)?;
    }
    for written in &docker.cache_from {
        recipe.cache_from.push(read(written, Direction::From, by_buildkit, plain).map_err(refused)?);
    }
    for written in &docker.cache_to {
        let cache = read(written, Direction::To, by_buildkit, plain).map_err(refused)?;
        if let Some(destination) = near_destination(configuration, &cache) {
            return Err(CommandError::new(ExitCode::Usage, message(&destination)).hint(HINT));
        }
        recipe.cache_to.push(cache);
    }
    Ok(())
}

const HINT: &str = "caches are written before anything is judged: name a repository of their own";

fn message(destination: &Repository) -> String {
    format!("a cache cannot be in `{destination}`, which is a destination, or above it")
}

fn read(
    written: &str,
    direction: Direction,
    by_buildkit: bool,
    resolve: impl Fn(&str) -> std::path::PathBuf,
) -> Result<Cache, CacheError> {
    let mut cache: Cache = written.parse()?;
    cache.check(direction, by_buildkit)?;
    if cache.kind == "local"
        && let Some(folder) = cache.attributes.get_mut(direction.folder_key())
    {
        *folder = resolve(folder).to_string_lossy().into_owned();
    }
    Ok(cache)
}

/// Returns the repository of a cache, if it is on a registry.
pub(crate) fn repository(cache: &Cache) -> Option<Repository> {
    match cache.attributes.get("ref").filter(|_| cache.kind == "registry")?.parse() {
        Ok(ImageReference::Registry(reference)) => Some(reference.repository),
        _ => None,
    }
}

/// Returns the destination that a cache is in, or above: nothing may be written there before the gate.
fn near_destination(configuration: &Configuration, cache: &Cache) -> Option<Repository> {
    let cache = repository(cache)?;
    let destinations = configuration.images.iter().flat_map(|image| &image.destinations);
    let mut destinations = destinations.map(|destination| &destination.repository);
    let is_near = |destination: &&Repository| {
        let below = destination.path().strip_prefix(cache.path());
        destination.registry() == cache.registry() && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    destinations.find(is_near).cloned()
}
