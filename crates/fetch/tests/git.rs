//! Checkouts, from repositories that git's own server hands out on loopback.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use consign_fetch::{Checkout, Content, Fetcher, GitAccess, GitAddress, GitError, Options};
use consign_testkit::git::{GitRepository, GitServer, git};
use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use tempfile::TempDir;

/// Repositories that are handed out, and who fetches them.
struct World {
    server: GitServer,
    folder: TempDir,
}

impl World {
    /// Makes it; `None` where there is no git.
    fn new() -> Option<Self> {
        Some(Self { server: GitServer::start().unwrap()?, folder: tempfile::tempdir().unwrap() })
    }

    fn repository(&self, name: &str) -> GitRepository {
        self.server.repository(name).unwrap()
    }

    fn address(&self, rest: &str) -> GitAddress {
        GitAddress::parse(&self.server.address(rest)).unwrap().unwrap()
    }

    fn fetcher(&self, cache: &str, offline: bool) -> Fetcher {
        let cache = self.folder.path().join(cache);
        Fetcher::new(Options { cache, offline, user_agent: "consign-test".to_owned() }).unwrap()
    }

    fn access(&self) -> GitAccess {
        let environment = BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap())]);
        GitAccess { environment, scratch: self.folder.path().join("scratch"), ..GitAccess::default() }
    }

    async fn get(&self, rest: &str) -> Result<Checkout, GitError> {
        self.fetcher("cache", false).checkout(&self.address(rest), &self.access()).await
    }
}

