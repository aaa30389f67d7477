use super::WebError;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest file of keys or tokens, in bytes.
const LIMIT: u64 = 1 << 20;

/// Reads a small file of text.
pub(crate) fn read(path: &Path, place: &'static str) -> Result<String, WebError> {
    let failed = |problem: String| WebError::source(place, format!("{}: {problem}", path.display()));
    let mut text = String::new();
    // A pipe would wait for somebody who writes to it, and a device may not end.
    if !path.metadata().map_err(|error| failed(error.to_string()))?.is_file() {
        return Err(failed("it is no file".to_owned()));
    }
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_string(&mut text));
    read.map_err(|error| failed(error.to_string()))?;
    if text.len() as u64 > LIMIT {
        return Err(failed(format!("it has more than {LIMIT} bytes")));
    }
    Ok(text)
}
