use consign_dockerfile::syntax::{Arguments, Statement};
use serde_json::Value;

/// A statement as both parsers show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    keyword: String,
    inner: Option<String>,
    pub(crate) json: bool,
    /// Not of ONBUILD: it has them with the instruction inside, and there they are not asked for.
    flags: Vec<String>,
    words: Vec<String>,
    pub(crate) lines: (usize, usize),
    /// Name, file descriptor and content. Not of ONBUILD.
    heredocs: Vec<(String, u32, String)>,
}

pub(crate) fn ours(statement: &Statement) -> Parsed {
    let (json, words) = words(&statement.arguments);
    let inner = match &statement.arguments {
        Arguments::Statement(inner) => Some(inner.keyword.name().to_owned()),
        _ => None,
    };
    let heredocs = statement.heredocs.iter();
    let heredocs = heredocs.map(|heredoc| (heredoc.name.clone(), heredoc.descriptor, heredoc.content.clone()));
    let parsed = Parsed {
        keyword: statement.keyword.name().to_owned(),
        inner,
        json,
        flags: statement.flags.clone(),
        // Python gets words as C has them.
        words: words.iter().map(|word| word.split('\0').next().unwrap_or_default().to_owned()).collect(),
        lines: (statement.lines.first, statement.lines.last),
        heredocs: heredocs.collect(),
    };
    parsed.comparable()
}

fn words(arguments: &Arguments) -> (bool, Vec<String>) {
    match arguments {
        Arguments::None => (false, Vec::new()),
        Arguments::Words(words) => (false, words.clone()),
        Arguments::Json(words) => (true, words.clone()),
        Arguments::Text(text) => (false, vec![text.clone()]),
        Arguments::Pairs(pairs) => {
            (false, pairs.iter().flat_map(|pair| [pair.name.clone(), pair.value.clone()]).collect())
        }
        Arguments::Statement(inner) => words(&inner.arguments),
        Arguments::Check(kind, command) => {
            let (json, rest) = words(command);
            (json, [kind.clone()].into_iter().chain(rest).collect())
        }
    }
}

/// Reads what the other parser says; `None` if it refuses the file.
pub(crate) fn theirs(answer: &Value) -> Option<Vec<Parsed>> {
    Some(answer.as_array()?.iter().map(|command| of_json(command).comparable()).collect())
}

fn of_json(command: &Value) -> Parsed {
    let texts = |value: &Value| value.as_array().unwrap().iter().map(text).collect();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let heredoc =
        |value: &Value| (text(&value[0]), u32::try_from(value[1].as_u64().unwrap()).unwrap(), text(&value[2]));
    Parsed {
        keyword: text(&command["keyword"]),
        inner: command["inner"].as_str().filter(|inner| !inner.is_empty()).map(str::to_owned),
        json: command["json"].as_bool().unwrap(),
        flags: texts(&command["flags"]),
        words: texts(&command["words"]),
        lines: (number(&command["first"]), number(&command["last"])),
        heredocs: command["heredocs"].as_array().unwrap().iter().map(heredoc).collect(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Parsed {
    fn comparable(self) -> Self {
        match self.inner {
            Some(_) => Self { flags: Vec::new(), heredocs: Vec::new(), ..self },
            None => self,
        }
    }
}
