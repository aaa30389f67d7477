use super::GoError;
use crate::language::line;

/// Most modules of a program.
const LIMIT: usize = 100_000;
/// What `go` writes for a version where there is none: a folder, not a release.
const NO_RELEASE: [&str; 2] = ["", "(devel)"];

/// A module that is in a program.
pub(super) struct Module {
    pub(super) path: String,
    pub(super) version: Option<String>,
    pub(super) sum: Option<String>,
    /// The folder that it was replaced by.
    pub(super) folder: Option<String>,
}

/// The list of modules of a program (runtime/debug, `ParseBuildInfo`).
#[derive(Default)]
pub(super) struct Modules {
    /// The package of its function `main`.
    pub(super) path: Option<String>,
    /// The module that is built.
    pub(super) main: Option<Module>,
    /// The modules that it needs.
    pub(super) needed: Vec<Module>,
    /// What the linker was told.
    pub(super) flags: Option<String>,
}

impl Modules {
    /// Reads the list. Kinds of lines that later releases of Go may add are passed over.
    pub(super) fn parse(text: &str) -> Result<Self, GoError> {
        let mut modules = Self::default();
        // Which module a replacement on the next line is for.
        let mut replaced = Replaced::None;
        for (index, line) in text.lines().enumerate() {
            let wrong = GoError::Line { line: index + 1 };
            let Some((word, rest)) = line.split_once('\t') else { continue };
            match word {
                "path" => modules.path = Some(rest.to_owned()),
                "mod" => {
                    modules.main = Some(Module::parse(rest).ok_or(wrong)?);
                    replaced = Replaced::Main;
                }
                "dep" if modules.needed.len() == LIMIT => {
                    return Err(GoError::TooLong { limit: LIMIT, unit: "modules" });
                }
                "dep" => {
                    modules.needed.push(Module::parse(rest).ok_or(wrong)?);
                    replaced = Replaced::Needed;
                }
                "=>" => {
                    let module = match std::mem::replace(&mut replaced, Replaced::None) {
                        Replaced::Main => modules.main.as_mut(),
                        Replaced::Needed => modules.needed.last_mut(),
                        Replaced::None => None,
                    };
                    let (module, other) = module.zip(Module::parse(rest)).ok_or(wrong)?;
                    module.replace(other);
                }
                "build" => modules.flags = modules.flags.or(linker_flags(rest)),
                _ => {}
            }
        }
        Ok(modules)
    }
}

enum Replaced {
    None,
    Main,
    Needed,
}

impl Module {
    fn parse(columns: &str) -> Option<Self> {
        let mut columns = columns.split('\t');
        let path = columns.next().and_then(line)?;
        let version = columns.next().filter(|version| !version.contains(char::is_control))?;
        let sum = columns.next().filter(|sum| sum.starts_with("h1:")).map(str::to_owned);
        let version = (!NO_RELEASE.contains(&version)).then(|| version.to_owned());
        columns.next().is_none().then_some(Self { path, version, sum, folder: None })
    }

    /// A replacement is what is in the program. A folder has no name that others know: it stays what it is in place of, of a version that nothing says.
    fn replace(&mut self, other: Self) {
        if other.version.is_some() {
            *self = other;
        } else {
            (self.version, self.sum, self.folder) = (None, None, Some(other.path));
        }
    }
}

/// Returns what a setting tells the linker, if it is that setting.
fn linker_flags(setting: &str) -> Option<String> {
    let value = setting.strip_prefix("-ldflags=").or_else(|| setting.strip_prefix("\"-ldflags\"="))?;
    if let Some(raw) = value.strip_prefix('`') {
        return raw.strip_suffix('`').map(str::to_owned);
    }
    let Some(quoted) = value.strip_prefix('"') else { return Some(value.to_owned()) };
    // Go's quotes are those of JSON, but for a few escapes that no version has.
    serde_json::from_str(&format!("\"{quoted}")).ok()
}
