use super::image::Image;

/// Longest first line of a script that a kernel reads, in bytes (Linux, `BINPRM_BUF_SIZE`).
const LINE_LIMIT: usize = 256;

/// Returns the program that a script asks for and that is not in the image.
pub(super) fn missing_interpreter(contents: &[u8], image: &Image<'_>, path: &[String]) -> Option<String> {
    let line = contents.strip_prefix(b"#!")?;
    let line = line.iter().take(LINE_LIMIT).take_while(|byte| **byte != b'\n').copied().collect::<Vec<u8>>();
    let line = String::from_utf8(line).ok()?;
    let mut words = line.split_whitespace();
    let program = words.next()?;
    if image.find(program).is_none() {
        return Some(program.to_owned());
    }
    if program.rsplit('/').next() != Some("env") {
        return None;
    }
    // What `env` itself looks for, in the image's `PATH`.
    let wanted = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    let there = match wanted.contains('/') {
        true => image.find(wanted).is_some(),
        false => path.iter().any(|folder| image.find(&format!("{folder}/{wanted}")).is_some()),
    };
    (!there).then(|| wanted.to_owned())
}
