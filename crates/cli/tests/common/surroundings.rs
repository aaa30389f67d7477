use super::{Run, TestEnvironment, program_path};
use consign_testkit::tools::not_run;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The user and the group that own nothing, by custom.
const NOBODY: &str = "65534";

impl TestEnvironment {
    /// Runs the program on a copy of everything, as another user: nobody, or whom the kernel shows as root.
    pub fn as_another_user(&self, arguments: &[&str]) -> Run {
        let place = self.copy("user");
        let mut command = if is_root() {
            must_run(Command::new("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(&place));
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
            command
        } else {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user"]);
            command
        };
        command.arg(place.join("consign")).args(arguments).current_dir(place.join("source"));
        self.finish(command, &place)
    }

    /// Runs the program on a copy of everything, on the root file system of another release of the distribution, where there is one.
    pub fn on_another_machine(&self, arguments: &[&str]) -> Option<Run> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/machine");
        if !root.join("usr/bin/git").exists() {
            not_run("a root file system of Debian's next release (`cargo xtask setup`)");
            return None;
        }
        let place = self.copy("machine");
        // Where things lie that the configuration names is another place there.
        let path = place.join("source/consign.yaml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace(&self.folder().display().to_string(), "/mnt/source")).unwrap();
        let mut command = Command::new("unshare");
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--mount", "sh", "-c"]);
        command.arg("mount --rbind /proc \"$0/proc\" && mount --bind \"$1\" \"$0/mnt\" && root=$0 && shift && exec chroot \"$root\" \"$@\"");
        command.arg(&root).arg(&place).args(["/mnt/consign", "-C", "/mnt/source"]).args(arguments);
        Some(self.finish(command, Path::new("/mnt")))
    }

    /// Runs the program on a clone of the folder, both made under a mask of permissions.
    pub fn under_umask(&self, umask: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let place = self.copy(&format!("umask-{umask}"));
        let clone = place.join("clone");
        let mut command = Command::new("sh");
        let script = "umask \"$0\" && git clone --quiet \"$1\" \"$2\" && cp \"$1\"/*.key \"$1\"/*.gpg \"$1\"/*.yaml \"$2\" && cd \"$2\" && shift 2 && exec \"$@\"";
        command
            .args(["-c", script, umask])
            .arg(place.join("source"))
            .arg(&clone)
            .arg(place.join("consign"))
            .args(arguments);
        command.envs(variables.iter().copied());
        self.finish(command, &place)
    }

    /// Runs the program on a copy of everything, and lets it use a single processor.
    pub fn on_one_processor(&self, arguments: &[&str]) -> Run {
        let place = self.copy("processor");
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
        let first = allowed.split([',', '-']).next().unwrap();
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", first]).arg(place.join("consign")).args(arguments);
        command.current_dir(place.join("source"));
        self.finish(command, &place)
    }

    /// Copies the folder, what was downloaded, and the program to another place, which everybody can reach.
    fn copy(&self, name: &str) -> PathBuf {
        let place = self.beside(name);
        fs::create_dir_all(place.join("store")).unwrap();
        fs::create_dir_all(place.join("home")).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(place.parent().unwrap(), open).unwrap();
        must_run(Command::new("cp").args(["--archive"]).arg(self.folder()).arg(&place));
        let downloads = self.beside("store/downloads");
        if downloads.exists() {
            must_run(Command::new("cp").args(["--archive"]).arg(downloads).arg(place.join("store")));
        }
        fs::copy(program_path(), place.join("consign")).unwrap();
        place
    }

    /// Runs a command with nothing around it but what every run has; its own place is seen there as `place`.
    fn finish(&self, mut command: Command, place: &Path) -> Run {
        let kept: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
        command.env_clear().envs(kept.into_iter().filter_map(|(name, value)| Some((name, value?))));
        command.env("HOME", place.join("home")).env("CONSIGN_STORE", place.join("store")).env("COSIGN_PASSWORD", "");
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        self.run_command(&mut command)
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn must_run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
