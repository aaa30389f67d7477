//! A server of plain files that answers as feeds of advisories are answered, also when they cannot be had.

use consign_oci::Digest;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How a server treats those who ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// It gives them what they ask for.
    #[default]
    Well,
    /// It has heard enough of them (429), and would be asked again at once.
    Tired,
    /// It ends in the middle of a file of which it has said how long it is.
    Half,
    /// It ends in the middle of a file, and that looks like its end.
    HalfUnnoticed,
}

/// A server on a free port of this machine, until the tests end.
pub struct FeedServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    mood: Mood,
    answers: Vec<(String, u16)>,
}

impl FeedServer {
    /// Starts a server without files.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // Who goes away in the middle of an answer has had enough of it.
                thread::spawn(move || _ = answer(stream, &state));
            }
        });
        Ok(Self { address, state })
    }

    /// Returns its address, as a mirror of feeds is named.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a file below it.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.state().files.insert(path.to_owned(), bytes.into());
    }

    /// Treats whoever asks from now on in another way.
    pub fn set(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// Returns what was asked for since this was called last, and the status of each answer, in the order of the paths.
    pub fn answers(&self) -> Vec<(String, u16)> {
        let mut answers = std::mem::take(&mut self.state().answers);
        answers.sort();
        answers
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers one request, and closes the connection.
fn answer(mut stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let headers = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
    let known: Vec<String> = headers
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("if-none-match").then(|| value.trim().to_owned())
        })
        .collect();
    let (head, body) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let file = state.files.get(&path).cloned();
        let (status, head, body) = match (state.mood, file) {
            (Mood::Tired, _) => {
                (429, "429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0".to_owned(), Vec::new())
            }
            (_, None) => (404, "404 Not Found\r\ncontent-length: 0".to_owned(), Vec::new()),
            (mood, Some(file)) => {
                let (tag, length) = (format!("\"{}\"", Digest::of(&file).hex()), file.len());
                let half = file[..length / 2].to_vec();
                match mood {
                    Mood::Half => (200, format!("200 OK\r\ncontent-length: {length}"), half),
                    Mood::HalfUnnoticed => (200, format!("200 OK\r\netag: {tag}"), half),
                    _ if known.contains(&tag) => (304, format!("304 Not Modified\r\netag: {tag}"), Vec::new()),
                    _ => (200, format!("200 OK\r\netag: {tag}\r\ncontent-length: {length}"), file),
                }
            }
        };
        state.answers.push((path, status));
        (head, body)
    };
    write!(stream, "HTTP/1.1 {head}\r\nconnection: close\r\n\r\n")?;
    stream.write_all(&body)
}
