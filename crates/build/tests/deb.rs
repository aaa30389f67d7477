//! Images of packages from an archive that the test makes and signs.

mod support;

use consign_build::{BuildError, ErrorKind};
use consign_oci::Digest;
use consign_oci::layer::Kind;
use consign_testkit::mirror::{Fault, Mirror, MirrorPackage};
use support::{Outcome, Workshop, chain};

fn mirror() -> Mirror {
    let group = "root:*:0:\nadm:*:4:\nmail:*:8:\n";
    let script = "#!/bin/sh\ninstall_directory var/mail 2775 mail\nmigrate_directory /var/run /run\n";
    Mirror::new("test")
        .architectures(&["amd64", "arm64"])
        .package(
            MirrorPackage::new("base-files", "12", "all")
                .directory("tmp", 0o1777)
                .directory("run", 0o755)
                .directory("var/run", 0o755)
                .script("postinst", script),
        )
        .package(
            MirrorPackage::new("base-passwd", "3", "all")
                .file("usr/share/base-passwd/passwd.master", b"root:*:0:0:root:/root:/bin/bash\n", 0o644)
                .file("usr/share/base-passwd/group.master", group.as_bytes(), 0o644),
        )
        .package(program("amd64").field("Depends", "base-files, libtool (>= 1)"))
        .package(program("arm64").field("Depends", "base-files"))
        .package(
            MirrorPackage::new("libtool", "1.5", "amd64")
                .field("Multi-Arch", "same")
                .file("lib64/libtool.so.1", b"lib", 0o644)
                .script("postinst", "#!/bin/sh\nadduser --system tool\n"),
        )
}

fn program(architecture: &str) -> MirrorPackage {
    MirrorPackage::new("tool", "1:2.0-1", architecture)
        .directory("etc", 0o755)
        .file("etc/tool.conf", b"x = 1\n", 0o644)
        .file("bin/tool", architecture.as_bytes(), 0o755)
        .file("usr/share/doc/tool/README", b"read", 0o644)
        .link("bin/t", "tool")
        .script("conffiles", "/etc/tool.conf\n")
        .time(1_650_000_000)
}

const IMAGE: &str = "packages: [tool, base-passwd]\nexclude: [/usr/share/doc/**]\nentrypoint: [/usr/bin/tool]\n\
    users: [{name: app, uid: 1000}]\nuser: app\nfiles:\n- {source: site, path: /srv/www, owner: \"app:adm\"}\n";

fn workshop() -> Workshop {
    Workshop::new().mirror("test", &mirror()).file("site/index.html", b"hello").file("site/a/b", b"b")
}

#[expect(clippy::unwrap_used, reason = "for tests")]
async fn built(workshop: &Workshop, platform: &str) -> Outcome {
    workshop.build(IMAGE, platform).await.map_err(|error| chain(&error)).unwrap()
}

#[tokio::test]
async fn packages_become_a_system() {
    let workshop = workshop();
    let image = built(&workshop, "linux/amd64").await;
    assert_eq!(image.text("/usr/bin/tool"), "amd64");
    assert_eq!(image.link("/bin"), "usr/bin");
    assert_eq!(image.link("/lib64"), "usr/lib64");
    assert_eq!(image.link("/usr/bin/t"), "tool");
    assert_eq!(image.link("/var/run"), "/run");
    assert_eq!(image.entries["/tmp"].mode, 0o1777);
    assert_eq!((image.entries["/var/mail"].mode, image.entries["/var/mail"].gid), (0o2775, 8));
    assert!(image.text("/etc/passwd").ends_with("\napp:*:1000:1000::/home/app:/usr/sbin/nologin\n"));
    assert!(!image.entries.contains_key("/usr/share/doc/tool/README"));
    let page = &image.entries["/srv/www/index.html"];
    assert_eq!((page.uid, page.gid, page.mode), (1000, 4, 0o644));
    assert_eq!(image.built.warnings, ["libtool 1.5: not run: postinst (adduser)"]);

    let status = image.text("/var/lib/dpkg/status");
    assert!(status.contains("Package: tool\nStatus: install ok installed\n"), "{status}");
    assert!(status.contains("Conffiles:\n /etc/tool.conf 3253b41059cac6e987c5a5e9233ea5d0\n"), "{status}");
    assert!(image.text("/var/lib/dpkg/info/tool.list").contains("/bin/tool\n"));
    assert!(image.entries.contains_key("/var/lib/dpkg/info/libtool:amd64.list"));
}

