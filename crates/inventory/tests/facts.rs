//! What settings and files of images say: who runs, whether the program can, and which files run as their owner.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{facts, file, folder, hard_link, link, package, program};
use consign_oci::layer::Entry;
use consign_receipt::predicate::HealthCheck;
use consign_testkit::elf::Elf;
use serde_json::{Value, json};

const FOLDER: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "/lib64/ld-linux-x86-64.so.2";

/// The C library of Debian 12, as it lies there, and a shell.
fn debian() -> Vec<Entry> {
    let library =
        |name: &str, elf: Elf| Entry { mode: 0o644, ..program(&format!("{FOLDER}/{name}"), 0, elf.name(name).build()) };
    vec![
        library("ld-linux-x86-64.so.2", Elf::new("amd64")),
        library("libc.so.6", Elf::new("amd64").needs("ld-linux-x86-64.so.2")),
        link("lib", "usr/lib"),
        link("bin", "usr/bin"),
        link("lib64", "usr/lib64"),
        link("usr/lib64/ld-linux-x86-64.so.2", &format!("/{FOLDER}/ld-linux-x86-64.so.2")),
        program("usr/bin/dash", 0, dynamic().build()),
        link("usr/bin/sh", "dash"),
        program("usr/bin/env", 0, dynamic().build()),
    ]
}

fn dynamic() -> Elf {
    Elf::new("amd64").loader(LOADER).needs("libc.so.6")
}

/// Says what an image runs: the path, or what is wrong.
fn runs(layers: &[Vec<Entry>], config: &Value) -> String {
    let entrypoint = facts(layers, &json!({"config": config})).entrypoint.unwrap();
    match entrypoint.broken {
        Some(broken) => broken.to_string(),
        None => entrypoint.path.unwrap_or_else(|| "nothing".to_owned()),
    }
}

#[test]
fn programs_are_found_as_engines_find_them() {
    let tools = || {
        let mut tools = debian();
        tools.extend([
            program("opt/app/run", 0, dynamic().build()),
            program("usr/local/bin/tool", 0, "#!/bin/sh\n"),
            file("usr/bin/data", "text"),
            program("usr/bin/hard", 0, dynamic().build()),
            hard_link("usr/sbin/other", "usr/bin/hard"),
        ]);
        tools
    };
    let table = [
        (json!({"Entrypoint": ["/bin/sh", "-c", "x"]}), "/usr/bin/dash"),
        (json!({"Cmd": ["sh"]}), "/usr/bin/dash"),
        (json!({"Entrypoint": [], "Cmd": ["sh"]}), "/usr/bin/dash"),
        (json!({"Entrypoint": ["tool"], "Cmd": ["sh"]}), "/usr/local/bin/tool"),
        (json!({"Entrypoint": ["run"], "Env": ["PATH=/nowhere:/opt/app"]}), "/opt/app/run"),
        (json!({"Entrypoint": ["./run"], "WorkingDir": "/opt/app"}), "/opt/app/run"),
        (json!({"Entrypoint": ["../app/run"], "WorkingDir": "/opt/app"}), "/opt/app/run"),
        (json!({"Entrypoint": ["other"]}), "/usr/sbin/other"),
        (json!({"Entrypoint": ["run"]}), "`run` is not in the image"),
        (json!({"Entrypoint": ["/usr/bin/data"]}), "/usr/bin/data is not executable"),
        (json!({"Entrypoint": ["data"]}), "/usr/bin/data is not executable"),
        (json!({"Entrypoint": ["/usr/bin"]}), "`/usr/bin` is not in the image"),
        (json!({"Entrypoint": ["/a/../../../b"]}), "`/a/../../../b` is not in the image"),
        (json!({"Entrypoint": ["env", "A=b", "tool"]}), "/usr/bin/env"),
        (json!({"Entrypoint": ["env", "A=b"], "Cmd": ["run"]}), "`run` is not in the image"),
        (json!({"Entrypoint": ["/usr/bin/env", "--", "data"]}), "/usr/bin/data is not executable"),
        (json!({"Entrypoint": ["env", "PATH=/opt/app", "run"]}), "/usr/bin/env"),
        (json!({"Entrypoint": ["env", "-i", "run"]}), "/usr/bin/env"),
        (json!({}), "nothing"),
        (json!({"Entrypoint": [""]}), "nothing"),
    ];
    for (config, expected) in table {
        assert_eq!(runs(&[tools()], &config), expected, "{config}");
    }
    let gone = vec![file("usr/bin/.wh.dash", "")];
    assert_eq!(runs(&[tools(), gone], &json!({"Cmd": ["/bin/sh"]})), "`/bin/sh` is not in the image");
    for hides in [
        file("usr/bin/.wh.data", ""),
        file("usr/.wh.bin", ""),
        file("usr/bin/.wh..wh..opq", ""),
        folder("usr/bin/data"),
        file("usr/bin", ""),
    ] {
        let said = runs(&[tools(), vec![hides.clone()]], &json!({"Cmd": ["/usr/bin/data"]}));
        assert_eq!(said, "`/usr/bin/data` is not in the image", "{}", hides.path);
    }
    let moved = vec![link("usr/bin/dash", "/opt/app/run")];
    assert_eq!(runs(&[tools(), moved], &json!({"Cmd": ["/bin/sh"]})), "/opt/app/run");
}

