//! A build by a program: `docker` or `buildah`.

use super::{BuildError, NamedContext, Program, Recipe, RemoteError, Request};
use crate::buildkit::Form;
use crate::buildkit::identifier::identifier;
use crate::buildkit::text::printable;
use crate::instruction::Network;
use crate::stage::EPOCH;
use rustix::fs::{MemfdFlags, memfd_create};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

/// Longest line of a program that is passed on, in bytes; a longer one is passed on in pieces.
const LINE_LIMIT: u64 = 16 << 10;
/// How many of a program's last lines are kept for its error.
const SAID_LIMIT: usize = 20;

/// Has a program build an image for one platform, and write it as an archive. `folder` is for what the program is given.
pub(super) async fn build(
    program: Program,
    recipe: &Recipe,
    request: &Request<'_>,
    folder: &Path,
    archive: &Path,
) -> Result<Form, BuildError> {
    let failed = |source| RemoteError::Output { source };
    let folder = &std::path::absolute(folder).map_err(failed)?;
    let archive = &std::path::absolute(archive).map_err(failed)?;
    let call = Call { program, folder, environment: &recipe.builder_environment, output: request.output };
    let buildx = program == Program::Docker && call.succeeds(&["buildx", "version"]).await?;
    if program == Program::Docker && !buildx {
        recipe.check_contexts(|| "docker without buildx".to_owned())?;
    }
    let file = folder.join("Dockerfile");
    std::fs::write(&file, recipe.pinned(request).await?).map_err(failed)?;
    // They end with this build, and were never in any file system.
    let secrets = recipe.secrets.iter().map(|(id, secret)| Ok((id, in_memory(secret)?)));
    let secrets = secrets.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    let mut arguments = common(recipe, request, &file)?;
    for (id, secret) in &secrets {
        // This process is its parent's, whatever the program makes of itself.
        let path = format!("/proc/{}/fd/{}", std::process::id(), secret.as_raw_fd());
        arguments.add("--secret", format!("id={id},src={path}"));
    }
    if let Some(patterns) = recipe.context.own_patterns() {
        let ignored = folder.join("Dockerfile.dockerignore");
        std::fs::write(&ignored, patterns).map_err(failed)?;
        // Docker finds it by its name.
        if program == Program::Buildah {
            arguments.add("--ignorefile", ignored);
        }
    }
    let context = std::path::absolute(recipe.context.folder()).map_err(failed)?;
    match program {
        Program::Buildah => {
            // Below the folder that it is run in: a path could have a colon, which ends it for buildah.
            let name = archive.strip_prefix(folder).unwrap_or(archive);
            let mut destination = OsString::from("docker-archive:");
            destination.push(name);
            // Docker's form: OCI's has no health checks and triggers.
            arguments.words(&["--layers", "--format", "docker", "--identity-label=false"]);
            arguments.add("--timestamp", request.time().to_string());
            arguments.add("--tag", destination);
            call.run("bud", &["bud"], arguments.0.into_iter().chain([context.into()])).await?;
        }
        Program::Docker => {
            let image = Borrowed::new(&call)?;
            arguments.add("--build-arg", format!("{EPOCH}={}", request.time()));
            arguments.add("--tag", &image.name);
            arguments.words(&["--progress", "plain"]);
            let words: &[&str] = if buildx { &["buildx", "build", "--load"] } else { &["build"] };
            call.run("build", words, arguments.0.into_iter().chain([context.into()])).await?;
            let output = ["--output".into(), archive.into(), OsString::from(&image.name)];
            call.run("save", &["save"], output).await?;
        }
    }
    Ok(Form::Docker)
}

/// Arguments of a program.
struct Arguments(Vec<OsString>);

impl Arguments {
    fn add(&mut self, flag: &str, value: impl Into<OsString>) {
        self.0.extend([flag.into(), value.into()]);
    }

    fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }
}

