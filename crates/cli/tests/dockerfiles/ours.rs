use crate::base::Bases;
use crate::case::Case;
use crate::common::{Run, TestEnvironment};
use crate::image::Image;
use consign_oci::Platform;
use serde_json::{Value, json};

/// Where the context is, in the folder of the configuration.
pub(crate) const CONTEXT: &str = "context";

/// That a case could not be built.
pub(crate) struct Refusal {
    /// Exit status.
    pub(crate) status: i32,
    /// What was said.
    pub(crate) text: String,
}

/// Builds a case with consign, which is run in the environment by `consign`.
pub(crate) fn build(
    case: &Case,
    platform: &Platform,
    bases: &Bases,
    environment: &TestEnvironment,
    consign: impl Fn(&[&str]) -> Run,
) -> Result<Image, Refusal> {
    let file = environment.beside("image.tar");
    // What was locked for another case, and its image.
    for old in [&file, &environment.path("consign.lock")] {
        _ = std::fs::remove_file(old);
    }
    environment.write("consign.yaml", configuration(case, platform, bases).to_string());
    let to = format!("oci-archive:{}", file.display());
    let allowed: &[&str] = if case.settings.insecure { &["--allow", "security.insecure"] } else { &[] };
    let run = consign(&[&["build", "--quiet", "--to", &to], allowed].concat());
    if run.status == 0 {
        Ok(Image::of_archive(&file, platform))
    } else {
        Err(Refusal { status: run.status, text: run.stderr })
    }
}

/// Returns the configuration, as JSON, which is YAML too.
fn configuration(case: &Case, platform: &Platform, bases: &Bases) -> Value {
    let settings = &case.settings;
    let mut arguments = settings.arguments.clone();
    arguments.insert("REGISTRY".to_owned(), bases.host());
    let git = bases.git().unwrap_or_default();
    if settings.git {
        arguments.insert("GIT".to_owned(), git.clone());
    }
    let mut options = json!({ "context": CONTEXT, "args": arguments });
    if let Some(target) = &settings.target {
        options["target"] = json!(target);
    }
    if !settings.contexts.is_empty() {
        let address = |written: &String| match written.contains('$') {
            true => written.replace("$GIT", &git).replace("$REGISTRY", &bases.host()),
            false => format!("{CONTEXT}/{written}"),
        };
        let contexts = settings.contexts.iter().map(|(name, written)| (name.clone(), json!(address(written))));
        options["contexts"] = Value::Object(contexts.collect());
    }
    let image = json!({
        "source": format!("{CONTEXT}/{}", settings.file),
        "destination": "localhost:1/case:1",
        "platforms": [platform.to_string()],
        "dockerOptions": options,
    });
    json!({ "build": [image] })
}
