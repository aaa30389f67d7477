//! Commands that make files for images.

mod support;

use consign_build::{BuildError, ErrorKind, RunError, Runner};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use support::{Outcome, Workshop, chain};

/// Makes a file for the platform, and counts beside the folder how often it did.
const MAKE: &str =
    "[sh, -ec, 'echo {arch} >> ../runs; mkdir -p out; cat in/a > out/{arch}; echo {platform} >> out/{arch}']";

fn image(run: &str) -> String {
    format!("run: {{ {run} }}\nfiles: [{{source: \"out/{{arch}}\", path: /made}}]\n")
}

fn workshop() -> Workshop {
    let mut workshop = Workshop::new().file("in/a", b"a\n").file("in/b", b"b");
    workshop.reuse = true;
    workshop
}

fn runner(named: &[(&str, &str)]) -> Runner {
    let variables = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    Runner::new(variables(&[("PATH", "/usr/bin:/bin"), ("HOME", "/nowhere")]), variables(named))
}

/// Builds as another process would: nothing is known but what lies in the store.
async fn anew(workshop: &mut Workshop, image: &str, platform: &str) -> Result<Outcome, BuildError> {
    workshop.runner = runner(&[("TOKEN", "geheim-123"), ("EMPTY", "")]);
    workshop.build(image, platform).await
}

fn runs(workshop: &Workshop) -> usize {
    fs::read_to_string(workshop.folder.path().join("runs")).unwrap_or_default().lines().count()
}

#[tokio::test]
async fn files_make_the_same_layer_from_memory_and_from_disk() {
    let text: String = (0..20_000).map(|number| format!("{number}\n")).collect();
    let mut workshop = workshop().file("large", text.as_bytes()).file("small", b"small");
    let files = "files: [{source: large, path: /large}, {source: small, path: /small}]\n";
    let streamed = anew(&mut workshop, files, "linux/amd64").await.unwrap();
    // What a command made is another file when it ran for the next platform.
    let held = anew(&mut workshop, &format!("run: {{command: [\"true\"]}}\n{files}"), "linux/amd64").await.unwrap();
    assert_eq!(streamed.built.layers, held.built.layers);
    // Whatever becomes of the file before the layer is written, what was read is kept, or the layer is not written.
    (workshop.spoilt, workshop.reuse) = (Some("large"), false);
    let held = anew(&mut workshop, &format!("run: {{command: [\"true\"]}}\n{files}"), "linux/amd64").await.unwrap();
    assert_eq!(streamed.built.layers, held.built.layers);
    let error = anew(&mut workshop.file("large", text.as_bytes()), files, "linux/amd64").await.err().unwrap();
    assert!(chain(&error).contains("changed while"), "{}", chain(&error));
    assert_eq!((streamed.text("/large"), streamed.text("/small")), (text, "small".to_owned()));
}

