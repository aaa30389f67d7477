//! Keys, tokens and passwords stay where they are: none is in what a run says, in a file, in the list of processes or in a core file.

use crate::common::{Run, TestSigstore, program_path};
use crate::world::World;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use consign_testkit::registry::Fault as RegistryFault;
use consign_testkit::sigstore::{Fault, REQUEST_TOKEN, Service, claims};
use consign_testkit::tools::{not_run, peer};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const KEY_PASSWORD: &str = "swordfish-1-opens-the-key";
const REGISTRY_PASSWORD: &str = "swordfish-2-opens-the-registry";
/// `me` and the password.
const CREDENTIALS: &str = "bWU6c3dvcmRmaXNoLTItb3BlbnMtdGhlLXJlZ2lzdHJ5";

/// What nobody may see, in every form in which it might be seen.
struct Secrets(Vec<(&'static str, Vec<Vec<u8>>)>);

impl Secrets {
    fn new(secrets: &[(&'static str, &[u8])]) -> Self {
        Self(secrets.iter().map(|(name, secret)| (*name, forms(secret))).collect())
    }

    /// Returns which of them is there.
    fn in_bytes(&self, bytes: &[u8]) -> Option<&'static str> {
        let has = |form: &Vec<u8>| bytes.windows(form.len()).any(|window| window == form);
        self.0.iter().find(|(_, forms)| forms.iter().any(has)).map(|(name, _)| *name)
    }

    /// Looks into every file of a folder but those that hold them, and returns how many there were.
    #[track_caller]
    fn look_into(&self, folder: &Path, holders: &[&Path]) -> usize {
        let mut looked = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                looked += self.look_into(&path, holders);
            } else if path.is_file() && !holders.contains(&path.as_path()) {
                assert_eq!(self.in_bytes(&fs::read(&path).unwrap()), None, "{}", path.display());
                looked += 1;
            }
        }
        looked
    }

    #[track_caller]
    fn look_at(&self, run: &Run) {
        for said in [&run.stdout, &run.stderr] {
            assert_eq!(self.in_bytes(said.as_bytes()), None, "{said}");
        }
    }

    /// Looks at what all processes of the machine were started with, again and again, until `ended`. Returns how often.
    fn watch_processes(&self, ended: &AtomicBool, looks: &AtomicUsize) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            for process in fs::read_dir("/proc").unwrap().flatten() {
                let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
                found.extend(self.in_bytes(&line).map(|name| (name, String::from_utf8_lossy(&line).into_owned())));
            }
            looks.fetch_add(1, Ordering::Relaxed);
        }
        found
    }
}

/// Says that something has ended, however it does.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns a secret as it is, in hexadecimal, and in base64 wherever in a longer text it begins.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hexadecimal: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![secret.to_vec(), hexadecimal.into_bytes()];
    for offset in 0..3 {
        let bytes = [&b"  "[..offset], secret].concat();
        // The characters that depend on nothing else.
        let (from, to) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
        forms.push(STANDARD_NO_PAD.encode(&bytes)[from..to].into());
        forms.push(URL_SAFE_NO_PAD.encode(&bytes)[from..to].into());
    }
    forms
}

#[test]
fn every_form_is_found() {
    let secrets = Secrets::new(&[("it", b"hush\xff\xfe!")]);
    for hidden in [&b"a hush\xff\xfe!"[..], b"68757368fffe21"] {
        assert_eq!(secrets.in_bytes(hidden), Some("it"));
    }
    for before in ["", "1", "12", "123"] {
        let text = [before.as_bytes(), b"hush\xff\xfe!, and more"].concat();
        assert_eq!(secrets.in_bytes(STANDARD.encode(text).as_bytes()), Some("it"));
    }
    assert_eq!(secrets.in_bytes(b"hush"), None);
}

/// Returns the number that is the private key, of a key of P-256 in PKCS #8 (RFC 5915, section 3).
fn number_of(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let document = STANDARD.decode(base64).unwrap();
    let start = document.windows(5).position(|window| window == [2, 1, 1, 4, 32]).unwrap() + 5;
    document[start..start + 32].to_vec()
}

