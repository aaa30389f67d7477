use super::judge::{Judge, Published, verify_tags};
use crate::common::{Run, TestEnvironment, free_port};
use consign_registry_server::Options;
use consign_testkit::mirror::{Mirror, MirrorPackage};
use consign_testkit::registry::TestRegistry;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use tokio::runtime::{Builder, Runtime};

/// Folders of the two registries.
pub(super) const FOLDERS: [&str; 2] = ["registry-a", "registry-b"];
/// The registry that has no referrers API where others serve it: clients keep lists under tags.
pub(super) const LISTS: usize = 1;
/// The tags of a release, most specific first.
pub(super) const TAGS: [&str; 4] = ["1.2.3", "1.2", "1", "latest"];

/// Who serves the registries while a release runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serving {
    /// The release itself.
    Release,
    /// Somebody else, who goes on when the release ends.
    Others,
}

/// Whether something was released before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// Version 1.2.2, with other files.
    Earlier,
}

impl Before {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "first release",
            Self::Earlier => "second release",
        }
    }
}

/// Two images for two platforms, one of packages and one of files, which each go to two registries.
pub(super) struct Scenario {
    pub(super) environment: TestEnvironment,
    pub(super) runtime: Runtime,
    pub(super) ports: [u16; 2],
    /// Where the registries' folders are.
    pub(super) folders: [PathBuf; 2],
    pub(super) serving: Serving,
    before: Before,
    /// What the registries had at the beginning.
    earlier: Published,
    /// What they have at the end.
    complete: Published,
}

impl Scenario {
    pub(super) fn new(serving: Serving, before: Before) -> Self {
        let environment = TestEnvironment::in_memory();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let ports = [free_port(), free_port()];
        let folders = FOLDERS.map(|folder| environment.path(folder));
        let nothing = Published::default();
        let mut this =
            Self { environment, runtime, ports, folders, serving, before, earlier: nothing.clone(), complete: nothing };
        this.write();
        this.prepare();
        this
    }

    /// Returns `localhost:PORT` of a registry.
    pub(super) fn host(&self, registry: usize) -> String {
        format!("localhost:{}", self.ports[registry])
    }

