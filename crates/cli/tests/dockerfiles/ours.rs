use crate::base::Bases;
use crate::case::Case;
use crate::common::{Run, TestEnvironment};
use crate::image::Image;
use consign_oci::Platform;
use std::path::Path;

/// Builds a case with consign. Returns the image, or what consign says.
pub(crate) fn build(
    case: &Case,
    platform: &Platform,
    context: &Path,
    bases: &Bases,
    environment: &TestEnvironment,
) -> Result<Image, Run> {
    let settings = &case.settings;
    let file = environment.beside("image.tar");
    _ = std::fs::remove_file(&file);
    let mut arguments = vec!["build".to_owned(), "--quiet".to_owned()];
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    add("--file", settings.file.clone());
    add("--platform", platform.to_string());
    add("--build-arg", format!("REGISTRY={}", bases.host()));
    settings.arguments.iter().for_each(|(name, value)| add("--build-arg", format!("{name}={value}")));
    settings.contexts.iter().for_each(|(name, folder)| add("--build-context", format!("{name}={folder}")));
    settings.target.iter().for_each(|target| add("--target", target.clone()));
    add("--to", format!("oci-archive:{}", file.display()));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = environment.invocation().folder(context).run(&arguments);
    if run.status == 0 { Ok(Image::of_archive(&file, platform)) } else { Err(run) }
}
