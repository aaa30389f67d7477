use super::builder::Builder;
use super::engine::Engine;
use super::failure::Failure;
use super::identifier::identifier;
use super::progress::{Progress, Steps};
use super::protocol::control::{Exporter, SolveResponse, StatusRequest, StatusResponse};
use super::request::{CONTEXT_FOLDER, DOCKERFILE, DOCKERFILE_FOLDER, named_folder, request};
use super::session::{self, Services, Tree};
use super::solve::{Context, Solve};
use super::{Address, BuildkitError};
use bytes::Bytes;
use futures::FutureExt as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tonic::Status;
use tonic::codec::Streaming;

/// How long to wait for the last words about a build that has ended.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// The form of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An OCI layout (image-spec, image-layout.md).
    Oci,
    /// What `docker save` writes: of engines that do not keep images in containerd's store, which have nothing else.
    Docker,
}

/// A build that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solved {
    /// The form of the archive.
    pub form: Form,
    /// How many bytes the archive has.
    pub bytes: u64,
    /// What the daemon says of the image, such as `containerimage.digest` and `containerimage.config.digest`.
    pub facts: BTreeMap<String, String>,
}

/// The archive's way out, which counts its bytes.
struct Output<'a, W> {
    writer: &'a mut W,
    address: &'a Address,
    bytes: u64,
    limit: u64,
}

impl<W: AsyncWrite + Unpin + Send> Output<'_, W> {
    async fn write(&mut self, piece: &Bytes) -> Result<(), BuildkitError> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if self.bytes > self.limit {
            return Err(BuildkitError::OutputLimit { address: self.address.to_string(), limit: self.limit });
        }
        self.writer.write_all(piece).await.map_err(BuildkitError::Output)
    }
}

/// An image of an engine under a name of ours, which goes away with this value, also when the build is cancelled.
struct Borrowed {
    engine: Engine,
    name: String,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let (engine, name) = (self.engine.clone(), self.name.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // It may not be there, and the build has ended either way.
            runtime.spawn(async move { _ = engine.remove(&name).await });
        }
    }
}

/// Runs one build.
pub(super) async fn run(
    builder: &Builder,
    solve: &Solve,
    output: &mut (impl AsyncWrite + Unpin + Send),
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Solved, BuildkitError> {
    if solve.cache_from.iter().chain(&solve.cache_to).any(|cache| cache.kind == "local") {
        return Err(BuildkitError::LocalCache);
    }
    let new = || identifier().map_err(BuildkitError::Random);
    let (reference, session) = (new()?, new()?);
    let mut output = Output { writer: output, address: &builder.address, bytes: 0, limit: solve.output_limit };
    let borrowed = match &builder.engine {
        Some(engine) if !engine.has_image_store().await? => {
            Some(Borrowed { engine: engine.clone(), name: format!("consign-build:{reference}") })
        }
        _ => None,
    };
    let exporter = match &borrowed {
        // The only one of such engines that keeps the config, and layers apart.
        Some(borrowed) => {
            Exporter { kind: "moby".to_owned(), attributes: [("name".to_owned(), borrowed.name.clone())].into() }
        }
        None => Exporter { kind: "oci".to_owned(), attributes: solve.exporter.clone() },
    };
    let (sender, pieces) = mpsc::channel(8);
    let handed = Arc::new(Mutex::new(Some(sender)));
    let services = services(solve, handed.clone())?;
    let serving = session::serve(builder.channel.clone(), session.clone(), services);
    let request = request(solve, &reference, &session, exporter);
    let asked = builder.channel.call("/moby.buildkit.v1.Control/Solve", request);
    let told = builder.channel.stream(
        "/moby.buildkit.v1.Control/Status",
        &[],
        futures::stream::iter([StatusRequest { reference }]),
    );
    let mut steps = Steps::default();
    let solved = tokio::select! {
        // The session ends only after the build, or because of an error.
        ended = serving => Err(match ended {
            Ok(()) => builder.channel.failed("Session", &Status::cancelled("the daemon ended it")),
            Err(status) => builder.channel.failed("Session", &status),
        }),
        solved = follow(Call { asked, told, pieces, handed: &handed }, &mut steps, &mut output, progress) => solved,
    };
    let solved =
        solved?.map_err(|status| BuildkitError::Build(Box::new(Failure::new(&status, &solve.dockerfile, &steps))))?;
    if let Some(borrowed) = &borrowed {
        let mut image = borrowed.engine.save(&borrowed.name).await?;
        while let Some(piece) = image.next().await? {
            output.write(&piece).await?;
        }
    }
    if output.bytes == 0 {
        return Err(BuildkitError::NoOutput { address: builder.address.to_string() });
    }
    output.writer.flush().await.map_err(BuildkitError::Output)?;
    let form = if borrowed.is_some() { Form::Docker } else { Form::Oci };
    let mut facts = solved.exporter_response;
    if borrowed.is_some() {
        // A name of ours, which is another one every time.
        facts.remove("image.name");
    }
    Ok(Solved { form, bytes: output.bytes, facts })
}

/// A build's three conversations.
struct Call<'a, A, T> {
    /// The build itself.
    asked: A,
    /// What happens meanwhile.
    told: T,
    /// The archive.
    pieces: mpsc::Receiver<Bytes>,
    /// Holds the archive's other end until the daemon asks for it.
    handed: &'a Mutex<Option<mpsc::Sender<Bytes>>>,
}

