use crate::specification::RuntimeSpecification;
use consign_oci::{Nothing, RuntimeConfig};
use std::collections::BTreeMap;

/// Where programs are looked for unless the image file says otherwise, as Docker's base images have it.
const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Lays the image file's settings over those of the base image.
pub(crate) fn merge(base: RuntimeConfig, runtime: &RuntimeSpecification) -> RuntimeConfig {
    let RuntimeSpecification {
        entrypoint,
        command,
        user,
        working_directory,
        environment,
        ports,
        volumes,
        stop_signal,
        labels,
    } = runtime;
    let mut merged = base;
    // Docker's instructions for whoever builds on the base image with a Dockerfile: they are done, or never.
    merged.other.remove("OnBuild");
    if entrypoint.is_some() {
        // A command of the base image was meant for its own entrypoint.
        merged.cmd = None;
        merged.entrypoint = entrypoint.clone();
    }
    if command.is_some() {
        merged.cmd = command.clone();
    }
    if let Some(user) = user {
        merged.user = user.clone();
    }
    if let Some(folder) = working_directory {
        merged.working_dir = folder.clone();
    }
    if let Some(signal) = stop_signal {
        merged.stop_signal = signal.clone();
    }
    merged.env = Some(merge_environment(merged.env.unwrap_or_default(), environment));
    merged.exposed_ports = merge_set(
        merged.exposed_ports,
        ports.iter().map(|port| if port.contains('/') { port.clone() } else { format!("{port}/tcp") }),
    );
    merged.volumes = merge_set(merged.volumes, volumes.iter().cloned());
    if !labels.is_empty() {
        merged.labels.get_or_insert_default().extend(labels.clone());
    }
    merged
}

fn merge_environment(base: Vec<String>, environment: &BTreeMap<String, String>) -> Vec<String> {
    let name = |variable: &str| variable.split('=').next().unwrap_or_default().to_owned();
    let mut merged = base;
    for (key, value) in environment {
        let variable = format!("{key}={value}");
        match merged.iter_mut().find(|known| name(known) == *key) {
            Some(known) => *known = variable,
            None => merged.push(variable),
        }
    }
    if !merged.iter().any(|known| name(known) == "PATH") {
        merged.insert(0, DEFAULT_PATH.to_owned());
    }
    merged
}

fn merge_set(
    base: Option<BTreeMap<String, Nothing>>,
    more: impl Iterator<Item = String>,
) -> Option<BTreeMap<String, Nothing>> {
    let mut merged = base.unwrap_or_default();
    merged.extend(more.map(|member| (member, Nothing {})));
    (!merged.is_empty()).then_some(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<Vec<String>> {
        Some(text.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn lays_the_image_file_over_the_base() {
        let base = RuntimeConfig {
            user: "root".into(),
            env: Some(vec!["PATH=/bin".into(), "A=1".into()]),
            entrypoint: words("/old"),
            cmd: words("-x"),
            other: [("Healthcheck", "x"), ("OnBuild", "x")].map(|(key, value)| (key.to_owned(), value.into())).into(),
            ..RuntimeConfig::default()
        };
        let runtime = RuntimeSpecification {
            entrypoint: words("/new"),
            environment: [("A", "2"), ("B", "3")].map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ports: vec!["80".into()],
            ..RuntimeSpecification::default()
        };
        let merged = merge(base.clone(), &runtime);
        assert_eq!((merged.entrypoint, merged.cmd), (words("/new"), None));
        assert_eq!(merged.env.unwrap(), ["PATH=/bin", "A=2", "B=3"]);
        assert!(merged.exposed_ports.unwrap().contains_key("80/tcp"));
        assert_eq!(merged.user, "root");
        assert_eq!(merged.other.keys().collect::<Vec<_>>(), ["Healthcheck"]);

        let command = RuntimeSpecification { command: words("-y"), ..RuntimeSpecification::default() };
        let merged = merge(base, &command);
        assert_eq!((merged.entrypoint, merged.cmd), (words("/old"), words("-y")));
        let empty = merge(RuntimeConfig::default(), &RuntimeSpecification::default());
        assert_eq!(empty.env.unwrap(), [DEFAULT_PATH]);
    }
}
