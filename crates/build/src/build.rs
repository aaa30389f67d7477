use crate::base_tree;
use crate::deb::{self, ChosenPackage, Package, Parts};
use crate::error::BuildError;
use crate::kept::Kept;
use crate::linkage::{BaseFiles, Surroundings};
use crate::local_files::{self, LocalFile};
use crate::output::{self, Written};
use crate::request::Request;
use crate::specification::{Contents, PackagesSpecification, Specification};
use crate::tree::Tree;
use crate::{linkage, run, runtime, step};
use consign_image::{Base, Built};
use consign_oci::Digest;
use consign_receipt::predicate::ResourceDescriptor;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Builds an image for one platform. Nothing is written to the store before every input is verified.
pub async fn build(specification: &Specification, request: Request<'_>) -> Result<Built, BuildError> {
    let (files, ran) = run::files(specification, &request).await?;
    let parameters = parameters(specification, &request)?;
    let mut built = match &specification.contents {
        Contents::Packages(packages) => from_packages(specification, packages, &files, parameters, request).await,
        Contents::Files { base } => from_files(specification, base.as_deref(), &files, parameters, request).await,
    }?;
    built.resolved_dependencies.extend(ran.dependency());
    Ok(built)
}

async fn from_packages(
    specification: &Specification,
    packages: &PackagesSpecification,
    files: &[LocalFile],
    parameters: Value,
    request: Request<'_>,
) -> Result<Built, BuildError> {
    files.iter().try_for_each(|file| file.check_machine(request.platform))?;
    let chosen = request.resolution.packages.get(request.platform);
    let chosen = chosen.ok_or_else(|| BuildError::NotResolved { platform: request.platform.clone() })?;
    let consulted = request.resolution.consulted.get(request.platform).cloned().unwrap_or_default();
    let mut warnings = request.resolution.warnings.get(request.platform).cloned().unwrap_or_default();
    let mut dependencies: Vec<_> = consulted.into_iter().chain(chosen.iter().map(ChosenPackage::dependency)).collect();
    dependencies.sort_by(|one, other| one.name.cmp(&other.name));
    let inputs: Vec<String> = chosen.iter().map(|package| package.sha256.to_string()).collect();
    let key = step::key(&parameters, &json!({ "packages": inputs, "files": fingerprints(files) }), &request);
    let dependencies = with_files(dependencies, files);
    if let Some(mut built) = step::load(&key, &request)? {
        // Release files and indexes change more often than the packages that are picked from them, and with them what is passed over.
        built.resolved_dependencies = dependencies;
        warnings.append(&mut built.warnings);
        built.warnings = warnings;
        return Ok(built);
    }
    let packages_found =
        deb::download(chosen, request.sources, request.fetcher, &Kept::new(request.store, request.reuse)).await?;
    let created = created(&packages_found, &request);
    let parts = Parts {
        platform: request.platform,
        specification: packages,
        packages: &packages_found,
        files,
        user: specification.runtime.user.as_deref(),
        latest: request.epoch,
        files_time: request.epoch.or(request.source_time).unwrap_or(created),
        created,
    };
    let tree = deb::assemble(&parts)
        .map_err(|source| BuildError::Assemble { platform: request.platform.clone(), source: Box::new(source) })?;
    let mut of_image = deb::warnings(&packages_found);
    of_image.extend(check_programs(specification, None, (&tree, &BaseFiles::default()), files, &request)?);
    let written = write(specification, None, tree, created, "consign build: Debian packages", &request)?;
    let mut built = finish(written, dependencies, parameters, of_image, &request);
    step::save(&key, &built, request.store)?;
    warnings.append(&mut built.warnings);
    built.warnings = warnings;
    Ok(built)
}

