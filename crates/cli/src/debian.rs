use crate::error::CommandError;
use consign_build::{Contents, DebianSource, DebianSources, SourcesFrom, Specification, machine_suite, read_keyring};
use consign_plan::Configuration;
use std::path::Path;

/// Returns where Debian packages come from: the mirrors of the configuration, else the machine's own sources. Nothing is looked for where no image
/// needs packages.
pub(crate) fn sources<'a>(
    configuration: &Configuration,
    mut images: impl Iterator<Item = &'a Specification>,
) -> Result<DebianSources, CommandError> {
    if !images.any(|image| matches!(image.contents, Contents::Packages(_))) {
        return Ok(DebianSources::none());
    }
    let suite = machine_suite(Path::new("/etc/os-release"));
    if configuration.debian.mirrors.is_empty() {
        return Ok(DebianSources::of_machine(Path::new("/etc/apt"), suite)?);
    }
    let mut sources = Vec::new();
    for mirror in &configuration.debian.mirrors {
        let keyring = read_keyring(&configuration.resolve(&mirror.signed_by))?;
        for suite in &mirror.suites {
            sources.push(DebianSource {
                uri: mirror.uri.value.clone(),
                suite: suite.clone(),
                components: mirror.components.clone(),
                architectures: (!mirror.architectures.is_empty()).then(|| mirror.architectures.clone()),
                keyring: keyring.clone(),
                declared: configuration.file.name().to_owned(),
            });
        }
    }
    Ok(DebianSources::new(SourcesFrom::Configuration, suite, sources))
}
