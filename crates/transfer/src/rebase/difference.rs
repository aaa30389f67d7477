use consign_oci::RuntimeConfig;
use std::collections::BTreeSet;

/// What two bases say differently about how they are run. An image that was built on one of them took that over, or states its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field of the config, such as `Cmd`.
    pub field: &'static str,
    /// Of `Env`, the variables.
    pub variables: Vec<String>,
}

/// Compares what two bases say.
pub(super) fn differences(old: &RuntimeConfig, new: &RuntimeConfig) -> Vec<Difference> {
    let mut found = Vec::new();
    let variables = variables(old, new);
    if !variables.is_empty() {
        found.push(Difference { field: "Env", variables });
    }
    for (field, differs) in [
        ("Entrypoint", old.entrypoint != new.entrypoint),
        ("Cmd", old.cmd != new.cmd),
        ("User", old.user != new.user),
        ("WorkingDir", old.working_dir != new.working_dir),
    ] {
        if differs {
            found.push(Difference { field, variables: Vec::new() });
        }
    }
    found
}

/// Returns the names of variables that are set differently.
fn variables(old: &RuntimeConfig, new: &RuntimeConfig) -> Vec<String> {
    let all = |config: &RuntimeConfig| -> BTreeSet<String> { config.env.iter().flatten().cloned().collect() };
    let (old, new) = (all(old), all(new));
    let name = |setting: &String| setting.split('=').next().unwrap_or_default().to_owned();
    let names: BTreeSet<String> = old.symmetric_difference(&new).map(name).collect();
    names.into_iter().collect()
}