/// Takes in everything until the build has ended.
async fn follow<W: AsyncWrite + Unpin + Send>(
    call: Call<
        '_,
        impl Future<Output = Result<SolveResponse, Status>>,
        impl Future<Output = Result<Streaming<StatusResponse>, Status>>,
    >,
    steps: &mut Steps,
    output: &mut Output<'_, W>,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<Result<SolveResponse, Status>, BuildkitError> {
    let Call { asked, told, mut pieces, handed } = call;
    let told = async { told.await.ok() }.fuse();
    let asked = asked.fuse();
    tokio::pin!(asked, told);
    let (mut answers, mut answer) = (None::<Streaming<StatusResponse>>, None);
    let (mut all_told, mut all_written) = (false, false);
    let deadline = tokio::time::sleep(Duration::MAX);
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            ended = &mut asked, if answer.is_none() => {
                deadline.as_mut().reset(tokio::time::Instant::now() + LAST_WORDS);
                // What the daemon did not ask for by now it never will; and of a failed build nothing is wanted.
                drop(handed.lock().ok().and_then(|mut handed| handed.take()));
                all_written |= ended.is_err();
                answer = Some(ended);
            }
            begun = &mut told, if answers.is_none() && !all_told => {
                answers = begun;
                all_told = answers.is_none();
            }
            told = next(&mut answers), if answers.is_some() && !all_told => match told {
                // Without them a build is only less talkative.
                Ok(None) | Err(_) => all_told = true,
                Ok(Some(told)) => steps.learn(told, progress),
            },
            piece = pieces.recv(), if !all_written => match piece {
                Some(piece) => output.write(&piece).await?,
                None => all_written = true,
            },
            () = &mut deadline, if answer.is_some() && !all_told => all_told = true,
        }
        if all_told
            && all_written
            && let Some(answer) = answer.take()
        {
            return Ok(answer);
        }
    }
}

async fn next(answers: &mut Option<Streaming<StatusResponse>>) -> Result<Option<StatusResponse>, Status> {
    match answers {
        Some(answers) => answers.message().await,
        None => Ok(None),
    }
}

/// Opens what the daemon may ask for.
fn services(solve: &Solve, output: Arc<Mutex<Option<mpsc::Sender<Bytes>>>>) -> Result<Services, BuildkitError> {
    let open = |path: &Path| {
        let tree = Tree::open(path, solve.created);
        tree.map_err(|source| BuildkitError::Folder { path: path.to_owned(), source })
    };
    let mut files = BTreeMap::from([(DOCKERFILE.to_owned(), solve.dockerfile.clone())]);
    if let Some(ignored) = &solve.dockerignore {
        files.insert(format!("{DOCKERFILE}.dockerignore"), ignored.clone());
    }
    let mut trees = BTreeMap::from([(DOCKERFILE_FOLDER.to_owned(), Arc::new(Tree::Memory(files)))]);
    trees.insert(CONTEXT_FOLDER.to_owned(), Arc::new(open(&solve.context)?));
    for (number, context) in solve.contexts.values().enumerate() {
        if let Context::Folder(path) = context {
            trees.insert(named_folder(number), Arc::new(open(path)?));
        }
    }
    Ok(Services {
        trees,
        secrets: solve.secrets.clone(),
        agents: solve.agents.clone(),
        credentials: solve.credentials.clone(),
        output,
    })
}
