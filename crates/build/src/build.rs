use crate::base::Base;
use crate::deb::{self, Package, Parts, Selected};
use crate::error::BuildError;
use crate::local_files::{self, LocalFile};
use crate::output::{self, Written};
use crate::request::{Built, Request};
use crate::specification::{Contents, PackagesSpecification, Specification};
use crate::step;
use crate::tree::Tree;
use consign_oci::Digest;
use consign_receipt::predicate::ResourceDescriptor;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Builds an image for one platform. Nothing is written to the store before every input is verified.
pub async fn build(specification: &Specification, request: Request<'_>) -> Result<Built, BuildError> {
    let files = local_files::read(request.root_folder, &specification.files, request.platform)?;
    let parameters = parameters(specification, &request)?;
    match &specification.contents {
        Contents::Packages(packages) => from_packages(specification, packages, &files, parameters, request).await,
        Contents::Files { base } => from_files(specification, base.as_deref(), &files, parameters, request).await,
    }
}

async fn from_packages(
    specification: &Specification,
    packages: &PackagesSpecification,
    files: &[LocalFile],
    parameters: Value,
    mut request: Request<'_>,
) -> Result<Built, BuildError> {
    let selected = deb::select(packages, &request).await?;
    let Selected { records, dependencies, mut warnings } = selected;
    let inputs: Vec<String> = records.iter().map(|(record, _)| record.sha256.to_string()).collect();
    let key = step::key(&parameters, &json!({ "packages": inputs, "files": fingerprints(files) }), &request);
    let dependencies = with_files(dependencies, files);
    if let Some(mut built) = step::load(&key, &request)? {
        // Release files and indexes change more often than the packages that are picked from them, and with them what is passed over.
        built.resolved_dependencies = dependencies;
        warnings.append(&mut built.warnings);
        built.warnings = warnings;
        return Ok(built);
    }
    let packages_found = deb::download(&records, request.fetcher).await?;
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
    let written = write(specification, None, tree, created, "consign build: Debian packages", &mut request)?;
    let mut built = finish(written, dependencies, parameters, deb::warnings(&packages_found), &request);
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
    mut request: Request<'_>,
) -> Result<Built, BuildError> {
    files.iter().try_for_each(|file| file.check_machine(request.platform))?;
    let base = match (base, request.base) {
        (None, _) => None,
        (Some(_), Some(place)) => {
            let offline = request.fetcher.is_offline();
            Some(Base::fetch(place, request.platform, request.store, offline).await?)
        }
        (Some(base), None) => return Err(BuildError::BaseNotOpened { base: base.to_owned() }),
    };
    let digest = base.as_ref().map(|base| base.manifest.digest());
    let key = step::key(&parameters, &json!({ "base": digest, "files": fingerprints(files) }), &request);
    if let Some(built) = step::load(&key, &request)? {
        return Ok(built);
    }
    let created = created(&[], &request);
    let mut tree = match &base {
        Some(base) if !files.is_empty() => base.tree(request.store).await?,
        _ => Tree::default(),
    };
    local_files::put(&mut tree, files.iter(), created)?;
    let written = write(specification, base.as_ref(), tree, created, "consign build: files", &mut request)?;
    let dependencies = with_files(base.iter().flat_map(of_base).collect(), files);
    let built = finish(written, dependencies, parameters, Vec::new(), &request);
    step::save(&key, &built, request.store)?;
    Ok(built)
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
    request: &mut Request<'_>,
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
    Ok(output::write(contents, request.store, request.observer)?)
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
        packages.suite.clone_from(&request.sources.default_suite);
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
    dependencies.extend(digests.into_iter().map(|(source, digest)| named(source.to_owned(), None, &digest)));
    dependencies
}

fn of_base(base: &Base) -> Vec<ResourceDescriptor> {
    let uri = base.name.as_ref().map(|name| format!("oci://{name}@{}", base.root));
    let mut dependencies = vec![named("base image".to_owned(), uri, &base.root)];
    if base.root != *base.manifest.digest() {
        dependencies.push(named("base image for the platform".to_owned(), None, base.manifest.digest()));
    }
    dependencies
}

fn named(name: String, uri: Option<String>, digest: &Digest) -> ResourceDescriptor {
    let digest = BTreeMap::from([(digest.algorithm().name().to_owned(), digest.hex().to_owned())]);
    ResourceDescriptor { name: Some(name), uri, digest }
}