#[test]
fn no_secret_leaves_the_program() {
    let Some(openssl) = peer("openssl") else { return };
    let (world, sigstore) = (World::new(), TestSigstore::start());
    let environment = &world.environment;
    let plain = environment.beside("plain.pem");
    let curve = "ec_paramgen_curve:P-256";
    openssl.run(["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", plain.to_str().unwrap()]).unwrap();
    let pem = fs::read_to_string(&plain).unwrap();
    let token = sigstore.token(&claims::github());
    let token_file = environment.beside("token");
    fs::write(&token_file, &token).unwrap();
    let secrets = Secrets::new(&[
        ("the password of the key", KEY_PASSWORD.as_bytes()),
        ("the password of the registry", REGISTRY_PASSWORD.as_bytes()),
        ("the private key", &number_of(&pem)),
        ("the identity token", token.rsplit_once('.').unwrap().1.as_bytes()),
        ("what the job shows to get a token", REQUEST_TOKEN.as_bytes()),
    ]);
    world.name_variables();
    world.guard("team", CREDENTIALS);
    world.guard("mirror", CREDENTIALS);
    let temporary = environment.beside("temporary");
    fs::create_dir(&temporary).unwrap();
    let image = format!("{}/team/hello:1.2.3", world.registry.host());
    let [services, root] = sigstore.files(environment, 2);
    let run = |status: i32, variables: &[(&str, &str)], arguments: &[&str]| {
        let usual = [
            ("COSIGN_PASSWORD", KEY_PASSWORD),
            ("REGISTRY_USER", "me"),
            ("REGISTRY_PASSWORD", REGISTRY_PASSWORD),
            ("TMPDIR", temporary.to_str().unwrap()),
        ];
        let all = usual.iter().chain(variables);
        let invocation = all.fold(environment.invocation(), |run, (name, value)| run.variable(name, value));
        let run = invocation.run(&[&["-v"], arguments].concat());
        secrets.look_at(&run);
        run.expect(status)
    };
    let (ended, looks) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| secrets.watch_processes(&ended, &looks));
        let end = End(&ended);
        fs::remove_file(environment.path("cosign.key")).unwrap();
        run(0, &[], &["import-key-pair", "--key", plain.to_str().unwrap(), "--output-key-prefix", "imported"]);
        environment.replace("consign.yaml", "cosign.key", "imported.key");
        run(0, &[], &["release"]);
        run(0, &[], &["release", "--output", "json"]);
        environment.write("predicate.json", "{}");
        let attest = ["attest", "--type", "https://example.org/it/v1", "--predicate", "predicate.json", &image];
        let sealed = environment.read("imported.key");
        run(0, &[("KEY", &sealed)], &[&attest[..], &["--key", "env://KEY"]].concat());
        run(0, &[], &["verify", "--key", "imported.pub", "--output", "json", &image]);
        // What goes wrong is told, and not with what.
        run(1, &[("COSIGN_PASSWORD", "another-password")], &["sign", "--replace", "--key", "imported.key", &image]);
        run(14, &[("REGISTRY_PASSWORD", "another")], &["verify", "--key", "imported.pub", &image]);
        run(1, &[("KEY", &pem)], &["sign", "--key", "env://KEY", &image]);

        let keyless = ["--signing-config", &services, "--trusted-root", &root];
        let sign = [&["sign", "--replace", "--identity-token", token_file.to_str().unwrap()], &keyless[..]].concat();
        run(0, &[], &[&sign[..], &[&image]].concat());
        let address = sigstore.github_url();
        let github = [("ACTIONS_ID_TOKEN_REQUEST_URL", &*address), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)];
        let github = [&github[..], &[("GITHUB_ACTIONS", "true")]].concat();
        let sign = [&["sign", "--replace"], &keyless[..], &[&image]].concat();
        run(0, &github, &sign);
        // Services that answer with what they were shown.
        let shown = token.clone();
        sigstore.fail(Service::Authority, 1, Fault::Refuse(400, format!("bad token {shown}")));
        run(1, &[("SIGSTORE_ID_TOKEN", &token)], &sign);
        sigstore.fail(Service::Issuer, 1, Fault::Refuse(403, format!("Bearer {REQUEST_TOKEN} is not enough")));
        run(1, &github, &sign);
        world.registry.hook(|head| {
            let shown = head.headers.get("authorization").and_then(|it| it.to_str().ok()).unwrap_or("nothing");
            Some(RegistryFault::refuse(403, &format!("{shown} may not, nor may {REGISTRY_PASSWORD}")))
        });
        run(1, &[], &["inspect", &image]);
        drop(end);
        assert_eq!(watch.join().unwrap(), []);
    });
    assert!(looks.into_inner() > 0);
    let root = environment.folder();
    let looked = secrets.look_into(root.parent().unwrap(), &[&plain, &token_file]);
    assert!(looked > 50, "{looked}");
}

#[test]
fn who_is_ended_by_force_leaves_no_core_file() {
    let world = World::new();
    let folder = world.environment.path("cores");
    fs::create_dir(&folder).unwrap();
    let with_cores = |mut command: Command| {
        command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut control = Command::new("sh");
    control.args(["-c", "ulimit -c unlimited && kill -ABRT $$"]);
    with_cores(control).status().unwrap();
    if fs::read_dir(&folder).unwrap().count() == 0 {
        return not_run("core files in the folder of whoever is ended");
    }
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();

    // The key is open when the registry is asked, which never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let image = format!("{}/team/hello:1", listener.local_addr().unwrap());
    let key = world.environment.path("cosign.key").display().to_string();
    let command = world.environment.invocation().command(&["sign", "--key", &key, &image]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -c unlimited && exec \"$@\"", "sh"]).arg(program_path()).args(command.get_args());
    for (name, value) in command.get_envs() {
        limited.env(name, value.unwrap_or_default());
    }
    let mut child = with_cores(limited).spawn().unwrap();
    let (mut asked, _) = listener.accept().unwrap();
    asked.read_exact(&mut [0]).unwrap();
    kill_process(Pid::from_child(&child), Signal::ABORT).unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}
