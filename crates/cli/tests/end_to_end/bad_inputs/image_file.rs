use super::{Case, Table};
use crate::common::TestEnvironment;
use consign_testkit::elf::Elf;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::symlink;

fn written(text: &'static str) -> impl Fn(&TestEnvironment) {
    move |environment| environment.write("image.yaml", text)
}

/// An image file for two platforms with one more line.
fn with(line: &'static str) -> impl Fn(&TestEnvironment) {
    move |environment| environment.write("image.yaml", environment.read("image.yaml") + line + "\n")
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("image file: a key that is none", with("comand: [/bin/hello]")),
        Case::new("image file: neither packages nor files", written("platforms: [linux/amd64]\n")),
        Case::new("image file: a path out of the image", with("- {source: hello.txt, path: ../hello.txt}")),
        Case::new("image file: a path that removes another", with("- {source: hello.txt, path: /etc/.wh.passwd}")),
        Case::new("image file: a source out of its folder", with("- {source: ../home, path: /home}")),
        Case::new("image file: a source that is not there", with("- {source: helo.txt, path: /etc/helo.txt}")),
        Case::new("image file: a source that one platform lacks", |environment| {
            fs::remove_file(environment.path("data/arm64")).unwrap();
        })
        .found_late(),
        Case::new("image file: a link out of its folder", |environment| {
            symlink("/etc/passwd", environment.path("data/accounts")).unwrap();
            with("- {source: data/accounts, path: /etc/accounts}")(environment);
        }),
        Case::new("image file: a mode that is none", with("- {source: hello.txt, path: /x, mode: \"0999\"}")),
        Case::new("image file: an owner that nobody is", with("- {source: hello.txt, path: /x, owner: nobody}")),
        Case::new("image file: a word that is none", with("- {source: \"data/{arhc}\", path: /x}")),
        Case::new("image file: a program for another machine", |environment| {
            environment.write_program("data/amd64", &Elf::new("arm64").build());
        })
        .found_late(),
        Case::new("image file: a program without its loader", |environment| {
            environment.write_program("data/amd64", &Elf::new("amd64").loader("/lib64/ld-linux-x86-64.so.2").build());
        })
        .found_late(),
        Case::new("image file: a command that fails", with("run: {command: \"false\"}")),
        Case::new("image file: a command that is not there", with("run: {command: no-such-program}")),
        Case::new("image file: a command for a shell", with("run: {command: \"make | tee log\"}")),
        Case::new("image file: a base image that is not there", with("base: oci:nowhere")),
    ]
}

#[test]
fn image_files() {
    let table = Table::new();
    let (said, wrong) = table.run(|| table.image(), cases());
    assert_snapshot!(said, @r#"
    # image file: a key that is none
    3 error[C003]: unknown key `comand` in an image file
     --> image.yaml:6:1
      |
    6 | comand: [/bin/hello]
      | ^^^^^^
      |
      = hint: did you mean `command`?

    # image file: neither packages nor files
    3 error[C019]: this is neither an image file that consign builds nor a Dockerfile
     --> consign.yaml:2:13
      |
    2 |   - source: image.yaml
      |             ^^^^^^^^^^
      |
      = hint: this version builds Dockerfiles, and image files with `packages`, `files` or `base`; it builds no apko files

    # image file: a path out of the image
    3 error[C012]: `files`: `../hello.txt` is not a path inside an image: leads out of its folder (`..`)
     --> image.yaml:6:29
      |
    6 | - {source: hello.txt, path: ../hello.txt}
      |                             ^^^^^^^^^^^^

    # image file: a path that removes another
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:12: this cannot go into the image
      caused by: `/etc/.wh.passwd` would remove what it is named after: names that begin with `.wh.` are whiteouts

    # image file: a source out of its folder
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:12: this cannot go into the image
      caused by: `../home` leads out of the folder of the image file

    # image file: a source that is not there
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:12: this cannot go into the image
      caused by: cannot read [folder]/helo.txt
      caused by: No such file or directory (os error 2)

    # image file: a source that one platform lacks (something good was stored before)
    3 error: hello linux/arm64: cannot be built
      caused by: image.yaml:4:12: this cannot go into the image
      caused by: cannot read [folder]/data/arm64
      caused by: No such file or directory (os error 2)

    # image file: a link out of its folder
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:12: this cannot go into the image
      caused by: `data/accounts` leads out of the folder of the image file

    # image file: a mode that is none
    3 error[C005]: `0999` is not a mode: expected three or four octal digits, such as "0644"
     --> image.yaml:6:39
      |
    6 | - {source: hello.txt, path: /x, mode: "0999"}
      |                                       ^^^^^^

    # image file: an owner that nobody is
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:12: this cannot go into the image
      caused by: `nobody` of `hello.txt` is not among the image's users and groups

    # image file: a word that is none
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:12: this cannot go into the image
      caused by: `{arhc}` stands for nothing: `{os}`, `{arch}`, `{variant}`, `{platform}`, `{rust-target}`, `{rust-musl-target}`, `{goos}`, `{goarch}`, `{goarm}`, `{goamd64}` and `{gnu-triplet}` are filled in

    # image file: a program for another machine (something good was stored before)
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:4:12: this cannot go into the image
      caused by: `data/amd64` is for AArch64, 64-bit, little-endian, but linux/amd64 needs x86-64, 64-bit, little-endian

    # image file: a program without its loader (something good was stored before)
    3 error: hello linux/amd64: cannot be built
      caused by: image.yaml:4:12: `data/amd64` would not start on linux/amd64: it is linked dynamically, and its loader /lib64/ld-linux-x86-64.so.2 is not in the image; build it statically, or take a base image that has it

    # image file: a command that fails
    1 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:16: `false` for linux/amd64 ended with exit status 1
      caused by: it wrote nothing

    # image file: a command that is not there
    1 error: hello linux/amd64: cannot be built
      caused by: image.yaml:6:16: cannot run `no-such-program`
      caused by: No such file or directory (os error 2)

    # image file: a command for a shell
    3 error[C012]: `command`: `|` needs a shell, and commands are run without one; write `[/bin/sh, -ec, "…"]`
     --> image.yaml:6:16
      |
    6 | run: {command: "make | tee log"}
      |                ^^^^^^^^^^^^^^^^

    # image file: a base image that is not there
    1 error: the base image oci:nowhere of `hello` cannot be opened
      caused by: nowhere is not an OCI layout: it has no file `oci-layout`
    hint: `base` in the image file names it
    "#);
    assert_eq!(wrong, [""; 0]);
}