#[tokio::test]
async fn a_command_runs_for_each_platform_and_again_when_something_changed() {
    let mut workshop = workshop();
    let image = image(&format!("command: {MAKE}, inputs: [in]"));
    let out = workshop.source().join("out/amd64");
    for platform in ["linux/amd64", "linux/arm64"] {
        let made = anew(&mut workshop, &image, platform).await.unwrap();
        assert_eq!(made.text("/made"), format!("a\n{}\n", platform.replace('/', "-")));
    }
    assert_eq!(runs(&workshop), 2);
    type Change<'a> = &'a dyn Fn(&Workshop);
    let steps: [(&str, Change<'_>, usize); 7] = [
        ("nothing", &|_| {}, 0),
        ("an input's bytes", &|workshop| fs::write(workshop.source().join("in/a"), "aa\n").unwrap(), 1),
        (
            "an input's name",
            &|workshop| fs::rename(workshop.source().join("in/b"), workshop.source().join("in/c")).unwrap(),
            1,
        ),
        ("another file", &|workshop| fs::write(workshop.source().join("other"), "x").unwrap(), 0),
        ("a lost result", &|_| fs::remove_file(&out).unwrap(), 1),
        ("a changed result", &|_| fs::write(&out, "forged").unwrap(), 1),
        ("nothing any more", &|_| {}, 0),
    ];
    for (what, change, more) in steps {
        let before = runs(&workshop);
        change(&workshop);
        let made = anew(&mut workshop, &image, "linux/amd64").await.unwrap();
        assert_eq!(runs(&workshop) - before, more, "{what}");
        assert!(fs::read_to_string(&out).unwrap().ends_with("linux-amd64\n"), "{what}");
        // What was built before has the inputs of this time, too.
        let inputs =
            made.built.resolved_dependencies.iter().filter(|one| one.name.as_deref() == Some("inputs of the command"));
        assert_eq!(inputs.count(), 1, "{what}");
    }
    let before = runs(&workshop);
    let other = image.replace("cat in/a", "cat ./in/a");
    anew(&mut workshop, &other, "linux/amd64").await.unwrap();
    workshop.source_time = Some(7);
    anew(&mut workshop, &other, "linux/amd64").await.unwrap();
    workshop.reuse = false;
    anew(&mut workshop, &other, "linux/amd64").await.unwrap();
    assert_eq!(runs(&workshop) - before, 3, "another command, another time, no reuse");
}

#[tokio::test]
async fn inputs_are_what_git_keeps_unless_they_are_named() {
    let mut workshop = workshop().file("ignored/x", b"x").file("gone", b"");
    let in_git = ["in/a", "in/b", "in/removed", "out/amd64"].map(str::to_owned).to_vec();
    let by_default = image(&format!("command: {MAKE}"));
    // Without git nobody knows what the command reads.
    for _ in 0..2 {
        anew(&mut workshop, &by_default, "linux/amd64").await.unwrap();
    }
    assert_eq!(runs(&workshop), 2);
    workshop.listing = Some(in_git);
    anew(&mut workshop, &by_default, "linux/amd64").await.unwrap();
    let table = [
        (by_default.clone(), "ignored/x", false),
        (by_default, "in/b", true),
        (image(&format!("command: {MAKE}, inputs: [.]")), "ignored/x", false),
        (image(&format!("command: {MAKE}, inputs: [.]")), "in/b", true),
        (image(&format!("command: {MAKE}, inputs: [ignored]")), "ignored/x", true),
        (image(&format!("command: {MAKE}, inputs: [ignored]")), "in/b", false),
        (image(&format!("command: {MAKE}, inputs: [\"in/**\"]")), "in/b", true),
        (image(&format!("command: {MAKE}, inputs: [\"*/a\"]")), "in/b", false),
        (image(&format!("command: {MAKE}, inputs: [\"in/?\"]")), "in/b", true),
        (image(&format!("command: {MAKE}, inputs: [../beside]")), "../beside/x", true),
        (image(&format!("command: {MAKE}, inputs: [\"../be*/x\"]")), "../beside/x", true),
    ];
    fs::create_dir(workshop.folder.path().join("beside")).unwrap();
    fs::write(workshop.folder.path().join("beside/x"), "").unwrap();
    for (number, (image, file, again)) in table.iter().enumerate() {
        anew(&mut workshop, image, "linux/amd64").await.unwrap();
        let before = runs(&workshop);
        fs::write(workshop.source().join(file), number.to_string()).unwrap();
        anew(&mut workshop, image, "linux/amd64").await.unwrap();
        assert_eq!(runs(&workshop) - before, usize::from(*again), "{image}{file}");
    }
}

#[tokio::test]
async fn what_the_image_takes_hides_no_other_input() {
    let make = "[sh, -ec, 'echo {arch} >> ../runs; mkdir -p {arch}; cat in/a > {arch}/made']";
    // What is taken has no name but the platform's.
    let image =
        |inputs| format!("run: {{ {inputs} command: {make} }}\nfiles: [{{source: \"{{arch}}\", path: /srv}}]\n");
    let table = [
        ("inputs: [in],", "in/a", true),
        ("", "in/a", true),
        ("inputs: [.],", "in/a", true),
        ("inputs: [.],", "arm64/made", false),
        ("", "arm64/made", false),
        ("inputs: [\"arm64/*\"],", "arm64/made", true),
        ("inputs: [arm64],", "arm64/made", true),
        ("inputs: [arm64/made],", "arm64/made", true),
    ];
    for (inputs, changed, again) in table {
        let mut workshop = workshop().file("arm64/made", b"earlier");
        workshop.listing = Some(["amd64/made", "arm64/made", "in/a"].map(str::to_owned).to_vec());
        anew(&mut workshop, &image(inputs), "linux/amd64").await.unwrap();
        fs::write(workshop.source().join(changed), "changed").unwrap();
        anew(&mut workshop, &image(inputs), "linux/amd64").await.unwrap();
        assert_eq!(runs(&workshop) - 1, usize::from(again), "{inputs} {changed}");
    }
}

#[tokio::test]
async fn a_link_that_is_named_counts_as_what_it_leads_to() {
    let table = [
        ("[lib]", "../beside/sub/x", true),
        ("[\"lib/**\"]", "../beside/sub/x", true),
        ("[\"lib/*/y\"]", "../beside/sub/x", false),
        ("[lib/sub]", "../beside/sub/x", true),
        ("[file]", "../beside/sub/x", true),
        ("[around]", "in/a", true),
    ];
    for (inputs, changed, again) in table {
        let mut workshop = workshop();
        workshop.listing = Some(["around", "file", "lib", "in/a"].map(str::to_owned).to_vec());
        let beside = workshop.folder.path().join("beside");
        fs::create_dir_all(beside.join("sub")).unwrap();
        for name in ["x", "y"] {
            fs::write(beside.join("sub").join(name), "").unwrap();
        }
        for (link, target) in [("lib", "../beside"), ("file", "lib/sub/x"), ("around", "."), ("../beside/back", "..")] {
            std::os::unix::fs::symlink(target, workshop.source().join(link)).unwrap();
        }
        // It makes nothing, so that nothing it makes is what it reads.
        let image = format!(
            "run: {{ command: [sh, -c, 'echo x >> ../runs'], inputs: {inputs} }}\nfiles: [{{source: in/b, path: /b}}]\n"
        );
        anew(&mut workshop, &image, "linux/amd64").await.unwrap();
        fs::write(workshop.source().join(changed), "changed").unwrap();
        anew(&mut workshop, &image, "linux/amd64").await.unwrap();
        assert_eq!(runs(&workshop) - 1, usize::from(again), "{inputs} {changed}");
    }
}

#[tokio::test]
async fn a_command_without_words_for_the_platform_runs_once() {
    let mut workshop = workshop();
    workshop.reuse = false;
    let all = "[sh, -ec, 'echo x >> ../runs; mkdir -p out; for a in amd64 arm64; do echo $a > out/$a; done']";
    for platform in ["linux/amd64", "linux/arm64"] {
        let made = workshop.build(&image(&format!("command: {all}")), platform).await.unwrap();
        assert_eq!(made.text("/made"), format!("{}\n", &platform[6..]));
    }
    assert_eq!(runs(&workshop), 1);
    workshop.reuse = true;
    for platform in ["linux/arm64", "linux/amd64"] {
        anew(&mut workshop, &image(&format!("command: {all}, inputs: [in]")), platform).await.unwrap();
    }
    assert_eq!(runs(&workshop), 3, "each platform's files are noted by themselves");
    for platform in ["linux/arm64", "linux/amd64"] {
        anew(&mut workshop, &image(&format!("command: {all}, inputs: [in]")), platform).await.unwrap();
    }
    assert_eq!(runs(&workshop), 3);
}

#[tokio::test]
async fn a_command_sees_what_is_named_and_nothing_else() {
    let mut workshop = workshop().file("app/x", b"");
    workshop.source_time = Some(1_700_000_000);
    let show = "[sh, -ec, 'mkdir -p ../out; { env | grep -v ^_= | sort; pwd -P; cat; } > ../out/{arch}; echo \"$SECRET $SHORT\"']";
    let run = format!(
        "command: {show}, directory: app, environment: {{ GOARCH: \"{{goarch}}\", CGO_ENABLED: 0, SECRET: {{ env: TOKEN }}, SHORT: {{ env: EMPTY }} }}"
    );
    let made = anew(&mut workshop, &image(&run), "linux/arm64").await.unwrap();
    let folder = workshop.source().join("app").canonicalize().unwrap();
    let expected = format!(
        "CGO_ENABLED=0\nGOARCH=arm64\nHOME=/nowhere\nPATH=/usr/bin:/bin\nPWD={0}\nSECRET=geheim-123\nSHORT=\n\
         SOURCE_DATE_EPOCH=1700000000\n{0}\n",
        folder.display()
    );
    assert_eq!(made.text("/made"), expected);
    assert_eq!(*workshop.output.lock().unwrap(), ["***"]);
    let recorded = made.built.external_parameters.to_string();
    assert!(recorded.contains("\"SECRET\":{\"env\":\"TOKEN\"}") && !recorded.contains("geheim"), "{recorded}");
    assert!(!format!("{:?}", workshop.runner).contains("geheim"));

    let error = anew(&mut workshop, &image(&run.replace("TOKEN", "NONE")), "linux/arm64").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(chain(&error).ends_with("the environment variable `NONE` is not set"), "{}", chain(&error));
}

#[tokio::test]
async fn what_keeps_a_command_from_its_end_is_said() {
    let mut workshop = workshop();
    let blobs = workshop.blobs();
    let table = [
        (
            "command: [sh, -c, 'echo one; echo geheim-123 >&2; exit 3'], environment: { S: { env: TOKEN } }",
            ErrorKind::Failed,
            "image.yaml:1:17: `sh -c 'echo one; echo geheim-123 >&2; exit 3'` for linux/amd64 ended with exit status 3: it wrote:\n| one\n| ***",
        ),
        ("command: [sh, -c, 'kill -9 $$']", ErrorKind::Failed, " was ended by signal 9: it wrote nothing"),
        ("command: no-such-program", ErrorKind::Failed, "image.yaml:1:17: cannot run `no-such-program`: No such file"),
        ("command: ./in/a", ErrorKind::Failed, "image.yaml:1:17: cannot run `./in/a`: Permission denied"),
        ("command: \"true\", directory: nowhere", ErrorKind::Configuration, "/source/nowhere is not a folder"),
        (
            "command: \"true\", inputs: [in, none]",
            ErrorKind::Configuration,
            "image.yaml:1:38: there is no input `none`",
        ),
        (
            "command: \"true\", inputs: [\"in/*.rs\"]",
            ErrorKind::Configuration,
            "image.yaml:1:34: there is no input `in/*.rs`",
        ),
        (
            "command: [sh, -c, 'echo x > in/a'], inputs: [in]",
            ErrorKind::Failed,
            "image.yaml:1:17: `in/a` changed while `sh -c",
        ),
        (
            "command: [sh, -c, 'echo x > in/new'], inputs: [in]",
            ErrorKind::Failed,
            "image.yaml:1:17: `in/new` changed while `sh -c",
        ),
        ("command: \"true\"", ErrorKind::Configuration, "cannot read "),
    ];
    for (run, kind, expected) in table {
        let error = anew(&mut workshop, &image(run), "linux/amd64").await.err().unwrap();
        let message = chain(&error);
        assert_eq!(error.kind(), kind, "{message}");
        assert!(message.contains(expected), "{run}\n{message}");
        assert_eq!(workshop.blobs(), blobs, "{run}");
    }
    let error = anew(&mut workshop, &image("command: \"echo {rust-target}\""), "linux/wasm").await.err().unwrap();
    assert!(chain(&error).ends_with("`{rust-target}` stands for nothing for linux/wasm"), "{}", chain(&error));
}

/// Returns whether a process that wrote its number into a file has ended.
fn has_ended(file: &Path) -> bool {
    let Ok(id) = fs::read_to_string(file) else { return false };
    // Whoever should take notice of its end may not have done so yet.
    fs::read_to_string(format!("/proc/{}/stat", id.trim())).map_or(true, |stat| stat.contains(") Z "))
}

async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let mut workshop = workshop();
    let run = "command: [sh, -c, 'sleep 1000 & echo $! > ../child; sleep 1000'], timeout: 1s";
    let error = anew(&mut workshop, &image(run), "linux/amd64").await.err().unwrap();
    assert!(chain(&error).contains(" did not end within 1 s"), "{}", chain(&error));
    let child = workshop.folder.path().join("child");
    until(|| has_ended(&child)).await;

    // What a command leaves behind is ended, too, and not waited for.
    let run = "command: [sh, -c, 'sleep 1000 & echo $! > ../child; mkdir -p out; echo x > out/amd64']";
    anew(&mut workshop, &image(run), "linux/amd64").await.unwrap();
    until(|| has_ended(&child)).await;
}

#[tokio::test]
async fn commands_end_with_the_time_in_which_they_may_run() {
    let workshop = workshop();
    let run = image("command: [sh, -c, 'sleep 1000 & echo $! > ../part; mv ../part ../child; wait']");
    let children = workshop.runner.children();
    let child = workshop.folder.path().join("child");
    let end = async {
        until(|| child.exists()).await;
        drop(children);
    };
    let (outcome, ()) = tokio::join!(workshop.build(&run, "linux/amd64"), end);
    let error = outcome.err().unwrap();
    assert!(chain(&error).contains("was ended by signal 9"), "{}", chain(&error));
    until(|| has_ended(&child)).await;
    let error = workshop.build(&run, "linux/amd64").await.err().unwrap();
    assert!(matches!(error, BuildError::Run(RunError::Start { .. })), "{error}");
}
