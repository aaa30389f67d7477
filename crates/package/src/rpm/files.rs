use super::HeaderError;
use super::header::{ByteKind, Header};

const OLD_FILE_NAMES: u32 = 1027;
const FILE_STATES: u32 = 1029;
const DIRECTORY_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIRECTORY_NAMES: u32 = 1118;

/// States of files that belong to a package and were not installed with it: documentation that was left out, or libraries of
/// another architecture.
const NOT_INSTALLED: [u8; 2] = [2, 4];

/// The files that a package owns. Folders are kept once: a small header can name very many files in one with a long name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RpmFiles {
    folders: Vec<String>,
    /// Number of the folder, and name within it.
    files: Vec<(usize, String)>,
}

impl RpmFiles {
    /// Returns the folder of each file, with its slash at the end, and its name there.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(folder, name)| Some((self.folders.get(*folder)?.as_str(), name.as_str())))
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
            Some(indexes) => Ok(Self { folders, files: indexes.into_iter().zip(names).collect() }),
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
            files.files.push((files.folders.len() - 1, name.to_owned()));
        }
        files
    }
}
