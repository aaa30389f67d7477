use consign_registry_server::Options;
use consign_testkit::registry::TestRegistry;
use std::ops::Deref;
use tokio::runtime::{Builder, Runtime};

/// A registry that this process serves, so that a test sees what it is asked and makes it fail.
pub struct Destination {
    registry: TestRegistry,
    _runtime: Runtime,
}

impl Destination {
    /// Starts it.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts it after `adjust` has changed its options.
    pub fn start_with(adjust: impl FnOnce(&mut Options)) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { registry: runtime.block_on(TestRegistry::start_with(adjust)).unwrap(), _runtime: runtime }
    }

    /// Returns the tags that were written, in order, as `repository:tag`.
    pub fn tags_written(&self) -> Vec<String> {
        let records = self.registry.records();
        let puts = records.iter().filter(|record| record.method == "PUT" && record.status == 201);
        let names = puts.filter_map(|record| record.path.strip_prefix("/v2/")?.split_once("/manifests/"));
        names.filter(|(_, tag)| !tag.starts_with("sha256")).map(|(name, tag)| format!("{name}:{tag}")).collect()
    }
}

impl Deref for Destination {
    type Target = TestRegistry;

    fn deref(&self) -> &TestRegistry {
        &self.registry
    }
}