#[test]
fn programs_need_a_loader_libraries_and_a_machine() {
    let library = |path: &str, elf: Elf| Entry { mode: 0o644, ..program(path, 0, elf.build()) };
    let table: Vec<(&str, Vec<u8>, Vec<Entry>, &str)> = vec![
        ("static", Elf::new("amd64").build(), vec![], "/app"),
        ("dynamic", dynamic().build(), vec![], "/app"),
        (
            "another C library",
            Elf::new("amd64").loader("/lib/ld-musl-x86_64.so.1").build(),
            vec![],
            "/app asks for the loader /lib/ld-musl-x86_64.so.1, which is not in the image",
        ),
        (
            "no library",
            dynamic().needs("liba.so.1").build(),
            vec![],
            "/app needs the library liba.so.1, which is not in the image",
        ),
        (
            "a library of a library",
            dynamic().needs("liba.so.1").build(),
            vec![library(&format!("{FOLDER}/liba.so.1"), Elf::new("amd64").needs("libb.so.1"))],
            "/usr/lib/x86_64-linux-gnu/liba.so.1 needs the library libb.so.1, which is not in the image",
        ),
        (
            "beside the program",
            dynamic().needs("liba.so.1").runpath("$ORIGIN/x/../libs").build(),
            vec![library("libs/liba.so.1", Elf::new("amd64"))],
            "/app",
        ),
        (
            "in a folder of the configuration",
            dynamic().needs("liba.so.1").build(),
            vec![
                library("opt/a/liba.so.1", Elf::new("amd64")),
                file("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
                file("etc/ld.so.conf.d/a.conf", "# a\n/opt/a\n"),
            ],
            "/app",
        ),
        (
            "in a folder that a file beside the configuration names",
            dynamic().needs("liba.so.1").build(),
            vec![
                library("opt/a/liba.so.1", Elf::new("amd64")),
                file("etc/ld.so.conf", "include ld.so.conf.d/*.conf\n"),
                file("etc/ld.so.conf.d/a.conf", "include more/ld.so.conf.d/*.conf\n"),
                file("etc/ld.so.conf.d/more/ld.so.conf.d/b.conf", "/opt/a\n"),
            ],
            "/app",
        ),
        (
            "in a folder that a configuration elsewhere names",
            dynamic().needs("liba.so.1").build(),
            vec![
                library("opt/a/liba.so.1", Elf::new("amd64")),
                file("etc/ld.so.conf", "include ld.so.conf.d/*.conf\n"),
                file("ld.so.conf.d/a.conf", "/opt/a\n"),
            ],
            "/app needs the library liba.so.1, which is not in the image",
        ),
        (
            "that nobody could look into",
            dynamic().needs("liba.so.1").build(),
            vec![library(
                &format!("{FOLDER}/liba.so.1"),
                (0..2000).fold(Elf::new("amd64"), |elf, number| elf.needs(&format!("lib{number:040}.so"))),
            )],
            "/app",
        ),
        (
            "beside a loader elsewhere",
            Elf::new("amd64").loader("/opt/libc/ld-linux-x86-64.so.2").needs("liba.so.1").build(),
            vec![
                library("opt/libc/ld-linux-x86-64.so.2", Elf::new("amd64")),
                library("opt/libc/liba.so.1", Elf::new("amd64")),
            ],
            "/app",
        ),
        (
            "that is loaded under another name",
            dynamic().needs("/opt/a.so").needs("liba.so.1").build(),
            vec![library("opt/a.so", Elf::new("amd64").name("liba.so.1"))],
            "/app",
        ),
        (
            "the loader, under its name",
            Elf::new("amd64").loader("/opt/loader.so").needs("ld.so.9").build(),
            vec![library("opt/loader.so", Elf::new("amd64").name("ld.so.9"))],
            "/app",
        ),
        (
            "whose program, which env looks for, lacks a library",
            b"#!/usr/bin/env tool\n".to_vec(),
            vec![program("usr/bin/tool", 0, dynamic().needs("libx.so").build())],
            "/usr/bin/tool needs the library libx.so, which is not in the image",
        ),
        (
            "for another machine",
            dynamic().needs("liba.so.1").build(),
            vec![library(&format!("{FOLDER}/liba.so.1"), Elf::new("arm64"))],
            "/app needs the library liba.so.1, which is not in the image",
        ),
        ("another machine", Elf::new("arm64").build(), vec![], "/app is for AArch64, 64-bit, little-endian"),
        ("no program", b"hello".to_vec(), vec![], "/app is neither a program for Linux nor a script"),
        ("damaged", b"\x7fELF\x02\x01\x01".to_vec(), vec![], "/app is neither a program for Linux nor a script"),
        ("a script", b"#! /usr/bin/env -S sh -e\n".to_vec(), vec![], "/app"),
        (
            "a script with line ends of another system",
            b"#!/bin/sh\r\nexit\r\n".to_vec(),
            vec![],
            "/app is a script for `/bin/sh\r`, which is not in the image",
        ),
        (
            "without its program",
            b"#!/usr/bin/python3\n".to_vec(),
            vec![],
            "/app is a script for `/usr/bin/python3`, which is not in the image",
        ),
        (
            "without what env looks for",
            b"#!/usr/bin/env perl\n".to_vec(),
            vec![],
            "/app is a script for `perl`, which is not in the image",
        ),
        ("its own program", b"#!/app\n".to_vec(), vec![], "/app is a script for `/app`, which is not in the image"),
        (
            "whose program lacks a library",
            b"#!/opt/shell\n".to_vec(),
            vec![program("opt/shell", 0, dynamic().needs("libx.so").build())],
            "/opt/shell needs the library libx.so, which is not in the image",
        ),
    ];
    for (what, contents, more, expected) in table {
        let layers = [debian(), [vec![program("app", 0, contents)], more].concat()];
        assert_eq!(runs(&layers, &json!({"Entrypoint": ["/app"]})), expected, "{what}");
    }
    let musl = vec![
        library("lib/ld-musl-x86_64.so.1", Elf::new("amd64").name("libc.musl-x86_64.so.1")),
        file("etc/ld-musl-x86_64.path", "/opt/a\n"),
        library("opt/a/liba.so", Elf::new("amd64").needs("libc.musl-x86_64.so.1")),
        program("app", 0, Elf::new("amd64").loader("/lib/ld-musl-x86_64.so.1").needs("liba.so").build()),
    ];
    assert_eq!(runs(&[musl], &json!({"Entrypoint": ["/app"]})), "/app");
    let first =
        vec![library("opt/liba.so.1", Elf::new("amd64")), program("app", 0, dynamic().needs("liba.so.1").build())];
    let config = json!({"Entrypoint": ["/app"], "Env": ["LD_LIBRARY_PATH=/opt"]});
    assert_eq!(runs(&[debian(), first], &config), "/app");
}

#[test]
fn programs_are_started_by_who_may_execute_them() {
    let own = |mode: u32| Entry { mode, uid: 7, gid: 5, ..program("app", 0, Elf::new("amd64").build()) };
    let etc = vec![file("etc/passwd", "a:x:8:9::/:\n"), file("etc/group", "b:x:5:a\n")];
    for (mode, user, may) in [
        (0o750, "", true),
        (0o750, "7", true),
        (0o750, "8", true),
        (0o750, "8:9", false),
        (0o750, "a", true),
        (0o750, "9", false),
        (0o700, "8:5", false),
        (0o755, "9", true),
    ] {
        let said = runs(&[etc.clone(), vec![own(mode)]], &json!({"Entrypoint": ["/app"], "User": user}));
        let user = user.split(':').next().unwrap();
        let expected = if may { "/app".to_owned() } else { format!("/app may not be executed by user {user}") };
        assert_eq!(said, expected, "{mode:o} {user}");
    }
}

#[test]
fn patterns_of_the_loader_are_bounded() {
    let layer = |lines: usize| {
        let mut layer = debian();
        layer.extend((0..1000).map(|number| file(&format!("etc/ld.so.conf.d/{number}.conf"), "")));
        let include = "include /etc/ld.so.conf.d/*.none\n".repeat(lines);
        layer.extend([
            file("etc/ld.so.conf", &format!("{include}include /opt/ld.so.conf.d/*.conf\n")),
            file("opt/ld.so.conf.d/a.conf", "/opt/a\n"),
            program("opt/a/liba.so.1", 0, Elf::new("amd64").build()),
            program("app", 0, dynamic().needs("liba.so.1").build()),
        ]);
        layer
    };
    let config = json!({"Entrypoint": ["/app"]});
    assert_eq!(runs(&[layer(10)], &config), "/app");
    assert_eq!(runs(&[layer(200)], &config), "/app needs the library liba.so.1, which is not in the image");
}

#[test]
fn files_that_run_as_their_owner_are_listed_with_who_brought_them() {
    let owned = |path: &str, mode: u32, uid: u32, gid: u32| Entry { uid, gid, ..program(path, mode, "#!/bin/sh\n") };
    let layers = vec![
        vec![
            link("bin", "usr/bin"),
            owned("usr/bin/su", 0o4000, 0, 0),
            owned("usr/bin/wall", 0o2000, 0, 5),
            owned("usr/bin/gone", 0o4000, 0, 0),
            owned("usr/bin/tamed", 0o4000, 0, 0),
            owned("usr/bin/plain", 0, 0, 0),
            file("var/lib/dpkg/status", &package("login", "1")),
            file("var/lib/dpkg/info/login.list", "/.\n/bin/su\n/usr/bin/sudo\n"),
        ],
        vec![
            owned("bin/sudo", 0o6000, 0, 0),
            file("usr/bin/.wh.gone", ""),
            owned("usr/bin/tamed", 0, 0, 0),
            hard_link("opt/su", "usr/bin/su"),
        ],
    ];
    let found = facts(&layers, &json!({}));
    let lines: Vec<String> = found
        .setuid_files
        .iter()
        .map(|file| {
            format!("{} {} {}:{} {}", file.path, file.mode, file.uid, file.gid, file.package.as_deref().unwrap_or("-"))
        })
        .collect();
    let expected = [
        "/opt/su 4755 0:0 -",
        "/usr/bin/su 4755 0:0 pkg:deb/debian/login@1?arch=amd64",
        // It is on the list of the package, and a later layer put it there.
        "/usr/bin/sudo 6755 0:0 -",
        "/usr/bin/wall 2755 0:5 -",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn settings_say_who_runs_and_how_to_tell_that_it_works() {
    let of = |user: &str, layers: &[Vec<Entry>]| {
        let user = facts(layers, &json!({"config": {"User": user}})).user.unwrap();
        (user.root, user.uid, user.problem.is_some())
    };
    let etc = vec![file("etc/passwd", "root:x:0:0::/:\napp:x:7:7::/:\n"), file("etc/group", "app:x:7:\n")];
    assert_eq!(of("", &[]), (true, Some(0), false));
    assert_eq!(of("app:app", std::slice::from_ref(&etc)), (false, Some(7), false));
    assert_eq!(of("app", &[etc.clone(), vec![file("etc/passwd", "app:x:0:0::/:\n")]]), (true, Some(0), false));
    assert_eq!(of("app", &[]), (false, None, true));
    assert_eq!(of("65532", &[]), (false, Some(65532), false));
    for (test, expected) in [
        (json!(["CMD", "x"]), HealthCheck::Present),
        (json!(["CMD-SHELL", "x"]), HealthCheck::Present),
        (json!(["NONE"]), HealthCheck::Disabled),
        (json!([]), HealthCheck::Absent),
        (json!("x"), HealthCheck::Absent),
    ] {
        let found = facts(&[], &json!({"config": {"Healthcheck": {"Test": test}}}));
        assert_eq!(found.health_check, expected);
    }
    let windows = facts(&[], &json!({"os": "windows", "config": {"User": "ContainerUser"}}));
    assert_eq!((windows.user, windows.entrypoint, windows.health_check), (None, None, HealthCheck::Absent));
}
