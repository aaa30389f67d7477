use super::HeaderError;
use super::header::{ByteKind, Header};

const OLD_FILE_NAMES: u32 = 1027;
const FILE_STATES: u32 = 1029;
const FILE_DIGESTS: u32 = 1035;
const DIRECTORY_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIRECTORY_NAMES: u32 = 1118;
const FILE_DIGEST_ALGORITHM: u32 = 5011;

/// Numbers of algorithms (RFC 9580, section 9.5), with their names and how many hexadecimal digits their digests have. Where none is named, it is the first.
const ALGORITHMS: [(u32, &str, usize); 3] = [(1, "md5", 32), (2, "sha1", 40), (8, "sha256", 64)];

/// States of files that belong to a package and were not installed with it: documentation that was left out, or libraries of
/// another architecture.
const NOT_INSTALLED: [u8; 2] = [2, 4];

/// The files that a package owns. Folders are kept once: a small header can name very many files in one with a long name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpmFiles {
    folders: Vec<String>,
    files: Vec<File>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    /// Number of its folder.
    folder: usize,
    /// Name within it.
    name: String,
    /// Digest as `algorithm:hex`, if one is known of what it holds.
    digest: Option<String>,
}

impl RpmFiles {
    /// Returns the folder of each file, with its slash at the end, and its name there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.with_digests().map(|(folder, name, _)| (folder, name))
    }

    /// Returns the same, with digests of what they hold as `algorithm:hex` where they are known.
    pub fn with_digests(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        self.files.iter().filter_map(|File { folder, name, digest }| {
            Some((self.folders.get(*folder)?.as_str(), name.as_str(), digest.as_deref()))
        })
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(super) fn of(header: &Header<'_>) -> Result<Self, HeaderError> {
        let names = header.texts(BASE_NAMES)?;
        let mut files = if names.is_empty() {
            Self::of_paths(&header.texts(OLD_FILE_NAMES)?)
        } else {
            Self::of_names(names, header)?
        };
        for (file, digest) in files.files.iter_mut().zip(digests(header)) {
            file.digest = digest;
        }
        let states = header.bytes(FILE_STATES, ByteKind::Small)?;
        let mut states = states.iter().copied();
        files.files.retain(|_| states.next().is_none_or(|state| !NOT_INSTALLED.contains(&state)));
        Ok(files)
    }

    fn of_names(names: Vec<String>, header: &Header<'_>) -> Result<Self, HeaderError> {
        let folders = header.texts(DIRECTORY_NAMES)?;
        let indexes = header.numbers(DIRECTORY_INDEXES)?;
        let index = |index: u32| usize::try_from(index).ok().filter(|index| *index < folders.len());
        let indexes: Option<Vec<usize>> = indexes.into_iter().map(index).collect();
        match indexes.filter(|indexes| indexes.len() == names.len()) {
            Some(indexes) => Ok(Self { folders, files: indexes.into_iter().zip(names).map(File::new).collect() }),
            None => Err(HeaderError::Files),
        }
    }

    /// Before rpm 4, headers had whole paths.
    fn of_paths(paths: &[String]) -> Self {
        let mut files = Self::default();
        for path in paths {
            let (folder, name) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
            if files.folders.last().is_none_or(|last| last != folder) {
                files.folders.push(folder.to_owned());
            }
            files.files.push(File::new((files.folders.len() - 1, name.to_owned())));
        }
        files
    }
}

impl File {
    fn new((folder, name): (usize, String)) -> Self {
        Self { folder, name, digest: None }
    }
}

/// Returns the digests of files, in their order. What is wrong with them does no harm: then nothing is known.
fn digests(header: &Header<'_>) -> Vec<Option<String>> {
    let algorithm = header.numbers(FILE_DIGEST_ALGORITHM).unwrap_or_default().first().copied().unwrap_or(1);
    let known = ALGORITHMS.iter().find(|(number, ..)| *number == algorithm);
    let Some((_, algorithm, digits)) = known else { return Vec::new() };
    let is_digest = |hex: &String| hex.len() == *digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = |hex: String| is_digest(&hex).then(|| format!("{algorithm}:{}", hex.to_ascii_lowercase()));
    header.texts(FILE_DIGESTS).unwrap_or_default().into_iter().map(digest).collect()
}
