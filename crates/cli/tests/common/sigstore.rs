use super::TestEnvironment;
use consign_testkit::sigstore::{REQUEST_TOKEN, Sigstore};
use std::fs;
use std::ops::Deref;
use tokio::runtime::{Builder, Runtime};

/// A Sigstore that this process serves: who gives tokens, certificates and timestamps, and keeps logs.
pub struct TestSigstore {
    sigstore: Sigstore,
    _runtime: Runtime,
}

impl TestSigstore {
    /// Starts it.
    pub fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { sigstore: runtime.block_on(Sigstore::start()).unwrap(), _runtime: runtime }
    }

    /// Writes the files that name it, with the log of a version, beside the folder of a test, and returns where: `signing_config.json` and
    /// `trusted_root.json`.
    pub fn files(&self, environment: &TestEnvironment, log_version: u32) -> [String; 2] {
        let files = [
            (format!("signing_config_{log_version}.json"), self.signing_config(log_version)),
            ("trusted_root.json".to_owned(), self.trusted_root()),
        ];
        files.map(|(name, document)| {
            let path = environment.beside(&name);
            fs::write(&path, document.to_string()).unwrap();
            path.display().to_string()
        })
    }

    /// Returns the variables of a job of GitHub Actions.
    pub fn github(&self) -> [(&'static str, String); 3] {
        [
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", self.github_url()),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN.to_owned()),
        ]
    }
}

impl Deref for TestSigstore {
    type Target = Sigstore;

    fn deref(&self) -> &Sigstore {
        &self.sigstore
    }
}
