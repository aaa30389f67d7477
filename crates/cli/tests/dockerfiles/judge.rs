use crate::base::Bases;
use crate::case::{Case, JudgeName};
use crate::image::{Image, Lines};
use consign_oci::{Digest, Platform};
use consign_testkit::tools::{Peer, peer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// Counts up when another thing is asked of the judges, or something else is kept of what they say.
const FORM: u32 = 2;

/// What a judge made of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Judgement {
    /// An image.
    Built(Lines),
    /// Nothing, and why.
    Refused(String),
}

/// The programs that judge, found once.
pub(crate) struct Judges {
    found: BTreeMap<JudgeName, (Peer, String)>,
}

impl Judges {
    /// Finds those that the cases name. Says so of those that are not there, or do not work here.
    pub(crate) fn find(cases: &[Case]) -> Self {
        let mut found = BTreeMap::new();
        for (name, program) in [(JudgeName::Buildah, "buildah"), (JudgeName::BuildahNext, "buildah-next")] {
            if cases.iter().any(|case| case.settings.judge == name)
                && let Some(peer) = find(program)
            {
                let version = peer.run(["--version"]).unwrap();
                found.insert(name, (peer, version));
            }
        }
        Self { found }
    }

    /// Returns whether the judge of a case is here.
    pub(crate) fn has(&self, case: &Case) -> bool {
        case.settings.judge == JudgeName::Expected || self.found.contains_key(&case.settings.judge)
    }

    /// Returns what the judge of a case says of it. What it said of the same files before is kept in `target/`.
    pub(crate) fn judge(
        &self,
        case: &Case,
        platform: &Platform,
        context: &Path,
        bases: &Bases,
        bench: &Bench,
    ) -> Judgement {
        let (peer, version) = &self.found[&case.settings.judge];
        let mut key = format!("{FORM} {version} {platform} {}\n", bases.digest());
        describe(&case.folder, &mut key);
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judgements");
        let file = kept.join(Digest::of(key.as_bytes()).hex());
        if let Some(judgement) = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return judgement;
        }
        let judgement = bench.build(peer, case, platform, context, bases);
        // Why it is refused may have been the machine, and bases of services come from elsewhere.
        if matches!(judgement, Judgement::Refused(_)) || !case.settings.services.is_empty() {
            return judgement;
        }
        fs::create_dir_all(&kept).unwrap();
        let new = bench.folder.path().join("judgement");
        fs::write(&new, serde_json::to_vec(&judgement).unwrap()).unwrap();
        // The store of judgements may be on another file system.
        if fs::rename(&new, &file).is_err() {
            fs::copy(&new, &file).unwrap();
        }
        judgement
    }
}

fn find(program: &str) -> Option<Peer> {
    let found = peer(program)?;
    let probe = tempfile::tempdir().unwrap();
    let file = probe.path().join("Dockerfile");
    fs::write(&file, "FROM scratch\nENV A=b\n").unwrap();
    let mut command = command(&found, probe.path(), "probe");
    command.args(["bud", "--isolation", "chroot", "--quiet", "--file"]).arg(&file).arg(probe.path());
    let output = command.output().unwrap();
    if !output.status.success() {
        consign_testkit::tools::not_run(&format!("{program} without further rights"));
        return None;
    }
    Some(found)
}

/// Where one thread lets judges work: each platform has its own images, since buildah takes what it has for any platform.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn build(&self, peer: &Peer, case: &Case, platform: &Platform, context: &Path, bases: &Bases) -> Judgement {
        let settings = &case.settings;
        let storage = format!("{:?}-{}", settings.judge, platform.slug());
        let to = self.folder.path().join("image");
        _ = fs::remove_dir_all(&to);
        let mut command = command(peer, self.folder.path(), &storage);
        command.args([
            "bud",
            "--isolation",
            "chroot",
            "--format",
            "docker",
            "--identity-label=false",
            "--tls-verify=false",
        ]);
        // Without the right to raise limits, buildah's own must be given.
        command.args(["--quiet", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
        command.args(["--platform", &platform.to_string(), "--build-arg", &format!("REGISTRY={}", bases.host())]);
        for (name, value) in &settings.arguments {
            command.args(["--build-arg", &format!("{name}={value}")]);
        }
        for (name, folder) in &settings.contexts {
            command.args(["--build-context", &format!("{name}={}", context.join(folder).display())]);
        }
        command.args(settings.target.iter().flat_map(|target| ["--target", target]));
        command
            .arg("--file")
            .arg(context.join(&settings.file))
            .arg("--tag")
            .arg(format!("dir:{}", to.display()))
            .arg(context);
        let output = command.output().unwrap();
        if output.status.success() {
            Judgement::Built(Image::of_folder(&to).lines().unwrap())
        } else {
            Judgement::Refused(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

fn command(peer: &Peer, folder: &Path, storage: &str) -> std::process::Command {
    let mut command = peer.command();
    command
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", folder)
        .stdin(Stdio::null());
    command
        .arg("--root")
        .arg(folder.join(format!("{storage}-root")))
        .arg("--runroot")
        .arg(folder.join(format!("{storage}-run")));
    command.args(["--storage-driver", "vfs"]);
    command
}

/// Writes down everything in a folder.
fn describe(folder: &Path, text: &mut String) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let metadata = path.symlink_metadata().unwrap();
        write!(text, "{:?} {}", path.file_name().unwrap(), metadata.permissions().mode() & 0o100).unwrap();
        if metadata.is_dir() {
            text.push_str(" {\n");
            describe(&path, text);
            text.push('}');
        } else if metadata.is_symlink() {
            write!(text, " {:?}", fs::read_link(&path).unwrap()).unwrap();
        } else {
            write!(text, " {}", Digest::of(&fs::read(&path).unwrap())).unwrap();
        }
        text.push('\n');
    }
}
