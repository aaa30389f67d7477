use crate::base::Bases;
use crate::case::Case;
use crate::image::Image;
use crate::ours::Refusal;
use consign_oci::Platform;
use std::path::Path;
use std::process::Command;

/// Builds a case with the BuildKit at `address` in consign's place, by the `buildctl` on `PATH`.
pub(crate) fn build(
    address: &str,
    case: &Case,
    platform: &Platform,
    context: &Path,
    bases: &Bases,
) -> Result<Image, Refusal> {
    let settings = &case.settings;
    let file = context.with_extension("tar");
    let mut command = Command::new("buildctl");
    command.args(["--addr", address, "build", "--progress", "plain", "--frontend", "dockerfile.v0"]);
    command.args(["--allow", "network.host"]);
    let mut add = |flag: &str, value: String| _ = command.args([flag, &value]);
    add("--local", format!("context={}", context.display()));
    add("--local", format!("dockerfile={}", context.display()));
    add("--opt", format!("filename={}", settings.file));
    add("--opt", format!("platform={platform}"));
    add("--opt", format!("build-arg:REGISTRY={}", bases.host()));
    settings.arguments.iter().for_each(|(name, value)| add("--opt", format!("build-arg:{name}={value}")));
    settings.target.iter().for_each(|target| add("--opt", format!("target={target}")));
    for (name, folder) in &settings.contexts {
        add("--opt", format!("context:{name}=local:{name}"));
        add("--local", format!("{name}={}", context.join(folder).display()));
    }
    add("--output", format!("type=oci,dest={}", file.display()));
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(Image::of_archive(&file, platform));
    }
    let status = output.status.code().unwrap_or_default();
    Err(Refusal { status, text: String::from_utf8_lossy(&output.stderr).into_owned() })
}