async fn from_files(
    specification: &Specification,
    base: Option<&str>,
    files: &[LocalFile],
    parameters: Value,
    request: Request<'_>,
) -> Result<Built, BuildError> {
    files.iter().try_for_each(|file| file.check_machine(request.platform))?;
    let base = match (base, request.base) {
        (None, _) => None,
        (Some(base), Some(place)) => {
            let root = request.resolution.base.as_ref();
            let root = root.ok_or_else(|| BuildError::NotResolved { platform: request.platform.clone() })?;
            let offline = request.fetcher.is_offline();
            let fetched = Base::fetch(place, root, request.platform, request.store, offline).await;
            let locked = request.resolution.locked;
            Some(fetched.map_err(|error| if locked { error.of_locked(base, &root.digest) } else { error })?)
        }
        (Some(base), None) => return Err(BuildError::BaseNotOpened { base: base.to_owned() }),
    };
    let digest = base.as_ref().map(|base| base.manifest.digest());
    let key = step::key(&parameters, &json!({ "base": digest, "files": fingerprints(files) }), &request);
    let dependencies = with_files(base.iter().flat_map(Base::dependencies).collect(), files);
    if let Some(mut built) = step::load(&key, &request)? {
        // Several indexes may have the same manifest for the platform.
        built.resolved_dependencies = dependencies;
        return Ok(built);
    }
    let created = created(&[], &request);
    let (mut tree, of_base_files) = match &base {
        Some(base) if !files.is_empty() => base_tree::read(base, request.store, linkage::matters(files)).await?,
        _ => Default::default(),
    };
    local_files::put(&mut tree, files.iter(), created)?;
    let warnings = check_programs(specification, base.as_ref(), (&tree, &of_base_files), files, &request)?;
    let written = write(specification, base.as_ref(), tree, created, "consign build: files", &request)?;
    let built = finish(written, dependencies, parameters, warnings, &request);
    step::save(&key, &built, request.store)?;
    Ok(built)
}

/// Refuses programs that would not start in the image. Returns what there is to warn of.
fn check_programs(
    specification: &Specification,
    base: Option<&Base>,
    (tree, base_files): (&Tree, &BaseFiles),
    files: &[LocalFile],
    request: &Request<'_>,
) -> Result<Vec<String>, BuildError> {
    let packages = matches!(specification.contents, Contents::Packages(_));
    let config = base.map(|base| base.config.config.clone()).unwrap_or_default();
    let surroundings = Surroundings {
        platform: request.platform,
        tree,
        base: base_files,
        stands_alone: base.is_none() && !packages,
        packages,
        environment: &runtime::merge(config, &specification.runtime).env.unwrap_or_default(),
    };
    Ok(linkage::check(files, &surroundings)?)
}

/// Returns the time of the image: the newest of its own inputs, at most `epoch` when one is set.
fn created(packages: &[Package], request: &Request<'_>) -> u64 {
    let newest = packages.iter().map(Package::newest).chain(request.source_time).max().unwrap_or(0);
    request.epoch.unwrap_or(newest)
}

fn write(
    specification: &Specification,
    base: Option<&Base>,
    tree: Tree,
    created: u64,
    created_by: &'static str,
    request: &Request<'_>,
) -> Result<Written, BuildError> {
    let contents = output::Contents {
        platform: request.platform,
        runtime: &specification.runtime,
        base,
        segments: tree.into_segments(),
        created,
        created_by,
        annotations: &request.annotations,
    };
    Ok(output::write(contents, request.store, request.watcher)?)
}

fn finish(
    written: Written,
    resolved_dependencies: Vec<ResourceDescriptor>,
    external_parameters: Value,
    warnings: Vec<String>,
    request: &Request<'_>,
) -> Built {
    let Written { manifest, config, layers } = written;
    Built {
        platform: request.platform.clone(),
        manifest,
        config,
        layers,
        resolved_dependencies,
        external_parameters,
        warnings,
        reused: false,
    }
}

/// Returns what the user asked for: the image file, with the default suite where it names none.
fn parameters(specification: &Specification, request: &Request<'_>) -> Result<Value, BuildError> {
    let mut specification = specification.clone();
    if let Contents::Packages(packages) = &mut specification.contents
        && packages.suite.is_none()
    {
        packages.suite.clone_from(&request.resolution.suite);
    }
    // Which platforms are built beside this one is no input of it.
    specification.platforms.clear();
    let image = serde_json::to_value(&specification).map_err(|source| BuildError::Record { source })?;
    Ok(json!({ "image": image, "platform": request.platform.to_string() }))
}

fn fingerprints(files: &[LocalFile]) -> Vec<String> {
    files.iter().map(LocalFile::fingerprint).collect()
}

fn with_files(mut dependencies: Vec<ResourceDescriptor>, files: &[LocalFile]) -> Vec<ResourceDescriptor> {
    let digests: BTreeMap<&str, Digest> =
        files.iter().filter_map(|file| Some((file.source.as_str(), file.digest()?))).collect();
    dependencies.extend(digests.into_iter().map(|(source, digest)| ResourceDescriptor::named(source, None, &digest)));
    dependencies
}
