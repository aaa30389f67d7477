//! The images that cases stand on, on a registry of this process: Debian's static busybox with a few files around it.

use crate::image::{Image, Lines};
use consign_oci::{Descriptor, Digest, Document, Index, Manifest, Target, media_type};
use consign_registry::Client;
use consign_testkit::git::GitServer;
use consign_testkit::registry::TestRegistry;
use consign_testkit::tools::not_run;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use tar::EntryType;
use tokio::runtime::Runtime;

/// The architectures that bases have.
pub(crate) const ARCHITECTURES: [&str; 3] = ["amd64", "arm64", "ppc64le"];

const APPLETS: &str = "[ adduser addgroup awk basename cat chgrp chmod chown chroot cp cut date dd df dirname echo env expr false find grep \
    gzip head hostname id install kill ln ls mkdir mkfifo mknod mktemp mount mv nc ping printf ps pwd readlink realpath rm rmdir sed seq sh \
    sha256sum sleep sort stat su sync tail tar tee test touch tr true umount uname uniq unlink wc wget which whoami xargs yes";
const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\napp:x:1000:1001::/home/app:/bin/sh\n";
const GROUP: &str = "root:x:0:\ndaemon:x:1:\nstaff:x:50:app\napp:x:1001:\nlogs:x:2000:app,daemon\n";
const FOLDERS: &str =
    "bin dev etc etc/settings home opt proc run srv srv/data srv/data/deep sys usr usr/bin var var/lib var/log";
/// Path, contents, mode, and owner of files.
const FILES: [(&str, &str, u32, (u64, u64)); 11] = [
    ("etc/group", GROUP, 0o644, (0, 0)),
    ("etc/hostname", "", 0o644, (0, 0)),
    ("etc/hosts", "", 0o644, (0, 0)),
    ("etc/passwd", PASSWD, 0o644, (0, 0)),
    ("etc/resolv.conf", "", 0o644, (0, 0)),
    ("etc/settings/one", "one\n", 0o640, (0, 50)),
    ("etc/settings/two", "two\n", 0o600, (1000, 1001)),
    ("srv/data/a", "a\n", 0o644, (0, 0)),
    ("srv/data/deep/b", "b\n", 0o644, (0, 0)),
    ("usr/bin/tool", "#!/bin/sh\necho tool\n", 0o4755, (0, 0)),
    ("var/log/app.log", "", 0o664, (1000, 2000)),
];

/// The registry with the bases.
pub(crate) struct Bases {
    registry: TestRegistry,
    images: BTreeMap<(&'static str, &'static str), Lines>,
    digest: Digest,
    git: Option<GitServer>,
    _runtime: Runtime,
}

impl Bases {
    /// Makes the bases and serves them. Where there is no busybox, says so.
    pub(crate) fn serve() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/dockerfiles/busybox");
        let programs =
            ARCHITECTURES.map(|architecture| Some((architecture, fs::read(folder.join(architecture)).ok()?)));
        let Some(programs) = programs.into_iter().collect::<Option<Vec<_>>>() else {
            not_run("busybox of three platforms (`cargo xtask setup`)");
            return None;
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let registry = runtime.block_on(TestRegistry::start()).unwrap();
        let mut images = BTreeMap::new();
        let mut all = String::new();
        for (name, config) in configs() {
            let mut platforms = Vec::new();
            for (architecture, program) in &programs {
                if ["amd64-only", "no-index"].contains(&name) && *architecture != "amd64" {
                    continue;
                }
                let layer = layer(name, program);
                let config = json!({
                    "architecture": architecture, "os": "linux", "config": config, "created": "2020-01-01T00:00:00Z",
                    "rootfs": {"type": "layers", "diff_ids": [Digest::of(&layer)]},
                    "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "tests"}],
                });
                let config = config.to_string().into_bytes();
                let descriptor = runtime.block_on(push(&registry, name, &config, &layer, architecture));
                all.push_str(descriptor.digest.hex());
                platforms.push(descriptor);
                let image = Image::new(config, vec![("application/vnd.oci.image.layer.v1.tar".to_owned(), layer)]);
                images.insert((name, *architecture), image.lines().unwrap());
            }
            match (&platforms[..], name) {
                ([only], "no-index") => runtime.block_on(tag(&registry, name, &only.digest)),
                _ => runtime.block_on(push_index(&registry, name, platforms)),
            }
        }
        let git = GitServer::start().unwrap();
        git.iter().for_each(repositories);
        Some(Self { registry, images, digest: Digest::of(all.as_bytes()), git, _runtime: runtime })
    }