fn text(checkout: &Checkout, path: &str) -> String {
    match &checkout.files[path] {
        Content::File(bytes, _) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

#[tokio::test]
async fn references_are_what_they_are_now() {
    let Some(world) = World::new() else { return };
    let source = world.repository("a");
    source.write("file", "one\n").unwrap();
    let one = source.commit().unwrap();
    source.git(&["tag", "light"]).unwrap();
    source.git(&["tag", "--annotate", "--message=x", "heavy"]).unwrap();
    let tag = source.git(&["rev-parse", "heavy"]).unwrap();
    source.git(&["branch", "other"]).unwrap();
    source.write("file", "two\n").unwrap();
    let two = source.commit().unwrap();
    for (rest, commit) in [
        ("a", &two),
        ("a#main", &two),
        ("a#other", &one),
        ("a#light", &one),
        ("a?tag=heavy", &one),
        (&format!("a#{one}"), &one),
        (&format!("a?checksum={}#light", &one[..7]), &one),
        (&format!("a?checksum={}#heavy", &tag[..7]), &one),
    ] {
        let checkout = world.get(rest).await.unwrap();
        assert_eq!(checkout.commit, *commit, "{rest}");
        assert_eq!(text(&checkout, "file"), if *commit == one { "one\n" } else { "two\n" }, "{rest}");
    }
    let wrong = world.get(&format!("a?checksum={two}#light")).await.unwrap_err();
    assert!(matches!(wrong, GitError::OtherCommit { found, .. } if found == one));
    let missing = world.get("a#nowhere").await.unwrap_err();
    assert!(matches!(missing, GitError::NoReference { reference, .. } if reference == "nowhere"));
    let missing = world.get(&format!("a#{}", "1".repeat(40))).await.unwrap_err();
    assert!(matches!(missing, GitError::Failed { .. } | GitError::NoReference { .. }), "{missing}");
    assert!(matches!(world.get("b").await.unwrap_err(), GitError::Failed { .. }));
    assert_eq!(fs::read_dir(world.folder.path().join("scratch")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_commit_has_is_fetched_once() {
    let Some(mut world) = World::new() else { return };
    let source = world.repository("a");
    source.write("file", "one\n").unwrap();
    let commit = source.commit().unwrap();
    let main = world.get("a#main").await.unwrap();
    // Within one run, a branch stays what it is.
    let fetcher = world.fetcher("other", false);
    let before = fetcher.checkout(&world.address("a"), &world.access()).await.unwrap();
    source.write("file", "two\n").unwrap();
    source.commit().unwrap();
    assert_eq!(fetcher.checkout(&world.address("a"), &world.access()).await.unwrap(), before);
    assert_eq!(text(&world.get("a").await.unwrap(), "file"), "two\n");

    world.server.stop();
    assert_eq!(world.get(&format!("a#{commit}")).await.unwrap(), main);
    let offline = world.fetcher("cache", true);
    assert_eq!(offline.checkout(&world.address("a#main"), &world.access()).await.unwrap(), main);
    let unknown = offline.checkout(&world.address("a#other"), &world.access()).await.unwrap_err();
    assert!(matches!(unknown, GitError::Offline { .. }));
}

#[tokio::test]
async fn files_are_as_they_were_committed() {
    let Some(world) = World::new() else { return };
    let source = world.repository("a");
    source.write("sub/file", "x\n").unwrap();
    source.write("sub/deep/program", "y\n").unwrap();
    source.write("submarine", "z\n").unwrap();
    source.write(".gitattributes", "* text eol=crlf\n*.x filter=evil\n").unwrap();
    fs::set_permissions(source.folder.join("sub/deep/program"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../../etc/passwd", source.folder.join("sub/link")).unwrap();
    symlink("sub", source.folder.join("folder-link")).unwrap();
    source.commit().unwrap();
    let all = world.get("a").await.unwrap();
    let paths: Vec<&str> = all.files.keys().map(String::as_str).collect();
    assert_eq!(paths, [".gitattributes", "folder-link", "sub/deep/program", "sub/file", "sub/link", "submarine"]);
    let sub = world.get("a#main:sub").await.unwrap();
    assert_eq!(sub.files["deep/program"], Content::File("y\n".into(), true));
    assert_eq!(sub.files["file"], Content::File("x\n".into(), false));
    assert_eq!(sub.files["link"], Content::Link("../../etc/passwd".to_owned()));
    assert_eq!(sub.files.len(), 3);
    // What is behind a link is not in the repository.
    for folder in ["nowhere", "folder-link/deep"] {
        let missing = world.get(&format!("a#:{folder}")).await.unwrap_err();
        assert!(matches!(missing, GitError::NoFolder { .. }), "{missing}");
    }
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused() {
    let Some(world) = World::new() else { return };
    for (number, name) in [".git", ".GIT", "..", "."].iter().enumerate() {
        let repository = format!("r{number}");
        world.repository(&repository).commit_name(name).unwrap();
        let refused = world.get(&repository).await.unwrap_err();
        assert!(matches!(refused, GitError::Path { .. } | GitError::Failed { .. }), "{name}: {refused}");
    }
}

#[tokio::test]
async fn submodules_come_along() {
    let Some(world) = World::new() else { return };
    let (app, lib, deep) = (world.repository("app"), world.repository("lib"), world.repository("deep"));
    deep.write("file", "deep\n").unwrap();
    deep.commit().unwrap();
    lib.write("file", "lib\n").unwrap();
    lib.add_submodule("deep", "inner/deep").unwrap();
    lib.commit().unwrap();
    app.write("file", "app\n").unwrap();
    app.add_submodule("lib", "vendor/lib").unwrap();
    app.commit().unwrap();
    // What is committed counts, not what is there now.
    lib.write("file", "newer\n").unwrap();
    lib.commit().unwrap();
    let all = world.get("app").await.unwrap();
    assert_eq!(text(&all, "file"), "app\n");
    assert_eq!(text(&all, "vendor/lib/file"), "lib\n");
    assert_eq!(text(&all, "vendor/lib/inner/deep/file"), "deep\n");
    let within = world.get("app#:vendor/lib/inner").await.unwrap();
    assert_eq!(within.files.keys().collect::<Vec<_>>(), ["deep", "deep/file"]);
    let without = world.get("app?submodules=false").await.unwrap();
    assert_eq!(without.files["vendor/lib"], Content::Folder);
    assert!(!without.files.contains_key("vendor/lib/file"));

    for url in ["file:///etc", "ext::sh -c true", "-u./x", "/etc"] {
        app.git(&["config", "--file=.gitmodules", "submodule.vendor/lib.url", url]).unwrap();
        app.commit().unwrap();
        let refused = world.get("app").await.unwrap_err();
        assert!(matches!(refused, GitError::Submodule { .. }), "{url}: {refused}");
    }
}

#[tokio::test]
async fn history_can_come_along() {
    let Some(world) = World::new() else { return };
    let source = world.repository("a");
    source.write("file", "one\n").unwrap();
    source.commit().unwrap();
    source.write("file", "two\n").unwrap();
    source.write("folder/program", "#!\n").unwrap();
    fs::set_permissions(source.folder.join("folder/program"), fs::Permissions::from_mode(0o755)).unwrap();
    source.commit().unwrap();
    source.git(&["tag", "--annotate", "--message=x", "v1"]).unwrap();
    let mut address = world.address("a#v1");
    address.keep_history = Some(true);
    let checkout = world.fetcher("one", false).checkout(&address, &world.access()).await.unwrap();
    let again = world.fetcher("two", false).checkout(&address, &world.access()).await.unwrap();
    assert_eq!(checkout, again);
    let folder = world.folder.path().join("out");
    for (path, content) in &checkout.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content {
            Content::Folder => fs::create_dir_all(&path).unwrap(),
            Content::Link(target) => symlink(target, &path).unwrap(),
            Content::File(bytes, is_program) => {
                fs::write(&path, bytes).unwrap();
                let mode = if *is_program { 0o755 } else { 0o644 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            }
        }
    }
    assert_eq!(git(&folder, &["status", "--porcelain"], b"").unwrap(), "");
    assert_eq!(git(&folder, &["describe"], b"").unwrap(), "v1");
    assert_eq!(git(&folder, &["rev-list", "--count", "HEAD"], b"").unwrap(), "1");
    assert_eq!(git(&folder, &["remote", "get-url", "origin"], b"").unwrap(), address.repository());
    git(&folder, &["fsck", "--strict"], b"").unwrap();
}

#[tokio::test]
async fn ssh_goes_through_the_agent() {
    let Some(world) = World::new() else { return };
    let source = world.repository("a");
    source.write("file", "x\n").unwrap();
    source.commit().unwrap();
    // Stands for ssh: says what it was given, and runs what the server would.
    let programs = world.folder.path().join("bin");
    let said = world.folder.path().join("said");
    fs::create_dir(&programs).unwrap();
    let script = format!(
        "#!/bin/sh\necho \"$SSH_AUTH_SOCK $*\" >> {}\nfor last; do :; done\ncd {} && exec sh -c \"$last\"\n",
        said.display(),
        world.server.folder().display()
    );
    fs::write(programs.join("ssh"), script).unwrap();
    fs::set_permissions(programs.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    let address = GitAddress::parse("git@host.example:a#main").unwrap().unwrap();
    let mut access = world.access();
    let path = format!("{}:{}", programs.display(), access.environment["PATH"]);
    access.environment.insert("PATH".to_owned(), path);
    let fetcher = world.fetcher("cache", false);
    let without = fetcher.checkout(&address, &access).await.unwrap_err();
    assert!(matches!(without, GitError::Agent { .. }));
    assert!(!said.exists());
    access.agent = Some("/run/agent".into());
    let checkout = fetcher.checkout(&address, &access).await.unwrap();
    assert_eq!(text(&checkout, "file"), "x\n");
    let said = fs::read_to_string(said).unwrap();
    assert!(said.lines().all(|line| line.starts_with("/run/agent -F none -o BatchMode=yes")), "{said}");
    assert!(said.contains("git@host.example"), "{said}");
}

#[tokio::test]
async fn what_fails_shows_no_password() {
    let Some(world) = World::new() else { return };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = GitAddress::parse(&format!("http://me:secret@127.0.0.1:{port}/a.git")).unwrap().unwrap();
    let error = world.fetcher("cache", false).checkout(&address, &world.access()).await.unwrap_err();
    let message = format!("{error} {error:?}");
    assert!(matches!(error, GitError::Failed { .. }) && !message.contains("secret"), "{message}");
    let nothing =
        GitAccess { environment: BTreeMap::from([("PATH".to_owned(), "/nowhere".to_owned())]), ..world.access() };
    let absent = world.fetcher("cache", false).checkout(&world.address("a"), &nothing).await.unwrap_err();
    assert!(matches!(absent, GitError::Absent { .. }) && absent.to_string().contains("install git 2.31"));
}
