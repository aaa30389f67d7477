use super::{Invocation, TestEnvironment};
use consign_testkit::sigstore::{REQUEST_TOKEN, Sigstore};
use serde_json::Value;
use std::collections::BTreeMap;
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

    /// Writes what cosign of before version 3 trusts beside the folder of a test, and returns the variables that say where it is.
    pub fn pem_files(&self, environment: &TestEnvironment) -> BTreeMap<String, String> {
        let root = self.trusted_root();
        let pem = |kind: &str, bytes: &Value| {
            let base64 = bytes.as_str().unwrap();
            let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
            format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
        };
        let key = |log: &Value| pem("PUBLIC KEY", &log["publicKey"]["rawBytes"]);
        let chain = root["certificateAuthorities"][0]["certChain"]["certificates"].as_array().unwrap().iter();
        let files = [
            ("SIGSTORE_ROOT_FILE", chain.map(|certificate| pem("CERTIFICATE", &certificate["rawBytes"])).collect()),
            ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", key(&root["ctlogs"][0])),
            ("SIGSTORE_REKOR_PUBLIC_KEY", key(&root["tlogs"][1])),
        ];
        let variables = files.map(|(name, text): (_, String)| {
            let path = environment.beside(name);
            fs::write(&path, text).unwrap();
            (name.to_owned(), path.display().to_string())
        });
        variables.into()
    }

    /// Begins to run the program as a job of GitHub Actions does.
    pub fn job<'a>(&self, environment: &'a TestEnvironment) -> Invocation<'a> {
        environment
            .invocation()
            .variable("GITHUB_ACTIONS", "true")
            .variable("ACTIONS_ID_TOKEN_REQUEST_URL", &self.github_url())
            .variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
    }
}

impl Deref for TestSigstore {
    type Target = Sigstore;

    fn deref(&self) -> &Sigstore {
        &self.sigstore
    }
}
