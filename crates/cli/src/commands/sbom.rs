use crate::arguments::{Form, Sbom, SbomFormat};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::Session;
use consign_inventory::{Described, DescribedIndex, Package, cyclonedx_index, spdx_index};
use consign_oci::Descriptor;
use consign_oci::media_type::is_index;
use consign_release::{ListedImage, list_image};
use consign_report::TreeNode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

pub(crate) async fn run(arguments: &Sbom, session: &Session) -> Result<ExitCode, CommandError> {
    let format = format(arguments, session)?;
    let (place, root) = session.open(&arguments.reference).await?;
    let images = list_image(&place, &root, &session.store().await?, &arguments.platforms).await?;
    let name = place.describe();
    match (format, &arguments.folder) {
        (SbomFormat::Tree, None) => session.printer.data(&tree(arguments, &images).text())?,
        (SbomFormat::Tree, Some(_)) => {
            return Err(CommandError::new(ExitCode::Usage, "a tree is for reading: `--to` takes the other formats"));
        }
        (format, Some(folder)) => write_all(format, &name, &root, &images, folder, session)?,
        (format, None) => session.printer.json(&whole(format, &name, &root, &images)?)?,
    }
    Ok(ExitCode::Done)
}

/// Two options name the format: the one that each command has, and the one that other tools have.
fn format(arguments: &Sbom, session: &Session) -> Result<SbomFormat, CommandError> {
    let stated = match session.global.output {
        Form::SpdxJson => Some(SbomFormat::SpdxJson),
        Form::CyclonedxJson => Some(SbomFormat::CyclonedxJson),
        Form::Tree => Some(SbomFormat::Tree),
        Form::Table | Form::Json | Form::Sarif => None,
    };
    match (stated, arguments.format) {
        (Some(one), Some(other)) if one != other => {
            Err(CommandError::new(ExitCode::Usage, "`--output` and `--format` name two formats"))
        }
        (stated, other) => Ok(stated.or(other).unwrap_or(SbomFormat::SpdxJson)),
    }
}

/// Returns the document of the index, or of the only image that is looked at.
fn whole(format: SbomFormat, name: &str, root: &Descriptor, images: &[ListedImage]) -> Result<Value, CommandError> {
    match images {
        [image] => Ok(of_image(format, image)?),
        _ => of_index(format, name, root, images),
    }
}

fn of_image(format: SbomFormat, image: &ListedImage) -> Result<Value, CommandError> {
    let ListedImage { catalogue, .. } = image;
    Ok(match format {
        SbomFormat::CyclonedxJson => catalogue.cyclonedx(&image.described())?,
        _ => catalogue.spdx(&image.described())?,
    })
}

fn of_index(format: SbomFormat, name: &str, root: &Descriptor, images: &[ListedImage]) -> Result<Value, CommandError> {
    let index = DescribedIndex { name, digest: &root.digest };
    let platforms: Vec<(Described<'_>, _)> = images.iter().map(|image| (image.described(), &image.catalogue)).collect();
    Ok(match format {
        SbomFormat::CyclonedxJson => cyclonedx_index(&index, &platforms)?,
        _ => spdx_index(&index, &platforms)?,
    })
}

/// Writes one document for each platform, and one for the index if it is one.
fn write_all(
    format: SbomFormat,
    name: &str,
    root: &Descriptor,
    images: &[ListedImage],
    folder: &Path,
    session: &Session,
) -> Result<(), CommandError> {
    let end = if format == SbomFormat::CyclonedxJson { "cdx.json" } else { "spdx.json" };
    let mut documents = Vec::new();
    if is_index(&root.media_type) {
        documents.push((format!("index.{end}"), of_index(format, name, root, images)?));
    }
    for image in images {
        let platform = image.platform.to_string().replace('/', "-");
        documents.push((format!("{platform}.{end}"), of_image(format, image)?));
    }
    let failed = |path: &Path, error: std::io::Error| {
        CommandError::new(ExitCode::Failed, format!("cannot write {}", path.display())).cause(error)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for (name, document) in documents {
        let path = folder.join(name);
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&path, error))?;
        let text = consign_report::json(&document)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| failed(&path, error))?;
        file.persist(&path).map_err(|error| failed(&path, error.error))?;
        session.printer.note(&format!("{}", path.display()));
    }
    Ok(())
}

/// Returns the platforms, the packages by kind, and under each package what it brought.
fn tree(arguments: &Sbom, images: &[ListedImage]) -> TreeNode {
    let mut tree = node(arguments.reference.to_string());
    for image in images {
        let mut platform = node(image.platform.to_string());
        platform.digest = Some(image.digest().clone());
        let mut owned: BTreeMap<&str, Vec<TreeNode>> = BTreeMap::new();
        let mut kinds: BTreeMap<_, Vec<&Package>> = BTreeMap::new();
        for package in &image.catalogue.packages {
            match &package.owner {
                Some(owner) => owned.entry(owner).or_default().push(node(label(package))),
                None => kinds.entry(package.kind).or_default().push(package),
            }
        }
        let distribution = image.catalogue.distribution.as_ref();
        platform.children.extend(distribution.map(|distribution| {
            node(format!("{} {}", distribution.id, distribution.version().unwrap_or_default()).trim_end().to_owned())
        }));
        for (kind, packages) in kinds {
            let mut of_kind = node(format!("{kind}: {}", packages.len()));
            of_kind.children.extend(packages.into_iter().map(|package| TreeNode {
                children: owned.remove(package.purl.as_str()).unwrap_or_default(),
                ..node(label(package))
            }));
            platform.children.push(of_kind);
        }
        platform
            .children
            .extend(image.catalogue.unlisted.iter().map(|unlisted| node(format!("not listed: {unlisted}"))));
        tree.children.push(platform);
    }
    tree
}

fn node(label: String) -> TreeNode {
    TreeNode { label, ..TreeNode::default() }
}

fn label(package: &Package) -> String {
    let version = package.version.as_deref().unwrap_or("(unknown version)");
    let licences = package.licences.join(", ");
    format!("{} {version}  {licences}", package.name).trim_end().to_owned()
}