/// Returns what both programs are told in the same way.
fn common(recipe: &Recipe, request: &Request<'_>, file: &Path) -> Result<Arguments, RemoteError> {
    let mut arguments = Arguments(Vec::new());
    arguments.add("--file", file);
    arguments.add("--platform", request.platform.to_string());
    for (name, value) in &recipe.arguments {
        arguments.add("--build-arg", format!("{name}={value}"));
    }
    for (name, value) in &recipe.labels {
        arguments.add("--label", format!("{name}={value}"));
    }
    for (name, context) in &recipe.contexts {
        match context {
            NamedContext::Folder(context) => {
                let folder = std::path::absolute(context.folder()).map_err(|source| RemoteError::Output { source })?;
                arguments.add("--build-context", joined(name, &folder));
            }
            NamedContext::Repository(address) | NamedContext::Web(address) => {
                arguments.add("--build-context", format!("{name}={address}"));
            }
            // They are written into the file.
            NamedContext::Image(_) => {}
        }
    }
    for (name, socket) in &recipe.agents {
        arguments.add("--ssh", joined(name, socket));
    }
    if let Some(target) = &recipe.target {
        arguments.add("--target", target);
    }
    match recipe.network {
        Network::Default => {}
        Network::None => arguments.add("--network", "none"),
        Network::Host => arguments.add("--network", "host"),
    }
    if !request.reuse {
        arguments.words(&["--no-cache"]);
    }
    Ok(arguments)
}

fn joined(name: &str, path: &Path) -> OsString {
    let mut joined = OsString::from(format!("{name}="));
    joined.push(path);
    joined
}

/// Returns a file that lies in memory alone.
fn in_memory(secret: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("secret", MemfdFlags::CLOEXEC)?);
    file.write_all(secret)?;
    Ok(file)
}

/// How the program is called.
struct Call<'a> {
    program: Program,
    /// Where it is run.
    folder: &'a Path,
    environment: &'a BTreeMap<String, String>,
    output: &'a (dyn Fn(&str) + Send + Sync),
}

impl Call<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(self.program.name());
        command.current_dir(self.folder).env_clear().envs(self.environment).kill_on_drop(true);
        if self.program == Program::Docker {
            // What 20.10 has without buildx; and nothing is to be said of the build inside of the image.
            command.env("DOCKER_BUILDKIT", "1").env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn refused(&self, command: &'static str) -> impl Fn(io::Error) -> RemoteError + use<> {
        let program = self.program;
        move |source| match source.kind() {
            io::ErrorKind::NotFound => RemoteError::Missing { program },
            _ => RemoteError::Start { program, command, source },
        }
    }

    async fn succeeds(&self, words: &[&str]) -> Result<bool, RemoteError> {
        let mut command = self.command();
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(command.status().await.map_err(self.refused("buildx"))?.success())
    }

    /// Runs the program to its end, and passes on what it says.
    async fn run(
        &self,
        name: &'static str,
        words: &[&str],
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<(), RemoteError> {
        let mut command = self.command();
        command.args(words).args(arguments);
        let refused = self.refused(name);
        let mut child = command.spawn().map_err(&refused)?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (mut said, mut nothing) = (Vec::new(), Vec::new());
        let heard = futures::future::try_join(self.pass_on(output, &mut nothing), self.pass_on(errors, &mut said));
        heard.await.map_err(&refused)?;
        let status = child.wait().await.map_err(&refused)?;
        if status.success() {
            return Ok(());
        }
        let said = if said.is_empty() { nothing } else { said };
        let (program, said) = (self.program, printable(said.join("\n").trim()));
        Err(RemoteError::Failed { program, command: name, status: status.to_string(), said })
    }

    /// Passes lines on until there are no more, and keeps the last ones.
    async fn pass_on(&self, from: Option<impl tokio::io::AsyncRead + Unpin>, last: &mut Vec<String>) -> io::Result<()> {
        let Some(from) = from else { return Ok(()) };
        let mut from = BufReader::new(from);
        while let Some(line) = line(&mut from).await? {
            (self.output)(&line);
            if last.len() == SAID_LIMIT {
                last.remove(0);
            }
            last.push(line);
        }
        Ok(())
    }
}

/// Returns the next line, or as much of it as is passed on at once; `None` at the end.
async fn line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if from.take(LINE_LIMIT).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()))
}

/// An image of an engine under a name of ours, which goes away with this value, also when the build is cancelled.
struct Borrowed {
    name: String,
    environment: BTreeMap<String, String>,
}

impl Borrowed {
    fn new(call: &Call<'_>) -> Result<Self, RemoteError> {
        let name = identifier().map_err(|source| RemoteError::Output { source })?;
        Ok(Self { name: format!("consign-build:{name}"), environment: call.environment.clone() })
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let mut command = std::process::Command::new(Program::Docker.name());
        command.env_clear().envs(&self.environment).args(["image", "rm", "--force", &self.name]);
        // It may not be there, and the build has ended either way.
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