#[tokio::test]
async fn each_platform_has_its_own_packages() {
    let workshop = workshop();
    let image = built(&workshop, "linux/arm64").await;
    assert_eq!(image.text("/usr/bin/tool"), "arm64");
    assert!(!image.entries.contains_key("/lib64") && !image.text("/var/lib/dpkg/status").contains("libtool"));
    assert_eq!(image.built.config.platform.to_string(), "linux/arm64");
    let error = workshop.build(IMAGE, "linux/s390x").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(chain(&error).contains("has the architecture `s390x`; add a mirror that has it to `debian: mirrors:`"));
}

#[tokio::test]
async fn everything_is_in_the_store_and_the_provenance() {
    let workshop = workshop();
    let built = built(&workshop, "linux/amd64").await.built;
    for digest in [built.manifest.digest(), built.config.digest(), &built.layers[0].descriptor.digest] {
        assert!(workshop.store.read(digest, 1 << 20).is_ok());
    }
    let names: Vec<&str> = built.resolved_dependencies.iter().filter_map(|input| input.name.as_deref()).collect();
    let expected = [
        "dists/test/InRelease",
        "dists/test/main/binary-amd64/Packages.gz",
        "pool/main/base-files/base-files_12_all.deb",
        "pool/main/base-passwd/base-passwd_3_all.deb",
        "pool/main/libtool/libtool_1.5_amd64.deb",
        "pool/main/tool/tool_2.0-1_amd64.deb",
        "site/a/b",
        "site/index.html",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        built.resolved_dependencies[5].uri.as_deref(),
        Some("pkg:deb/debian/tool@1:2.0-1?arch=amd64&distro=debian-test")
    );
    assert_eq!(built.resolved_dependencies[7].digest["sha256"], Digest::of(b"hello").hex());
}

#[tokio::test]
async fn the_same_inputs_give_the_same_bytes() {
    let first = built(&workshop(), "linux/amd64").await.built;
    let second = built(&workshop(), "linux/amd64").await.built;
    assert_eq!(first.manifest.digest(), second.manifest.digest());
    assert_eq!(first.config.created.as_deref(), Some("2022-04-15T05:20:00Z"));
}

#[tokio::test]
async fn times_are_those_of_the_inputs_and_at_most_the_epoch() {
    let mut workshop = workshop();
    workshop.source_time = Some(1_690_000_000);
    let image = built(&workshop, "linux/amd64").await;
    assert_eq!(image.entries["/usr/bin/tool"].mtime, 1_650_000_000);
    assert_eq!(image.entries["/srv/www/index.html"].mtime, 1_690_000_000);
    assert_eq!(image.built.config.created.as_deref(), Some("2023-07-22T04:26:40Z"));
    workshop.epoch = Some(1_600_000_001);
    let image = built(&workshop, "linux/amd64").await;
    assert!(image.entries.values().all(|entry| entry.mtime <= 1_600_000_001));
    assert_eq!(image.built.config.created.as_deref(), Some("2020-09-13T12:26:41Z"));
}

#[tokio::test]
async fn a_step_is_not_repeated() {
    let mut workshop = workshop();
    let first = built(&workshop, "linux/amd64").await;
    workshop.reuse = true;
    let second = built(&workshop, "linux/amd64").await;
    assert!(second.built.reused && second.entries.is_empty() && !first.built.reused);
    assert_eq!(first.built.manifest, second.built.manifest);
    assert_eq!(first.built.layers, second.built.layers);
    assert_eq!(first.built.warnings, second.built.warnings);
    // Another input is another step, and so is a blob that was lost.
    let changed = workshop.file("site/index.html", b"changed");
    assert!(!built(&changed, "linux/amd64").await.built.reused);
    std::fs::remove_file(changed.store.path(&first.built.layers[0].descriptor.digest)).unwrap();
    let again = changed.file("site/index.html", b"hello");
    assert!(!built(&again, "linux/amd64").await.built.reused);
}

