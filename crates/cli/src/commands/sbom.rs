use crate::arguments::{Form, ListTarget, Sbom, SbomFormat};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::session::{Session, host_platform};
use consign_image::ImageReference;
use consign_inventory::{Described, DescribedIndex, Package, cyclonedx_index, labels, spdx_index};
use consign_oci::media_type::is_index;
use consign_oci::{Platform, StatedBase};
use consign_release::{ListedImage, kept_document, list_image, name_of, read_folder};
use consign_report::TreeNode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What the file `version` begins with in folders of skopeo's.
const SKOPEO: &[u8] = b"Directory Transport Version";

pub(crate) async fn run(arguments: &Sbom, session: &Session) -> Result<ExitCode, CommandError> {
    let format = format(arguments, session)?;
    if format == SbomFormat::Tree && arguments.folder.is_some() {
        return Err(CommandError::new(ExitCode::Usage, "a tree is for reading: `--to` takes the other formats"));
    }
    match &arguments.target {
        ListTarget::Image(reference) => of_reference(reference, format, arguments, session).await?,
        ListTarget::Folder(path) => {
            let image = folder(path, &arguments.platforms, session).await?;
            let index = DescribedIndex { name: &image.name, repository: None, digest: &image.digest };
            let images = std::slice::from_ref(&image);
            match (format, &arguments.folder) {
                (SbomFormat::Tree, _) => session.printer.data(&tree(arguments, images).text())?,
                (format, Some(folder)) => write_all(format, &index, false, images, folder, session)?,
                (format, None) => session.printer.json(&whole(format, &index, images)?)?,
            }
        }
    }
    Ok(ExitCode::Done)
}

async fn of_reference(
    reference: &ImageReference,
    format: SbomFormat,
    arguments: &Sbom,
    session: &Session,
) -> Result<(), CommandError> {
    let (place, root) = session.open(reference).await?;
    let (store, platforms) = (session.store().await?, &arguments.platforms[..]);
    let (name, repository) = name_of(&place, &root);
    let index = DescribedIndex { name: &name, repository: repository.as_deref(), digest: &root.digest };
    let form = match (format, &arguments.folder) {
        (SbomFormat::Tree, _) => {
            let images = list_image(&place, &root, &store, platforms).await?;
            return session.printer.data(&tree(arguments, &images).text());
        }
        (format, Some(folder)) => {
            let images = list_image(&place, &root, &store, platforms).await?;
            return write_all(format, &index, is_index(&root.media_type), &images, folder, session);
        }
        (SbomFormat::SpdxJson, None) => "spdx-json",
        (SbomFormat::CyclonedxJson, None) => "cyclonedx-json",
    };
    let write = |images: &[ListedImage]| -> Result<String, CommandError> {
        Ok(consign_report::json(&whole(format, &index, images)?)?)
    };
    session.printer.data(&kept_document(&place, &root, &store, platforms, form, write).await?)
}

/// Lists what is in a folder, on the platform that it is made for. One that is asked for has to be that; where nothing says which it is, it is taken for it.
pub(super) async fn folder(
    path: &Path,
    platforms: &[Platform],
    session: &Session,
) -> Result<ListedImage, CommandError> {
    if is_of_skopeo(path) {
        let message = format!("{} is an image in the form of skopeo's `dir:`, and no root file system", path.display());
        let hint = format!("`skopeo copy dir:{} oci:layout:latest` makes a layout of it: `oci:layout`", path.display());
        return Err(CommandError::new(ExitCode::Usage, message).hint(hint));
    }
    let folder = read_folder(path).await?;
    let platform = match (&folder.platform, platforms.first()) {
        (Some(found), asked) if asked.is_none() || platforms.contains(found) => found.clone(),
        (Some(found), _) => {
            let asked = platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(", ");
            let message = format!("what lies in {} is made for {found}, not for {asked}", path.display());
            return Err(CommandError::new(ExitCode::Failed, message));
        }
        (None, Some(asked)) => asked.clone(),
        (None, None) => {
            let host = host_platform()?;
            let said =
                format!("nothing in {} says what it is made for: taken for {host}, as this machine is", path.display());
            session.printer.note(&format!("note: {said}"));
            host
        }
    };
    Ok(ListedImage::of_folder(folder, platform))
}

/// Returns whether a folder is what skopeo and podman write where they are told `dir:` (containers/image, `directory/directory_dest.go`).
fn is_of_skopeo(folder: &Path) -> bool {
    let version = folder.join("version");
    let is_file = |path: &Path| path.metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file(&version) || !is_file(&folder.join("manifest.json")) {
        return false;
    }
    let mut start = [0; SKOPEO.len()];
    File::open(version).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *SKOPEO
}

