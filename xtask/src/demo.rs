use crate::install;
use crate::run::{Failure, build_consign, output, root, run};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const REGISTRY: &str = "127.0.0.1:5080";

/// Does the main job on `examples/hello`: from packages to a signed release for three platforms in two repositories, verified.
pub(crate) fn demo() -> Result<(), Failure> {
    install::emulators()?;
    println!("Building consign …");
    let consign = build_consign("dev")?;
    let example = root().join("examples/hello");
    if !example.join("cosign.key").exists() {
        run(consign_in(&consign, &example).arg("keygen"))?;
    }
    run(consign_in(&consign, &example).arg("release"))?;

    let reference = first_reference(&consign, &example)?;
    println!(
        "\nServing the registry once more, and verifying as anybody would:\n  consign verify {reference} --key cosign.pub"
    );
    let _server = Server::start(&consign, &example)?;
    run(consign_in(&consign, &example).args(["verify", &reference, "--key", "cosign.pub"]))?;

    let program = consign.strip_prefix(root()).unwrap_or(&consign).display().to_string();
    println!(
        "\nTry next, in this folder:
  COSIGN_PASSWORD= {program} -C examples/hello release     # again: nothing to do, nothing is written
  {program} -C examples/hello registry serve --root registry --listen {REGISTRY} &
  {program} tree {reference}
  skopeo inspect --raw --tls-verify=false docker://{reference}     # where skopeo is installed"
    );
    Ok(())
}

fn consign_in(consign: &Path, folder: &Path) -> Command {
    let mut command = Command::new(consign);
    command.arg("-C").arg(folder);
    if std::env::var_os("COSIGN_PASSWORD").is_none() {
        // The example's key protects nothing.
        command.env("COSIGN_PASSWORD", "");
    }
    command
}

fn first_reference(consign: &Path, folder: &Path) -> Result<String, Failure> {
    let plan = output(consign_in(consign, folder).args(["plan", "--output", "json"]))?;
    let plan: serde_json::Value =
        serde_json::from_str(&plan).map_err(|error| Failure(format!("the plan is not JSON: {error}")))?;
    let destination = &plan["images"][0]["destinations"][0];
    match (destination["repository"].as_str(), destination["tags"][0]["tag"].as_str()) {
        (Some(repository), Some(tag)) => Ok(format!("{repository}:{tag}")),
        _ => Err(Failure("the plan names no destination".to_owned())),
    }
}

/// The example's registry, served until dropped.
struct Server(Child);

impl Server {
    fn start(consign: &Path, folder: &Path) -> Result<Self, Failure> {
        let mut command = consign_in(consign, folder);
        command.args(["--quiet", "registry", "serve", "--root", "registry", "--listen", REGISTRY]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let server = Self(child.map_err(|error| Failure(format!("the registry could not be started: {error}")))?);
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(REGISTRY).is_err() {
            if Instant::now() > deadline {
                return Err(Failure(format!("the registry does not answer on {REGISTRY}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