    /// Returns where git repositories are, if git is installed.
    pub(crate) fn git(&self) -> Option<String> {
        self.git.as_ref().map(|git| git.address("").trim_end_matches('/').to_owned())
    }

    /// Returns `HOST:PORT`.
    pub(crate) fn host(&self) -> String {
        self.registry.host()
    }

    /// Returns what the registry was asked since this was last called.
    pub(crate) fn requests(&self) -> Vec<String> {
        let lines = self.registry.lines();
        self.registry.forget();
        lines
    }

    /// Returns the digest of them all.
    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns what a base is.
    pub(crate) fn lines(&self, name: &str, architecture: &str) -> &Lines {
        let found = self.images.iter().find(|((base, of), _)| *base == name && *of == architecture);
        found.unwrap_or_else(|| panic!("there is no base `{name}` for {architecture}")).1
    }
}

/// Makes the repositories `app`, with a branch, a tag and a submodule, and `lib`.
fn repositories(git: &GitServer) {
    let (app, lib) = (git.repository("app").unwrap(), git.repository("lib").unwrap());
    lib.write("lib.c", "lib\n").unwrap();
    lib.commit().unwrap();
    app.write("file", "one\n").unwrap();
    app.commit().unwrap();
    app.git(&["tag", "--annotate", "--message=x", "v1"]).unwrap();
    app.write("file", "two\n").unwrap();
    app.write("sub/program", "#!/bin/sh\n").unwrap();
    app.write("sub/deep/text", "text\n").unwrap();
    fs::set_permissions(app.folder.join("sub/program"), fs::Permissions::from_mode(0o775)).unwrap();
    symlink("../file", app.folder.join("sub/link")).unwrap();
    app.add_submodule("lib", "sub/lib").unwrap();
    app.commit().unwrap();
}

/// Mode and owner of the root of a base, where its layer says so.
fn root(name: &str) -> Option<(u32, (u64, u64))> {
    match name {
        // As Fedora has it.
        "closed" => Some((0o555, (0, 0))),
        "owned" => Some((0o750, (1000, 1001))),
        _ => None,
    }
}

