use super::InstructionProblem;
use crate::syntax::Arguments;

/// A name with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether `=` stands between them.
    pub by_sign: bool,
}

/// A build argument that a file takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The name.
    pub name: String,
    /// The value where nobody gives another.
    pub default: Option<String>,
}

pub(super) fn values(arguments: &Arguments) -> Result<Vec<Value>, InstructionProblem> {
    let Arguments::Pairs(pairs) = arguments else {
        return Err(InstructionProblem::Count { expected: "at least one name with a value" });
    };
    let value = |pair: &crate::syntax::Pair| match pair.name.as_str() {
        "" => Err(InstructionProblem::Blank),
        _ => Ok(Value { name: pair.name.clone(), value: pair.value.clone(), by_sign: pair.by_sign }),
    };
    pairs.iter().map(value).collect()
}

pub(super) fn arguments(written: &Arguments) -> Result<Vec<Argument>, InstructionProblem> {
    let Arguments::Words(words) = written else {
        return Err(InstructionProblem::Count { expected: "at least one name" });
    };
    let argument = |word: &String| {
        let (name, default) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
        if name.is_empty() {
            return Err(InstructionProblem::Blank);
        }
        Ok(Argument { name: name.to_owned(), default: default.map(str::to_owned) })
    };
    words.iter().map(argument).collect()
}
