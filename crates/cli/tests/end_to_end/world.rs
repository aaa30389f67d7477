use crate::common::{Destination, TestEnvironment};
use consign_testkit::registry::Fault;

/// A registry in this process, which the configuration names as its destination.
pub(crate) struct World {
    pub(crate) environment: TestEnvironment,
    pub(crate) registry: Destination,
}

impl World {
    pub(crate) fn new() -> Self {
        let environment = TestEnvironment::with_image();
        let registry = Destination::start();
        environment.replace("consign.yaml", "    serve: registry\n", "    docker-config: true\n");
        environment.replace("consign.yaml", &environment.registry(), &registry.host());
        Self { environment, registry }
    }

    /// Makes everything below a path ask for these credentials.
    pub(crate) fn guard(&self, path: &'static str, credentials: &'static str) {
        self.registry.hook(move |head| {
            let shown = head.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let guarded = head.uri.path().starts_with(&format!("/v2/{path}/"));
            (guarded && shown != format!("Basic {credentials}")).then(Fault::login)
        });
    }

    /// Writes what `docker login` would.
    pub(crate) fn docker_config(&self, json: &str) {
        let text = json.replace("HOST", &self.registry.host());
        std::fs::create_dir_all(self.environment.beside("home/.docker")).unwrap();
        std::fs::write(self.environment.beside("home/.docker/config.json"), text).unwrap();
    }

    /// Takes credentials from environment variables that are not set.
    pub(crate) fn name_variables(&self) {
        let credentials = "    username: {env: REGISTRY_USER}\n    password: {env: REGISTRY_PASSWORD}\n";
        self.environment.replace("consign.yaml", "    docker-config: true\n", credentials);
    }
}