#[tokio::test]
async fn what_is_not_authentic_leaves_nothing_behind() {
    let broken = [
        (mirror().fault(Fault::Release), "not authentic"),
        (mirror().fault(Fault::WrongKey), "not authentic"),
        (mirror().fault(Fault::Index), "digest"),
        (mirror().fault(Fault::Index).without_by_hash(), "digest"),
        (mirror().fault(Fault::Package("tool".into())), "digest"),
        (mirror().valid_until(Mirror::DATE + 60), "not authentic"),
    ];
    for (mirror, expected) in broken {
        let workshop = Workshop::new().mirror("test", &mirror).file("site/index.html", b"hello");
        let error = workshop.build(IMAGE, "linux/amd64").await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotAuthentic, "{}", chain(&error));
        assert!(chain(&error).contains(expected), "{}", chain(&error));
        assert_eq!(workshop.blobs(), 0);
    }
}

#[tokio::test]
async fn a_signed_release_of_another_suite_is_refused() {
    let workshop = Workshop::new().mirror("stable", &Mirror::new("other").package(program("amd64")));
    std::fs::rename(
        workshop.folder.path().join("mirror0/dists/other"),
        workshop.folder.path().join("mirror0/dists/stable"),
    )
    .unwrap();
    let error = workshop.build("packages: [tool]\nsuite: stable\n", "linux/amd64").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotAuthentic);
    assert!(chain(&error).contains("says that it is `other"), "{}", chain(&error));
}

#[tokio::test]
async fn of_the_machines_sources_strangers_are_passed_over() {
    let stranger = Mirror::new("test").origin("Somebody").package(MirrorPackage::new("tool", "9:9", "amd64"));
    let workshop = Workshop::new().of_machine().mirror("test", &mirror()).mirror("test", &stranger);
    let image = workshop.build("packages: [tool]\n", "linux/amd64").await.unwrap();
    assert_eq!(image.text("/usr/bin/tool"), "amd64");
    assert_eq!(
        image.built.warnings[0],
        "passed over the source in test: its origin is `Somebody`, not Debian or Ubuntu"
    );
}

#[tokio::test]
async fn a_step_that_is_not_repeated_warns_of_what_is_passed_over_now() {
    let stranger = Mirror::new("test").origin("Somebody").package(MirrorPackage::new("tool", "9:9", "amd64"));
    let with_stranger = Workshop::new().of_machine().mirror("test", &mirror()).mirror("test", &stranger);
    let mut without = Workshop::new().of_machine().mirror("test", &mirror());
    without.store = with_stranger.store.clone();
    let image = "packages: [tool, libtool]\n";
    let first = with_stranger.build(image, "linux/amd64").await.unwrap().built;
    without.reuse = true;
    let second = without.build(image, "linux/amd64").await.unwrap().built;
    assert!(second.reused && !first.reused);
    assert_eq!(first.warnings.len(), 2);
    assert_eq!(second.warnings, first.warnings[1..]);
}

#[tokio::test]
async fn a_mirror_without_updates_for_an_architecture_is_named() {
    let updates = Mirror::new("test-security").package(program("amd64").field("Depends", "base-files"));
    let remove = |workshop: &Workshop| {
        let folder = workshop.folder.path().join("mirror1/dists/test-security/main/binary-amd64");
        std::fs::remove_dir_all(folder.join("by-hash")).unwrap();
        std::fs::write(folder.join("Packages.gz"), b"of another day").unwrap();
    };
    let workshop = Workshop::new().of_machine().mirror("test", &mirror()).mirror("test-security", &updates);
    remove(&workshop);
    let warnings = workshop.build("packages: [tool]\n", "linux/amd64").await.unwrap().built.warnings;
    let expected = "passed over `test-security` for amd64: the source in test does not have the index that its own release file names, so none of its packages is used";
    assert_eq!(warnings[0], expected);
    // What the configuration names is never done without, nor is a broken index taken for a missing one.
    let workshop = Workshop::new().mirror("test", &mirror()).mirror("test-security", &updates);
    remove(&workshop);
    let error = workshop.build("packages: [tool]\n", "linux/amd64").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotAuthentic, "{}", chain(&error));
    let broken = updates.fault(Fault::Index);
    let workshop = Workshop::new().of_machine().mirror("test", &mirror()).mirror("test-security", &broken);
    let error = workshop.build("packages: [tool]\n", "linux/amd64").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotAuthentic, "{}", chain(&error));
}