    /// Returns the repositories: which registry, and the path there.
    pub(super) fn repositories() -> [(usize, &'static str); 4] {
        [(0, "team/one"), (1, "mirror/one"), (0, "team/two"), (1, "mirror/two")]
    }

    fn write(&self) {
        let environment = &self.environment;
        let tool = |architecture: &str| {
            let tool = MirrorPackage::new("tool", "2.0-1", architecture).field("Depends", "base-files");
            tool.file("usr/bin/tool", architecture.as_bytes(), 0o755).time(1_650_000_000)
        };
        let mirror = Mirror::new("stable").architectures(&["amd64", "arm64"]);
        let mirror = mirror.package(MirrorPackage::new("base-files", "12", "all").directory("etc", 0o755));
        let mirror = mirror.package(tool("amd64")).package(tool("arm64"));
        let mirror = mirror.write(&environment.path("mirror")).unwrap();
        environment.write("mirror.gpg", mirror.keyring);
        let platforms = "platforms: [linux/amd64, linux/arm64]\n";
        let file = "files: [{source: hello.txt, path: /etc/hello.txt}]\n";
        environment.write("one.yaml", format!("packages: [tool]\nsuite: stable\n{platforms}{file}"));
        environment.write("two.yaml", format!("entrypoint: [/etc/hello.txt]\n{platforms}{file}"));
        let [a, b] = [self.host(0), self.host(1)];
        let registries = match self.serving {
            Serving::Release => {
                format!("registries:\n  {a}: {{serve: {}}}\n  {b}: {{serve: {}}}\n", FOLDERS[0], FOLDERS[1])
            }
            Serving::Others => String::new(),
        };
        environment.write(
            "consign.yaml",
            format!(
                "build:\n  - source: one.yaml\n    destinations: [{a}/team/one, {b}/mirror/one]\n  \
                 - source: two.yaml\n    destinations: [{a}/team/two, {b}/mirror/two]\n\
                 signing: {{key: cosign.key}}\n{registries}\
                 debian:\n  mirrors: [{{uri: \"file://{}\", suites: [stable], signed-by: mirror.gpg}}]\n",
                environment.path("mirror").display(),
            ),
        );
        environment.write("hello.txt", "Hello.\n");
        environment.commit("First.");
    }

    /// Releases what comes before, and keeps all of it as what each case starts from.
    fn prepare(&mut self) {
        let served: Vec<TestRegistry> = match self.serving {
            Serving::Others => [0, 1].map(|registry| self.serve(registry)).into(),
            Serving::Release => Vec::new(),
        };
        if self.before == Before::Earlier {
            self.environment.git(&["tag", "v1.2.2"]);
            self.environment.consign(&["release", "--quiet"]).expect(0);
            self.earlier = self.look();
            self.environment.write("hello.txt", "Hello again.\n");
            self.environment.commit("Second.");
        }
        self.environment.git(&["tag", "v1.2.3"]);
        self.runtime.block_on(async {
            for registry in served {
                registry.stop().await.unwrap();
            }
        });
        self.keep();
    }

    /// Notes what is there as the complete release, after checking that it is one.
    pub(super) fn note_complete(&mut self) {
        self.complete = self.look();
        for (repository, tags) in &self.complete.tags {
            TAGS.iter().for_each(|tag| assert!(tags.contains_key(*tag), "{repository}:{tag}"));
        }
        self.verify(&self.complete, false);
    }

    /// Serves a registry of the scenario as others would.
    pub(super) fn serve(&self, registry: usize) -> TestRegistry {
        let mut options = Options::new(&self.folders[registry]);
        options.referrers_api = registry != LISTS;
        let address = (Ipv4Addr::LOCALHOST, self.ports[registry]).into();
        self.runtime.block_on(TestRegistry::start_at(address, options)).unwrap()
    }

    /// Waits until registries have done all that they were asked for.
    pub(super) fn quiet(&self, registries: &[TestRegistry]) {
        registries.iter().for_each(|registry| self.runtime.block_on(registry.quiet()).unwrap());
    }

    /// Returns the command that releases.
    pub(super) fn command(&self) -> Command {
        self.environment.invocation().command(&["release", "--quiet"])
    }

    /// Returns everything that the registries have.
    fn look(&self) -> Published {
        let mut published = Published::default();
        for (registry, repository) in Self::repositories() {
            let complete = self.complete.tag(repository, "latest").into_iter();
            self.runtime.block_on(self.judge(registry).look(repository, complete, &mut published));
        }
        published
    }

    fn judge(&self, registry: usize) -> Judge {
        Judge::new(&self.folders[registry], self.serving == Serving::Others && registry == LISTS)
    }

    /// Runs a release that a destination fails, and checks what it says against what it has left.
    pub(super) fn fail(&self) -> Run {
        self.environment.consign(&["release", "--quiet", "--output", "json"])
    }

    /// Checks that a report says of each tag whether it has moved, or that this is not known.
    pub(super) fn check_what_is_said(&self, report: &Value) -> Said {
        let found = self.look();
        let mut said = Said::default();
        for destination in
            report["images"].as_array().unwrap().iter().flat_map(|image| image["destinations"].as_array().unwrap())
        {
            let (_, repository) = destination["repository"].as_str().unwrap().split_once('/').unwrap();
            for tag in destination["tags"].as_array().unwrap() {
                let name = tag["tag"].as_str().unwrap();
                let has_moved = found.tag(repository, name) == self.complete.tag(repository, name);
                let state = if has_moved { "moved" } else { "notMoved" };
                let tag_name = format!("{repository}:{name}");
                if tag["state"] == "unknown" {
                    // It is the one that was being written.
                    assert_eq!(said.unknown.replace(tag_name), None, "{report}");
                    continue;
                }
                assert_eq!(tag["state"], state, "{tag_name}");
                if has_moved {
                    said.moved.push(tag_name);
                }
            }
        }
        said
    }

    /// Checks what a failed release has left: whatever a tag names is complete and signed, and the tags have moved in order.
    pub(super) fn check_what_is_left(&self) {
        let found = self.look();
        let moved = |(_, repository): (usize, &str), tag: &str| {
            let now = found.tag(repository, tag);
            let (earlier, complete) = (self.earlier.tag(repository, tag), self.complete.tag(repository, tag));
            assert!(now == earlier || now == complete, "{repository}:{tag} names {now:?}");
            now == complete
        };
        let positions: Vec<usize> = Self::repositories()
            .into_iter()
            .map(|repository| count_moved(repository.1, TAGS.map(|tag| moved(repository, tag))))
            .collect();
        let most = check_order(&positions);
        for (_, repository) in Self::repositories() {
            let named: Vec<&String> = found.tags.get(repository).into_iter().flat_map(BTreeMap::values).collect();
            // Where any tag has moved anywhere, everything is everywhere.
            let everywhere = self.complete.tag(repository, "latest").filter(|_| most > 0);
            for digest in named.into_iter().chain(everywhere) {
                let parts = self.earlier.parts(repository, digest).filter(|_| everywhere != Some(digest));
                let parts = parts.or_else(|| self.complete.parts(repository, digest));
                assert_eq!(found.parts(repository, digest), parts, "{repository}@{digest}");
            }
        }
        self.verify(&found, true);
    }

    /// Runs the release to its end, which must complete what another has begun.
    pub(super) fn complete(&self) {
        self.environment.consign(&["release", "--quiet"]).expect(0);
        let found = self.look();
        assert!(found == self.complete, "another release than without a failure: {found:#?}\n{:#?}", self.complete);
        self.verify(&found, false);
        self.environment.consign(&["store", "check"]).expect(0);
    }

    /// Verifies every tag, as anybody would who has the public key.
    fn verify(&self, published: &Published, may_be_behind: bool) {
        let key = consign_sign::PublicKey::from_pem(&self.environment.read("cosign.pub")).unwrap();
        self.runtime.block_on(async {
            let mut served = Vec::new();
            if self.serving == Serving::Release {
                for registry in [0, 1] {
                    served.extend(self.judge(registry).serve(self.ports[registry]).await);
                }
            }
            for (registry, repository) in Self::repositories() {
                let tags = published.tags.get(repository).into_iter().flat_map(BTreeMap::keys);
                let repository = format!("{}/{repository}", self.host(registry));
                let problems = verify_tags(&repository, tags, &key, may_be_behind).await;
                assert_eq!(problems, [""; 0]);
            }
        });
    }
}

/// Returns how many tags of a repository have moved, after checking that no later one has before an earlier one.
pub(super) fn count_moved(repository: &str, moved: [bool; TAGS.len()]) -> usize {
    let count = moved.iter().take_while(|moved| **moved).count();
    assert!(moved[count..].iter().all(|moved| !moved), "{repository}: {TAGS:?} moved: {moved:?}");
    count
}

/// Checks that each tag has moved in all repositories before the next one did anywhere. Returns how many have in the one that is furthest.
pub(super) fn check_order(counts: &[usize]) -> usize {
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least <= 1, "{:?}: {counts:?} of {TAGS:?} moved", Scenario::repositories());
    *most
}

/// What a report says of tags.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Those that have moved.
    pub(super) moved: Vec<String>,
    /// The one of which that is not known.
    pub(super) unknown: Option<String>,
}
