//! What every daemon must do.

use crate::daemons::Daemon;
use crate::world::World;
use consign_dockerfile::buildkit::{
    Builder, BuildkitError, Cache, Context, Login, Network, Progress, Recompute, Secret, Solve,
};
use consign_testkit::registry::{Fault, TestRegistry};
use consign_testkit::tools::find;
use futures::FutureExt as _;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Runs all of them.
pub(crate) async fn all(daemon: &Daemon) {
    let builder = daemon.connect().await.unwrap();
    assert!(!builder.workers().is_empty() && !builder.workers()[0].platforms.is_empty(), "{}", daemon.name);
    scratch(&builder).await;
    stages_and_arguments(&builder).await;
    ignored(&builder).await;
    many_files(&builder).await;
    secrets(&builder).await;
    agents(&builder).await;
    failures(&builder).await;
    // A registry of this machine is not seen from elsewhere.
    if daemon.address.to_string().starts_with("unix:") {
        logins(&builder).await;
    }
    cancelled(&builder).await;
    together(&builder).await;
    // Debian's 20.10 is older than named contexts.
    if daemon.name != "dockerd" {
        named_contexts(&builder).await;
        caches(&builder).await;
    }
    left_behind(daemon).await;
}

/// Waits until nothing of ours is left in an engine.
async fn left_behind(daemon: &Daemon) {
    let (true, Some(docker)) = (daemon.name.starts_with("dockerd"), find("docker")) else { return };
    let host = format!("--host={}", daemon.address);
    while docker.run([&host, "images", "--quiet", "--filter=reference=consign-build"]).unwrap() != "" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn scratch(builder: &Builder) {
    let world = World::new(&[("a", "one"), ("folder/b", "two")]);
    std::os::unix::fs::symlink("a", world.context().join("link")).unwrap();
    let mut solve = world.solve("FROM scratch\nCOPY . /x/\nENV A=1\nLABEL l=2\nENTRYPOINT [\"/x/a\"]\n");
    solve.labels = [("m".to_owned(), "3".to_owned())].into();
    solve.platform = Some("linux/arm64".parse().unwrap());
    let image = world.build(builder, &solve).await.unwrap();
    let expected = [("x/a", "one"), ("x/folder/b", "two"), ("x/link", "a")];
    assert_eq!(image.files(), expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
    assert_eq!(image.config["architecture"], "arm64");
    assert_eq!(image.config["config"]["Entrypoint"][0], "/x/a");
    assert_eq!(image.config["config"]["Labels"], serde_json::json!({"l": "2", "m": "3"}));
    let environment = image.config["config"]["Env"].as_array().unwrap();
    assert!(environment.contains(&"A=1".into()), "{environment:?}");
    assert!(image.solved.facts.contains_key("containerimage.digest"), "{:?}", image.solved.facts);
    let done = |progress: &Progress| matches!(progress, Progress::Ended { name, error: None, .. } if name.contains("COPY . /x/"));
    assert!(image.progress.iter().any(done), "{:?}", image.progress);
}

async fn stages_and_arguments(builder: &Builder) {
    let world = World::new(&[("a", "one"), ("b", "two")]);
    let text = "ARG WHICH=a\nFROM scratch AS first\nARG WHICH\nCOPY ${WHICH} /from-first\nFROM scratch AS second\n\
        COPY --from=first /from-first /second\nFROM scratch\nCOPY b /last\n";
    let files = async |change: &dyn Fn(&mut Solve)| {
        let mut solve = world.solve(text);
        change(&mut solve);
        let files = world.build(builder, &solve).await.unwrap().files();
        files.into_iter().map(|(path, text)| format!("{path}={text}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(files(&|_| ()).await, "last=two");
    assert_eq!(files(&|solve| solve.target = Some("second".to_owned())).await, "second=one");
    let other = files(&|solve| {
        solve.target = Some("second".to_owned());
        solve.arguments = [("WHICH".to_owned(), "b".to_owned())].into();
    });
    assert_eq!(other.await, "second=two");
}

async fn ignored(builder: &Builder) {
    let files = [
        ("a", "1"),
        ("b.md", "2"),
        ("c.md", "3"),
        ("d/e.md", "4"),
        ("d/f", "5"),
        (".dockerignore", "*.md\n!c.md\nd/f\n.dockerignore\n"),
    ];
    let world = World::new(&files);
    let mut solve = world.solve("FROM scratch\nCOPY . /\n");
    let names = async |solve: &Solve| {
        let files = world.build(builder, solve).await.unwrap().files();
        files.into_iter().map(|(path, _)| path).collect::<Vec<_>>()
    };
    assert_eq!(names(&solve).await, ["a", "c.md", "d/e.md"]);
    solve.dockerignore = Some(b"**\n!d/*.md\n".to_vec());
    assert_eq!(names(&solve).await, ["d/e.md"]);
    let only = world.solve("FROM scratch\nCOPY d/e.md a /only/\n");
    assert_eq!(names(&only).await, ["only/a", "only/e.md"]);
}

async fn many_files(builder: &Builder) {
    let world = World::new(&[]);
    for number in 0..600 {
        world.write(&format!("{}/{}/{number}", number % 7, number % 50), format!("content {number}").as_bytes());
    }
    let large: Vec<u8> = (0..5_000_000_u32).flat_map(|number| number.to_le_bytes().into_iter().take(2)).collect();
    world.write("large", &large);
    std::fs::hard_link(world.context().join("large"), world.context().join("again")).unwrap();
    let image = world.build(builder, &world.solve("FROM scratch\nCOPY . /\n")).await.unwrap();
    assert_eq!(image.files().len(), 602);
    assert_eq!(image.read("3/10/360"), "content 360");
    assert!(std::fs::read(image.root.join("large")).unwrap() == large);
    assert!(std::fs::read(image.root.join("again")).unwrap() == large);
}

async fn secrets(builder: &Builder) {
    const SECRET: &str = "correct-horse-battery-staple";
    let world = World::new(&[]).with_shell();
    let text = "FROM scratch\nCOPY root /\nRUN --mount=type=secret,id=token,required \
        read -r token < /run/secrets/token; echo ${#token} > /length\n";
    let mut solve = world.solve(text);
    solve.network = Network::None;
    // A step with a secret is kept without it.
    solve.recompute = Recompute::Everything;
    solve.secrets = [("token".to_owned(), Secret::new(format!("{SECRET}\n")))].into();
    let image = world.build(builder, &solve).await.unwrap();
    assert_eq!(image.read("length"), format!("{}\n", SECRET.len()));
    let within = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    assert!(within(format!("{SECRET}!").as_bytes()));
    assert!(!within(&image.bytes), "the secret is in the image");
    assert!(!within(format!("{:?} {:?}", image.progress, image.solved).as_bytes()), "the secret was told");
    assert!(!within(format!("{solve:?} {:?}", solve.secrets).as_bytes()), "the secret was printed");

    solve.secrets.clear();
    let error = world.build(builder, &solve).await.err().unwrap().to_string();
    assert!(error.contains("token") && error.contains("not found"), "{error}");
}

async fn agents(builder: &Builder) {
    // Without any module of Perl's: a socket, and its address as the kernel has it. Asks for keys, then to forget them all
    // (draft-ietf-sshm-ssh-agent, section 6.1), and writes what kinds of answers there were.
    const ASK: &str = r#"socket(S, 1, 1, 0) or die; connect(S, pack("Sa108", 1, $ENV{SSH_AUTH_SOCK})) or die $!;
        open(O, ">", "/answer");
        for $kind (11, 19) { syswrite(S, pack("NC", 1, $kind)); sysread(S, $_, 9); print O (unpack("NC", $_))[1], "\n" }"#;
    let world = World::new(&[]).with_program("/usr/bin/perl");
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    let agent = tokio::net::UnixListener::bind(&socket).unwrap();
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = agent.accept().await.unwrap();
            let mut question = [0; 5];
            while stream.read_exact(&mut question).await.is_ok() {
                assert_eq!(question, [0, 0, 0, 1, 11], "only what reads reaches the agent");
                stream.write_all(&[0, 0, 0, 5, 12, 0, 0, 0, 0]).await.unwrap();
            }
        }
    });
    let run = serde_json::json!(["/usr/bin/perl", "-e", ASK]);
    let mut solve = world.solve(&format!("FROM scratch\nCOPY root /\nRUN --mount=type=ssh,required {run}\n"));
    solve.network = Network::None;
    solve.recompute = Recompute::Everything;
    solve.agents = [("default".to_owned(), socket)].into();
    assert_eq!(world.build(builder, &solve).await.unwrap().read("answer"), "12\n5\n");
    assert!(!serving.is_finished());
    serving.abort();
}

async fn failures(builder: &Builder) {
    let world = World::new(&[]).with_shell();
    let mut solve = world.solve("FROM scratch\nCOPY root /\n\nRUN echo first; echo the last words; exit 7\n");
    solve.network = Network::None;
    let BuildkitError::Build(failure) = world.build(builder, &solve).await.err().unwrap() else { panic!() };
    assert!(failure.message.contains("exit code: 7"), "{failure}");
    assert_eq!(failure.log, ["first", "the last words"], "{failure}");
    assert!(failure.step.as_ref().unwrap().contains("RUN echo first"), "{failure}");
    assert_eq!(failure.lines.iter().map(|line| line.number).collect::<Vec<_>>(), [4], "{failure}");
    assert!(failure.to_string().contains("    4 | RUN echo first"), "{failure}");

    for (text, line, words) in [
        ("FROM scratch\nCOPY absent /\n", Some(2), "absent"),
        ("FROM scratch\nNONSENSE\n", Some(2), "NONSENSE"),
        ("", None, "empty"),
    ] {
        let BuildkitError::Build(failure) = world.build(builder, &world.solve(text)).await.err().unwrap() else {
            panic!()
        };
        assert!(failure.message.to_uppercase().contains(&words.to_uppercase()), "{failure}");
        assert_eq!(failure.lines.first().map(|line| line.number), line, "{failure}");
    }
    let mut lost = world.solve("FROM scratch\nCOPY root /\n");
    lost.context = "/nowhere/at/all".into();
    assert!(matches!(world.build(builder, &lost).await, Err(BuildkitError::Folder { .. })));
    let mut small = world.solve("FROM scratch\nCOPY root /\n");
    small.output_limit = 1000;
    assert!(matches!(world.build(builder, &small).await, Err(BuildkitError::OutputLimit { limit: 1000, .. })));
}

async fn logins(builder: &Builder) {
    /// "me:hunter2" in base64.
    const ME: &str = "Basic bWU6aHVudGVyMg==";
    let registry = TestRegistry::start().await.unwrap();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = shown.clone();
    registry.hook(move |head| {
        let authorization = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let known = authorization.as_deref() == Some(ME);
        seen.lock().unwrap().push(authorization);
        (!known).then(Fault::login)
    });
    let world = World::new(&[]);
    let mut solve = world.solve(&format!("FROM {}/private:1\n", registry.host()));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    solve.credentials = Some(Arc::new(move |host| {
        heard.lock().unwrap().push(host);
        async { Some(Login { username: "me".to_owned(), secret: Secret::new("hunter2") }) }.boxed()
    }));
    let error = world.build(builder, &solve).await.err().unwrap().to_string();
    // It was let in, and there is no such image.
    assert!(error.contains("not found"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    let mut asked = asked.lock().unwrap().clone();
    asked.dedup();
    assert_eq!(asked, [registry.host()]);
    assert!(shown.lock().unwrap().contains(&Some(ME.to_owned())));
}

async fn cancelled(builder: &Builder) {
    let world = World::new(&[]).with_shell();
    let marker = format!("marker-{}-{:?}", std::process::id(), std::time::SystemTime::now())
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let mut solve = world.solve(&format!("FROM scratch\nCOPY root /\nRUN : {marker}; while :; do echo going; done\n"));
    solve.network = Network::None;
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let mut output = tokio::io::sink();
    let mut progress = |event| {
        if matches!(event, Progress::Log { .. }) {
            let _ = begun.send(());
        }
    };
    tokio::select! {
        result = builder.solve(&solve, &mut output, &mut progress) => panic!("it ended: {result:?}"),
        begun = begins.recv() => begun.unwrap(),
    }
    // Ends once the daemon has ended what ran.
    while running(&marker) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Returns whether a process has a word in its arguments.
fn running(word: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let arguments = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    arguments.into_iter().any(|arguments| arguments.windows(word.len()).any(|window| window == word.as_bytes()))
}

async fn together(builder: &Builder) {
    let worlds: Vec<_> = (0..4).map(|number| World::new(&[("a", &format!("content {number}"))])).collect();
    let solves: Vec<_> = worlds.iter().map(|world| world.solve("FROM scratch\nCOPY a /\n")).collect();
    // Whoever builds much does so in tasks.
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    drop(is_send(builder.solve(&solves[0], &mut tokio::io::sink(), &mut drop)));
    let builds = worlds.iter().zip(&solves).map(|(world, solve)| world.build(builder, solve));
    for (number, image) in futures::future::join_all(builds).await.into_iter().enumerate() {
        assert_eq!(image.unwrap().read("a"), format!("content {number}"));
    }
}

async fn named_contexts(builder: &Builder) {
    let (world, other) = (World::new(&[("a", "one")]), World::new(&[("b", "two")]));
    let mut solve = world.solve("FROM scratch\nCOPY a /\nCOPY --from=other b /\n");
    solve.contexts = [("other".to_owned(), Context::Folder(other.context()))].into();
    let image = world.build(builder, &solve).await.unwrap();
    assert_eq!(image.files().len(), 2);
    assert_eq!(image.read("b"), "two");
}

async fn caches(builder: &Builder) {
    let (world, registry) = (World::new(&[("a", "one")]), TestRegistry::start().await.unwrap());
    let mut solve = world.solve("FROM scratch AS first\nCOPY a /\nFROM scratch\nCOPY --from=first /a /b\n");
    let reference = ("ref".to_owned(), format!("{}/cache:1", registry.host()));
    let cache = |attributes: &[(String, String)]| Cache {
        kind: "registry".to_owned(),
        attributes: attributes.iter().cloned().collect(),
    };
    solve.cache_to = vec![cache(&[reference.clone(), ("mode".to_owned(), "max".to_owned())])];
    assert_eq!(world.build(builder, &solve).await.unwrap().read("b"), "one");
    assert!(registry.lines().iter().any(|line| line.contains("/cache/manifests/1")), "{:?}", registry.lines());
    registry.forget();
    (solve.cache_to, solve.cache_from) = (Vec::new(), vec![cache(&[reference])]);
    assert_eq!(world.build(builder, &solve).await.unwrap().read("b"), "one");
    assert!(registry.lines().iter().any(|line| line.contains("/cache/manifests/1")), "{:?}", registry.lines());
    solve.cache_to = vec![Cache { kind: "local".to_owned(), attributes: [].into() }];
    assert!(matches!(world.build(builder, &solve).await, Err(BuildkitError::LocalCache)));
}
