use crate::run::{Failure, build_consign, root, run};
use std::process::Command;

/// Runs the scripts in `bench/`, each of which measures consign beside its peers in one run and prints ratios.
pub(crate) fn bench(names: &[String]) -> Result<(), Failure> {
    let consign = build_consign("release")?;
    let folder = root().join("bench");
    let listed = std::fs::read_dir(&folder).map_err(|error| Failure(format!("cannot list bench/: {error}")))?;
    let mut scripts: Vec<_> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    scripts.retain(|path| path.extension().is_some_and(|extension| extension == "sh"));
    scripts.retain(|path| {
        names.is_empty() || names.iter().any(|name| path.file_stem().is_some_and(|stem| stem == name.as_str()))
    });
    scripts.sort();
    if scripts.is_empty() {
        return Err(Failure("bench/ has no script of that name".to_owned()));
    }
    for script in scripts {
        run(Command::new("bash").arg(script).env("CONSIGN", &consign))?;
    }
    Ok(())
}
