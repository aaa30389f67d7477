//! What holds for builds as a whole, besides what is in the image.

use crate::base::Bases;
use crate::common::TestEnvironment;
use std::fs;
use std::path::Path;

/// Returns whether some file below a folder holds these bytes. Gzip hides them, so blobs are looked into.
fn holds(folder: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            found.extend(holds(&path, wanted));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let mut unpacked = Vec::new();
        if bytes.starts_with(&[0x1f, 0x8b]) {
            _ = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut unpacked);
        }
        if [&bytes, &unpacked].iter().any(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted)) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn secrets_stay_out_of_everything() {
    let Some(bases) = Bases::serve() else { return };
    let environment = TestEnvironment::new();
    let secret = "correct-horse-battery-staple";
    let text = format!(
        "FROM {}/busybox:1\n\
         RUN --mount=type=secret,id=token,required cp /run/secrets/token /run/copy; wc -c < /run/secrets/token > /size; rm /run/copy\n\
         RUN --mount=type=secret,id=token,env=TOKEN echo \"${{#TOKEN}}\" > /length\n\
         RUN --mount=type=secret,id=token,target=/etc/token,mode=0444 test -r /etc/token\n",
        bases.host()
    );
    environment.write("Dockerfile", text);
    let variable = environment.invocation().variable("TOKEN_OF_MINE", secret);
    let run = variable.run(&[
        "build",
        "-v",
        "-f",
        "Dockerfile",
        "--secret",
        "id=token,env=TOKEN_OF_MINE",
        "--to",
        "oci:image",
    ]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret));
    let root = environment.folder();
    let all = holds(root.parent().unwrap(), secret.as_bytes());
    assert_eq!(all, Vec::<String>::new());
    // What is looked for would be found.
    assert!(!holds(&root, b"busybox").is_empty());
}

#[test]
fn what_a_dockerfile_leaves_open_is_locked() {
    let Some(bases) = Bases::serve() else { return };
    let environment = TestEnvironment::new();
    let host = bases.host();
    environment.write("Dockerfile", format!("FROM {host}/busybox:1\nCOPY a /a\n"));
    environment.write("a", "a");
    let image =
        "build: [{source: Dockerfile, destination: \"localhost:1/case:1\", platforms: [linux/amd64, linux/arm64]}]\n";
    environment.write("consign.yaml", image);
    environment.consign(&["lock"]).expect(0);
    let lock = environment.read("consign.lock");
    assert!(lock.contains(&format!("\"{host}/busybox:1\": {{\"mediaType\"")), "{lock}");
    environment.consign(&["lock", "--check"]).expect(0);
    environment.consign(&["build"]).expect(0);
    // Another base is another question.
    environment.write("Dockerfile", format!("FROM {host}/configured:1\nCOPY a /a\n"));
    environment.consign(&["lock", "--check"]).expect(20);
    environment.consign(&["build"]).expect(20);
    // A digest is its own lock.
    let digest = lock.split("\"digest\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    environment.write("Dockerfile", format!("FROM {host}/busybox@{digest}\nCOPY a /a\n"));
    environment.consign(&["lock"]).expect(0);
    assert!(!environment.read("consign.lock").contains("busybox"));
    environment.consign(&["build"]).expect(0);
}

#[test]
fn what_a_base_lacks_is_said_before_anything_is_built() {
    let Some(bases) = Bases::serve() else { return };
    let environment = TestEnvironment::new();
    let host = bases.host();
    environment.write("Dockerfile", format!("FROM {host}/amd64-only:1\nRUN touch /a\n"));
    environment.write(
        "consign.yaml",
        "build: [{source: Dockerfile, destination: \"localhost:1/case:1\", platforms: [linux/amd64, linux/arm64]}]\n",
    );
    let run = environment.consign(&["build"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("has linux/amd64, not linux/arm64"), "{}", run.stderr);
    assert_eq!(environment.stored_blobs(), 1, "only the index that was looked at");
}