#[tokio::test]
async fn a_choice_is_kept_until_an_index_changes() {
    let updates = |version: &str| {
        let tool = MirrorPackage::new("tool", version, "amd64").file("usr/bin/tool", version.as_bytes(), 0o755);
        Mirror::new("test-security").package(tool)
    };
    let mut workshop =
        Workshop::new().of_machine().mirror("test", &mirror()).mirror("test-security", &updates("9:9.1"));
    workshop.reuse = true;
    let tool = async |workshop: &Workshop| {
        let outcome = workshop.build("packages: [tool]\n", "linux/amd64").await?;
        let dependencies = outcome.built.resolved_dependencies.into_iter().filter_map(|dependency| dependency.name);
        Ok::<_, BuildError>(dependencies.filter(|name| name.contains("tool_")).collect::<String>())
    };
    let pool = workshop.folder.path().join("mirror1/dists/test-security/main/binary-amd64");
    let away = workshop.folder.path().join("away");
    // The mirror lacks the updates' index.
    std::fs::rename(&pool, &away).unwrap();
    for _ in 0..2 {
        assert!(!tool(&workshop).await.unwrap().contains("9.1"));
    }
    // It comes, and counts.
    std::fs::rename(&away, &pool).unwrap();
    let chosen = tool(&workshop).await.unwrap();
    assert!(chosen.contains("9.1"), "{chosen}");
    // Nobody reads an index again from which the choice was made.
    let base = workshop.folder.path().join("mirror0/dists/test/main/binary-amd64");
    std::fs::remove_dir_all(&base).unwrap();
    assert_eq!(tool(&workshop).await.unwrap(), chosen);
    workshop.reuse = false;
    assert!(tool(&workshop).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_is_said() {
    let clash = mirror().package(MirrorPackage::new("clash", "1", "all").file("usr/bin/tool", b"", 0o755));
    let workshop = Workshop::new().mirror("test", &clash).file("a", b"a");
    for (image, expected) in [
        ("packages: [nothing]\n", "nothing"),
        ("packages: [tool, clash]\n", "`/usr/bin/tool` is in both clash and tool"),
        ("packages: [tool]\nuser: nobody2\n", "`nobody2` is not among the image's users"),
        (
            "packages: [tool]\nfiles: [{source: a, path: /a, owner: ghost}]\n",
            "`ghost` of `a` is not among the image's users",
        ),
        ("packages: [tool]\nfiles: [{source: a, path: /usr}]\n", "cannot put a into the image: `/usr` is a folder"),
        ("packages: [tool]\nsuite: nowhere\n", "no source of packages has the suite `nowhere`"),
    ] {
        let error = workshop.build(image, "linux/amd64").await.err().unwrap();
        assert!(chain(&error).contains(expected), "{image}: {}", chain(&error));
    }
}

#[tokio::test]
async fn the_users_files_win_over_those_of_packages() {
    let workshop =
        Workshop::new().mirror("test", &mirror()).file("a", b"mine").file("passwd", b"me:x:7:7::/:/bin/sh\n");
    let image = "packages: [tool]\nfiles:\n- {source: a, path: /bin/tool, mode: \"0700\"}\n- {source: passwd, path: /etc/passwd}\n";
    let image = workshop.build(image, "linux/amd64").await.unwrap();
    assert_eq!((image.text("/usr/bin/tool"), image.entries["/usr/bin/tool"].mode), ("mine".to_owned(), 0o700));
    assert_eq!(image.text("/etc/passwd"), "me:x:7:7::/:/bin/sh\n");
    assert!(matches!(image.entries["/bin"].kind, Kind::Symlink(_)));
}