/// Names of the bases and what their configs say.
fn configs() -> [(&'static str, Value); 8] {
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    [
        ("busybox", json!({"Env": [path], "Cmd": ["sh"]})),
        ("amd64-only", json!({"Env": [path], "Cmd": ["sh"]})),
        ("no-index", json!({"Env": [path], "Cmd": ["sh"]})),
        ("absolute", json!({"Env": [path], "Cmd": ["sh"]})),
        ("closed", json!({"Env": [path], "Cmd": ["sh"]})),
        ("owned", json!({"Env": [path], "Cmd": ["sh"]})),
        (
            "configured",
            json!({
                "Env": [path, "COLOR=red", "EMPTY=", "GREETING=hello world"],
                "Entrypoint": ["/bin/echo", "base"], "Cmd": ["one", "two"], "WorkingDir": "/srv/data", "User": "app",
                "Labels": {"maintainer": "base", "version": "1"}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/var/lib/base": {}},
                "StopSignal": "SIGQUIT", "Healthcheck": {"Test": ["CMD", "/bin/true"], "Interval": 5_000_000_000_u64},
                "Shell": ["/bin/sh", "-ec"],
            }),
        ),
        (
            "onbuild",
            json!({
                "Env": [path], "OnBuild": ["COPY settings /srv/settings", "ENV TRIGGERED=yes", "RUN echo \"$TRIGGERED\" > /srv/ran"],
            }),
        ),
    ]
}

fn layer(name: &str, program: &[u8]) -> Vec<u8> {
    // As `ko` has it.
    let start = if name == "absolute" { "/" } else { "" };
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |path: &str, kind: EntryType, mode: u32, (user, group): (u64, u64), contents: &[u8], target: &str| {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_path_absolute(format!("{start}{path}")).unwrap();
        header.set_mode(mode);
        header.set_uid(user);
        header.set_gid(group);
        header.set_mtime(1_577_836_800);
        header.set_size(contents.len() as u64);
        header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        builder.append(&header, contents).unwrap();
    };
    if let Some((mode, owner)) = root(name) {
        add("./", EntryType::Directory, mode, owner, b"", "");
    }
    for folder in FOLDERS.split(' ') {
        add(&format!("{folder}/"), EntryType::Directory, 0o755, (0, 0), b"", "");
    }
    for (folder, mode, owner) in
        [("root/", 0o700, (0, 0)), ("tmp/", 0o1777, (0, 0)), ("home/app/", 0o750, (1000, 1001))]
    {
        add(folder, EntryType::Directory, mode, owner, b"", "");
    }
    for (path, contents, mode, owner) in FILES {
        add(path, EntryType::Regular, mode, owner, contents.as_bytes(), "");
    }
    add("bin/busybox", EntryType::Regular, 0o755, (0, 0), program, "");
    for applet in APPLETS.split_whitespace() {
        add(&format!("bin/{applet}"), EntryType::Symlink, 0o777, (0, 0), b"", "busybox");
    }
    add("opt/state", EntryType::Symlink, 0o777, (0, 0), b"", "/var/lib");
    add("opt/relative", EntryType::Symlink, 0o777, (0, 0), b"", "../srv/data");
    add("srv/data/same", EntryType::Link, 0o644, (0, 0), b"", &format!("{start}srv/data/a"));
    builder.into_inner().unwrap()
}

async fn push(registry: &TestRegistry, name: &str, config: &[u8], layer: &[u8], architecture: &str) -> Descriptor {
    let config_descriptor = Descriptor::of(media_type::CONFIG, config);
    let layer_descriptor = Descriptor::of("application/vnd.oci.image.layer.v1.tar", layer);
    let (client, repository) = (client(), registry.repository(name).unwrap());
    for (descriptor, bytes) in [(&config_descriptor, config), (&layer_descriptor, layer)] {
        let open = || {
            let bytes = bytes.to_vec();
            async move { Ok(std::io::Cursor::new(bytes)) }
        };
        client.push_blob(&repository, descriptor, open, None).await.unwrap();
    }
    let manifest = serde_json::to_vec(&Manifest::new(config_descriptor, vec![layer_descriptor])).unwrap();
    let document = Document::read(media_type::MANIFEST, manifest).unwrap();
    client.put_manifest(&repository, &Target::Digest(document.digest().clone()), &document).await.unwrap();
    let mut descriptor = document.descriptor();
    descriptor.platform = Some(format!("linux/{architecture}").parse().unwrap());
    descriptor
}

/// Has a tag name a manifest itself.
async fn tag(registry: &TestRegistry, name: &str, digest: &Digest) {
    let (client, repository) = (client(), registry.repository(name).unwrap());
    let manifest = client.manifest(&repository, &Target::Digest(digest.clone())).await.unwrap().unwrap();
    client.put_manifest(&repository, &Target::Tag("1".parse().unwrap()), &manifest).await.unwrap();
}

async fn push_index(registry: &TestRegistry, name: &str, platforms: Vec<Descriptor>) {
    let index = serde_json::to_vec(&Index::new(platforms)).unwrap();
    let document = Document::read(media_type::INDEX, index).unwrap();
    let repository = registry.repository(name).unwrap();
    client().put_manifest(&repository, &Target::Tag("1".parse().unwrap()), &document).await.unwrap();
}

fn client() -> Client {
    Client::new(consign_registry::Options::default()).unwrap()
}
