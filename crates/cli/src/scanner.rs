//! Who compares images with advisories: consign, or a scanner of others on this machine.

use crate::environment::{Environment, FOR_THE_WEB};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::programs::on_path;
use crate::session::Session;
use consign_receipt::Engine;
use consign_release::{EngineProgram, Scanner};
use std::sync::Arc;

/// What a scanner is told of the environment, besides how to reach the web and what begins with its own name. Of the secrets that a release needs it sees none.
const PASSED: [&str; 9] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "DOCKER_CONFIG",
];
/// What would leave something out of what is found, or make the program fail where something is found: that is for the policy to say.
const NARROWING: [&str; 12] = [
    "TRIVY_EXIT_CODE",
    "TRIVY_EXIT_ON_EOL",
    "TRIVY_IGNORE_POLICY",
    "TRIVY_IGNORE_STATUS",
    "TRIVY_IGNOREFILE",
    "TRIVY_PKG_TYPES",
    "TRIVY_TEMPLATE",
    "TRIVY_VEX",
    "GRYPE_FAIL_ON_SEVERITY",
    "GRYPE_IGNORE_STATES",
    "GRYPE_ONLY_FIXED",
    "GRYPE_ONLY_NOTFIXED",
];
/// What nobody asked for: to tell its makers that it is used, or to ask them for a newer program.
const QUIET: [(&str, &str); 3] = [
    ("GRYPE_CHECK_FOR_APP_UPDATE", "false"),
    ("TRIVY_DISABLE_TELEMETRY", "true"),
    ("TRIVY_SKIP_VERSION_CHECK", "true"),
];

/// Finds the program of a scanner.
pub(crate) fn scanner(engine: Engine, session: &Session) -> Result<Scanner, CommandError> {
    let path = on_path(engine.word(), &session.environment).ok_or_else(|| {
        let message = format!("{engine} is to say what is known against packages, and there is no {engine} on PATH");
        let hint =
            format!("install {engine}, or leave it out: consign has a database of its own (`consign db update`)");
        CommandError::new(ExitCode::Configuration, message).hint(hint)
    })?;
    Ok(Scanner::Engine(Arc::new(EngineProgram {
        engine,
        path,
        environment: environment(engine, session.global.offline, &session.environment),
        scratch: session.scratch()?,
        offline: session.global.offline,
    })))
}

/// Returns all that a scanner is told by its environment.
fn environment(engine: Engine, offline: bool, environment: &Environment) -> Vec<(String, String)> {
    let own = [format!("{}_", engine.word().to_uppercase()), "SYFT_".to_owned()];
    let is_passed = |name: &str| {
        let is_own = own.iter().any(|beginning| name.starts_with(beginning)) && !NARROWING.contains(&name);
        is_own || PASSED.contains(&name) || FOR_THE_WEB.contains(&name)
    };
    let told = environment.all().iter().filter(|(name, _)| is_passed(name));
    let told = told.map(|(name, value)| (name.as_str(), value.as_str()));
    let set = QUIET.into_iter().chain(offline.then_some(("GRYPE_DB_AUTO_UPDATE", "false")));
    told.chain(set).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanner_sees_no_secrets_and_leaves_nothing_out() {
        let set = [
            ("PATH", "/bin"),
            ("COSIGN_PASSWORD", "secret"),
            ("GITHUB_TOKEN", "secret"),
            ("TRIVY_CACHE_DIR", "/cache"),
            ("TRIVY_IGNOREFILE", "everything"),
            ("GRYPE_DB_CACHE_DIR", "/other"),
            ("https_proxy", "http://proxy"),
        ];
        let set = Environment::of(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let names = |engine, offline| -> Vec<String> {
            environment(engine, offline, &set).into_iter().map(|(name, _)| name).collect()
        };
        let quiet = QUIET.map(|(name, _)| name);
        let expected = [&["PATH", "TRIVY_CACHE_DIR", "https_proxy"][..], &quiet].concat();
        assert_eq!(names(Engine::Trivy, false), expected);
        let expected = [&["GRYPE_DB_CACHE_DIR", "PATH", "https_proxy"][..], &quiet, &["GRYPE_DB_AUTO_UPDATE"]].concat();
        assert_eq!(names(Engine::Grype, true), expected);
    }
}
