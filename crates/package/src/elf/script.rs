use super::Files;
use serde::{Deserialize, Serialize};

/// Longest first line of a script that a kernel reads, in bytes (Linux, `BINPRM_BUF_SIZE`).
const LINE_LIMIT: usize = 256;

/// What the first line of a script asks for (execve(2), "Interpreter scripts").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The program that is to run it, as written.
    pub interpreter: String,
    /// The program that `env` is to look for, if that is the interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
}

impl Script {
    /// Reads the start of a file; `None` if it is no script.
    pub fn read(contents: &[u8]) -> Option<Self> {
        let line = contents.strip_prefix(b"#!")?;
        let line = line.iter().take(LINE_LIMIT).take_while(|byte| **byte != b'\n').copied().collect::<Vec<u8>>();
        let line = String::from_utf8(line).ok()?;
        // As the kernel does: a carriage return at the end of the line is a part of the name.
        let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        let interpreter = words.next()?.to_owned();
        let is_env = interpreter.rsplit('/').next() == Some("env");
        let mut words = words.filter(|_| is_env);
        let wanted = words.find(|word| !word.starts_with('-') && !word.contains('=')).map(str::to_owned);
        Some(Self { interpreter, wanted })
    }

    /// Returns the program that it asks for and that is not in the image. `path`: the folders of the image's `PATH`.
    pub fn missing(&self, image: &impl Files, path: &[String]) -> Option<String> {
        if image.find(&self.interpreter).is_none() {
            return Some(self.interpreter.clone());
        }
        // What `env` itself looks for.
        let wanted = self.wanted.as_ref()?;
        let there = match wanted.contains('/') {
            true => image.find(wanted).is_some(),
            false => path.iter().any(|folder| image.find(&format!("{folder}/{wanted}")).is_some()),
        };
        (!there).then(|| wanted.clone())
    }
}
