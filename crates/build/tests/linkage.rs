//! Programs of the user's in images of packages and on base images.

mod support;

use consign_build::ErrorKind;
use consign_image::Place;
use consign_oci::media_type;
use consign_testkit::elf::Elf;
use consign_testkit::mirror::{Mirror, MirrorPackage};
use support::{Workshop, chain};

const FOLDER: &str = "lib/x86_64-linux-gnu";

fn program(version: &str) -> Elf {
    Elf::new("amd64").loader("/lib64/ld-linux-x86-64.so.2").needs("libc.so.6").wants("libc.so.6", version)
}

fn libc(latest: &str) -> Vec<u8> {
    Elf::new("amd64").name("libc.so.6").defines("GLIBC_2.2.5").defines(latest).build()
}

fn mirror() -> Mirror {
    let loader = Elf::new("amd64").name("ld-linux-x86-64.so.2").build();
    Mirror::new("test")
        .package(
            MirrorPackage::new("libc6", "2.36", "amd64")
                .file(&format!("{FOLDER}/libc.so.6"), &libc("GLIBC_2.36"), 0o755)
                .file(&format!("{FOLDER}/ld-linux-x86-64.so.2"), &loader, 0o755)
                .link("lib64/ld-linux-x86-64.so.2", &format!("/{FOLDER}/ld-linux-x86-64.so.2")),
        )
        .package(MirrorPackage::new("libssl3", "3", "amd64").field("Depends", "libc6").file(
            &format!("usr/{FOLDER}/libssl.so.3"),
            &Elf::new("amd64").name("libssl.so.3").needs("libc.so.6").build(),
            0o644,
        ))
}

#[tokio::test]
async fn packages_have_what_programs_need() {
    let workshop = Workshop::new().mirror("test", &mirror()).file("script", b"#!/usr/bin/perl\n");
    let table = [
        ("libssl3", program("GLIBC_2.36").needs("libssl.so.3"), None),
        ("libc6", program("GLIBC_2.36"), None),
        (
            "libc6",
            program("GLIBC_2.36").needs("libssl.so.3"),
            Some(
                "it needs the library libssl.so.3, which is not in the image; build it statically, or add the package that has it",
            ),
        ),
        (
            "libc6",
            program("GLIBC_2.38"),
            Some(
                "it needs GLIBC_2.38, and /usr/lib/x86_64-linux-gnu/libc.so.6 of the image has no later than GLIBC_2.36",
            ),
        ),
        (
            "libc6",
            Elf::new("arm64").loader("/x"),
            Some("`hello` is for AArch64, 64-bit, little-endian, but linux/amd64 needs"),
        ),
    ];
    for (packages, program, expected) in table {
        let workshop = &workshop;
        std::fs::write(workshop.source().join("hello"), program.build()).unwrap();
        let image = format!(
            "packages: [{packages}]\nfiles:\n- {{ source: hello, path: /bin/hello }}\n- {{ source: script, path: /bin/s, mode: \"0755\" }}\n"
        );
        let blobs = workshop.blobs();
        match (workshop.build(&image, "linux/amd64").await, expected) {
            (Ok(image), None) => {
                assert_eq!(
                    image.built.warnings,
                    ["`script` is a script for `/usr/bin/perl`, which is not in the image"]
                );
            }
            (Err(error), Some(expected)) => {
                assert_eq!(error.kind(), ErrorKind::Configuration);
                let message = chain(&error);
                assert!(message.starts_with("image.yaml:3:13: ") && message.contains(expected), "{message}");
                assert_eq!(workshop.blobs(), blobs);
            }
            (outcome, expected) => panic!("{expected:?}, not {:?}", outcome.map(|image| image.built.warnings)),
        }
    }
}

#[tokio::test]
async fn a_base_image_has_what_its_uppermost_layers_leave() {
    let workshop = Workshop::new()
        .file("lower/usr/lib64/ld-linux-x86-64.so.2", &Elf::new("amd64").build())
        .file("lower/usr/lib64/libc.so.6", &libc("GLIBC_2.36"))
        .file("lower/opt/lib/libold.so", &Elf::new("amd64").build())
        .file("lower/etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n")
        .file("upper/usr/lib64/libc.so.6", &libc("GLIBC_2.38"))
        .file("upper/etc/ld.so.conf.d/opt.conf", b"/opt/lib\n")
        .file("upper/opt/lib/libold.so", b"no library any more")
        .file("upper/opt/lib/libnew.so", &Elf::new("amd64").build());
    std::os::unix::fs::symlink("usr/lib64", workshop.source().join("lower/lib64")).unwrap();
    let place = |built: &consign_image::Built| {
        let root = Some(built.manifest.descriptor(media_type::MANIFEST));
        Place::Store { store: workshop.store.clone(), root, name: "base".into() }
    };
    let lower = workshop.build("files: [{ source: lower, path: / }]\n", "linux/amd64").await.unwrap().built;
    let upper = "base: store:base\nfiles: [{ source: upper, path: / }]\n";
    let upper = workshop.build_on(upper, "linux/amd64", Some(&place(&lower))).await.unwrap().built;
    let table = [
        (&lower, program("GLIBC_2.36"), None),
        (
            &lower,
            program("GLIBC_2.38"),
            Some("/usr/lib64/libc.so.6 of the image has no later than GLIBC_2.36; build it where"),
        ),
        (&upper, program("GLIBC_2.38"), None),
        (&upper, program("GLIBC_2.38").needs("libnew.so"), None),
        (&upper, program("GLIBC_2.38").needs("libold.so"), Some("it needs the library libold.so")),
        (&lower, program("GLIBC_2.36").needs("libnew.so"), Some("or take a base image that has it; ")),
        (
            &lower,
            Elf::new("amd64").loader("/lib/ld-musl-x86_64.so.1"),
            Some("not in the image, which has /usr/lib64/ld-linux-x86-64.so.2; build it for that"),
        ),
    ];
    for (base, program, expected) in table {
        std::fs::write(workshop.source().join("hello"), program.build()).unwrap();
        let image = "base: store:base\nfiles: [{ source: hello, path: /bin/hello }]\n";
        let outcome = workshop.build_on(image, "linux/amd64", Some(&place(base))).await;
        match (outcome, expected) {
            (Ok(image), None) => assert_eq!(image.entries.keys().collect::<Vec<_>>(), ["/bin", "/bin/hello"]),
            (Err(error), Some(expected)) => assert!(chain(&error).contains(expected), "{}", chain(&error)),
            (outcome, expected) => panic!(
                "{expected:?}, not {:?}",
                outcome.map(|image| image.built.warnings).map_err(|error| chain(&error))
            ),
        }
    }
}