/// Two options name the format: the one that each command has, and the one that other tools have.
fn format(arguments: &Sbom, session: &Session) -> Result<SbomFormat, CommandError> {
    let stated = match session.global.output {
        Form::SpdxJson => Some(SbomFormat::SpdxJson),
        Form::CyclonedxJson => Some(SbomFormat::CyclonedxJson),
        Form::Tree => Some(SbomFormat::Tree),
        Form::Table | Form::Json | Form::Sarif | Form::Markdown | Form::CosignVuln | Form::Openvex => None,
    };
    match (stated, arguments.format) {
        (Some(one), Some(other)) if one != other => {
            Err(CommandError::new(ExitCode::Usage, "`--output` and `--format` name two formats"))
        }
        (stated, other) => Ok(stated.or(other).unwrap_or(SbomFormat::SpdxJson)),
    }
}

/// Returns the document of the index, or of the only image that is looked at.
pub(super) fn whole(
    format: SbomFormat,
    index: &DescribedIndex<'_>,
    images: &[ListedImage],
) -> Result<Value, CommandError> {
    match images {
        [image] => Ok(of_image(format, image)?),
        _ => of_index(format, index, images),
    }
}

fn of_image(format: SbomFormat, image: &ListedImage) -> Result<Value, CommandError> {
    let ListedImage { catalogue, .. } = image;
    Ok(match format {
        SbomFormat::CyclonedxJson => catalogue.cyclonedx(&image.described())?,
        _ => catalogue.spdx(&image.described())?,
    })
}

fn of_index(format: SbomFormat, index: &DescribedIndex<'_>, images: &[ListedImage]) -> Result<Value, CommandError> {
    let platforms: Vec<(Described<'_>, _)> = images.iter().map(|image| (image.described(), &image.catalogue)).collect();
    Ok(match format {
        SbomFormat::CyclonedxJson => cyclonedx_index(index, &platforms)?,
        _ => spdx_index(index, &platforms)?,
    })
}

/// Writes one document for each platform, and one for the index if it is one.
fn write_all(
    format: SbomFormat,
    index: &DescribedIndex<'_>,
    is_index: bool,
    images: &[ListedImage],
    folder: &Path,
    session: &Session,
) -> Result<(), CommandError> {
    let end = if format == SbomFormat::CyclonedxJson { "cdx.json" } else { "spdx.json" };
    let mut documents = Vec::new();
    if is_index {
        documents.push((format!("index.{end}"), of_index(format, index, images)?));
    }
    let described: Vec<Described<'_>> = images.iter().map(ListedImage::described).collect();
    for (image, platform) in images.iter().zip(labels(&described)) {
        documents.push((format!("{platform}.{end}"), of_image(format, image)?));
    }
    let failed = |path: &Path, error: std::io::Error| {
        CommandError::new(ExitCode::Failed, format!("cannot write {}", path.display())).cause(error)
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for (name, document) in documents {
        let path = folder.join(name);
        // Others may read it as far as the user lets them read new files.
        let file = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
        let mut file = file.map_err(|error| failed(&path, error))?;
        let text = consign_report::json(&document)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|error| failed(&path, error))?;
        file.persist(&path).map_err(|error| failed(&path, error.error))?;
        session.printer.note(&format!("{}", path.display()));
    }
    Ok(())
}

/// Returns the platforms, the packages by kind, and under each package what it brought.
fn tree(arguments: &Sbom, images: &[ListedImage]) -> TreeNode {
    let mut tree = node(arguments.target.to_string());
    for image in images {
        let mut platform = node(image.platform.to_string());
        platform.digest = Some(image.digest.clone());
        platform.children.extend(image.base.as_ref().map(|base| based(base, image.layers.len())));
        let mut owned: BTreeMap<usize, Vec<TreeNode>> = BTreeMap::new();
        let mut kinds: BTreeMap<_, Vec<(usize, &Package)>> = BTreeMap::new();
        for ((number, package), owner) in image.catalogue.packages.iter().enumerate().zip(image.catalogue.owners()) {
            match owner {
                Some(owner) => owned.entry(owner).or_default().push(node(label(package))),
                None => kinds.entry(package.kind).or_default().push((number, package)),
            }
        }
        let distribution = image.catalogue.distribution.as_ref();
        platform.children.extend(distribution.map(|distribution| {
            node(format!("{} {}", distribution.id, distribution.version().unwrap_or_default()).trim_end().to_owned())
        }));
        for (kind, packages) in kinds {
            let mut of_kind = node(format!("{kind}: {}", packages.len()));
            of_kind.children.extend(packages.into_iter().map(|(number, package)| TreeNode {
                children: owned.remove(&number).unwrap_or_default(),
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

/// Returns what an image with this many layers is based on.
fn based(base: &StatedBase, layers: usize) -> TreeNode {
    let name = base.name.as_deref().unwrap_or("a base image");
    let of_base = base.layers.map(|of_base| format!(", {of_base} of {layers} layers")).unwrap_or_default();
    TreeNode { digest: base.digest.clone(), ..node(format!("based on {name}{of_base}")) }
}

fn node(label: String) -> TreeNode {
    TreeNode { label, ..TreeNode::default() }
}

fn label(package: &Package) -> String {
    let version = package.version.as_deref().unwrap_or("(unknown version)");
    let licences = package.licences.join(", ");
    format!("{} {version}  {licences}", package.name).trim_end().to_owned()
}
