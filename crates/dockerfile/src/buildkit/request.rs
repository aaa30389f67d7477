use super::cache::Cache;
use super::protocol::control::{CacheEntry, CacheOptions, Exporter, SolveRequest};
use super::solve::{Context, Network, Recompute, Solve};
use crate::stage::EPOCH;
use std::collections::BTreeMap;

/// What the Dockerfile is called that a daemon asks for.
pub(crate) const DOCKERFILE: &str = "Dockerfile";
/// What the folder is called that has it (BuildKit, `frontend/dockerui`).
pub(crate) const DOCKERFILE_FOLDER: &str = "dockerfile";
/// What the context is called.
pub(crate) const CONTEXT_FOLDER: &str = "context";

/// Returns what the folder of the named context with this number is called.
pub(crate) fn named_folder(number: usize) -> String {
    format!("named-{number}")
}

/// Makes the request for a build.
pub(crate) fn request(solve: &Solve, reference: &str, session: &str, exporter: Exporter) -> SolveRequest {
    let imports = entries(&solve.cache_from);
    let mut entitlements = Vec::new();
    if solve.network == Network::Host {
        entitlements.push("network.host".to_owned());
    }
    if solve.insecure {
        entitlements.push("security.insecure".to_owned());
    }
    SolveRequest {
        reference: reference.to_owned(),
        exporter: exporter.kind.clone(),
        exporter_attributes: exporter.attributes.clone(),
        session: session.to_owned(),
        frontend: "dockerfile.v0".to_owned(),
        frontend_attributes: attributes(solve),
        cache: Some(CacheOptions { exports: entries(&solve.cache_to), imports }),
        entitlements,
        exporters: vec![exporter],
    }
}

fn entries(caches: &[Cache]) -> Vec<CacheEntry> {
    caches.iter().map(|cache| CacheEntry { kind: cache.kind.clone(), attributes: cache.attributes.clone() }).collect()
}

/// Returns what the frontend is told (BuildKit, `docs/reference/buildctl.md`, "dockerfile.v0").
fn attributes(solve: &Solve) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut set = |key: String, value: String| all.insert(key, value);
    set("filename".to_owned(), DOCKERFILE.to_owned());
    for (name, value) in &solve.arguments {
        set(format!("build-arg:{name}"), value.clone());
    }
    if let Some(created) = solve.created {
        set(format!("build-arg:{EPOCH}"), created.to_string());
    }
    for (name, value) in &solve.labels {
        set(format!("label:{name}"), value.clone());
    }
    for (number, (name, context)) in solve.contexts.iter().enumerate() {
        let value = match context {
            Context::Folder(_) => format!("local:{}", named_folder(number)),
            Context::Image(reference) => format!("docker-image://{reference}"),
            Context::Remote(address) => address.clone(),
        };
        set(format!("context:{name}"), value);
    }
    if let Some(target) = &solve.target {
        set("target".to_owned(), target.clone());
    }
    if let Some(platform) = &solve.platform {
        set("platform".to_owned(), platform.to_string());
    }
    match &solve.recompute {
        Recompute::Nothing => {}
        Recompute::Everything => _ = set("no-cache".to_owned(), String::new()),
        Recompute::Stages(stages) if stages.is_empty() => {}
        Recompute::Stages(stages) => _ = set("no-cache".to_owned(), stages.join(",")),
    }
    if solve.pull {
        set("image-resolve-mode".to_owned(), "pull".to_owned());
    }
    match solve.network {
        Network::Default => {}
        Network::None => _ = set("force-network-mode".to_owned(), "none".to_owned()),
        Network::Host => _ = set("force-network-mode".to_owned(), "host".to_owned()),
    }
    if !solve.hosts.is_empty() {
        let hosts: Vec<_> = solve.hosts.iter().map(|(name, address)| format!("{name}={address}")).collect();
        set("add-hosts".to_owned(), hosts.join(","));
    }
    if !solve.cache_from.is_empty() {
        // The frontend's own form of the list, which it needs beside the request's.
        let imports = solve.cache_from.iter();
        let imports: Vec<_> =
            imports.map(|cache| serde_json::json!({"Type": cache.kind, "Attrs": cache.attributes})).collect();
        set("cache-imports".to_owned(), serde_json::Value::from(imports).to_string());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_all() {
        let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let mut solve = Solve::new("FROM scratch", "/context");
        assert_eq!(attributes(&solve), pairs(&[("filename", "Dockerfile")]));
        solve.arguments = pairs(&[("A", "1")]);
        solve.labels = pairs(&[("l", "2")]);
        solve.contexts.insert("alpine".to_owned(), Context::Image("alpine@sha256:00".to_owned()));
        solve.contexts.insert("more".to_owned(), Context::Folder("/more".into()));
        solve.contexts.insert("source".to_owned(), Context::Remote("https://host/a.git".to_owned()));
        solve.target = Some("t".to_owned());
        solve.platform = Some("linux/arm64".parse().unwrap());
        solve.recompute = Recompute::Stages(vec!["a".to_owned(), "b".to_owned()]);
        solve.pull = true;
        solve.network = Network::Host;
        solve.hosts = pairs(&[("h", "192.0.2.1"), ("i", "192.0.2.2")]);
        solve.created = Some(7);
        solve.cache_from = vec![Cache { kind: "registry".to_owned(), attributes: pairs(&[("ref", "r/c")]) }];
        let expected = pairs(&[
            ("filename", "Dockerfile"),
            ("build-arg:A", "1"),
            ("build-arg:SOURCE_DATE_EPOCH", "7"),
            ("label:l", "2"),
            ("context:alpine", "docker-image://alpine@sha256:00"),
            ("context:more", "local:named-1"),
            ("context:source", "https://host/a.git"),
            ("target", "t"),
            ("platform", "linux/arm64"),
            ("no-cache", "a,b"),
            ("image-resolve-mode", "pull"),
            ("force-network-mode", "host"),
            ("add-hosts", "h=192.0.2.1,i=192.0.2.2"),
            ("cache-imports", r#"[{"Attrs":{"ref":"r/c"},"Type":"registry"}]"#),
        ]);
        assert_eq!(attributes(&solve), expected);
        let request = request(&solve, "r", "s", Exporter::default());
        assert_eq!(request.entitlements, ["network.host"]);
        solve.recompute = Recompute::Everything;
        assert_eq!(attributes(&solve)["no-cache"], "");
    }
}
