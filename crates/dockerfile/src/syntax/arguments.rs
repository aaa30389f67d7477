use super::statement::{Arguments, Pair};
use super::{Escape, Keyword, SyntaxProblem, words};

/// What separates words where quotes do not count.
pub(super) const BLANK: [char; 5] = ['\t', '\u{b}', '\u{c}', '\r', ' '];

/// Reads what follows a statement's flags; `None` for ONBUILD, whose argument is a statement.
pub(super) fn read(keyword: Keyword, text: &str, escape: Escape) -> Result<Option<Arguments>, SyntaxProblem> {
    Ok(Some(match keyword {
        Keyword::Add | Keyword::Copy | Keyword::Volume => json(text)?.unwrap_or_else(|| blank_words(text)),
        Keyword::Cmd | Keyword::Entrypoint | Keyword::Run | Keyword::Shell => {
            json(text)?.unwrap_or_else(|| whole(text))
        }
        Keyword::Expose | Keyword::From => blank_words(text),
        Keyword::Maintainer | Keyword::Stopsignal | Keyword::User | Keyword::Workdir => whole(text),
        Keyword::Env | Keyword::Label => pairs(keyword, text, escape)?,
        Keyword::Arg => match words::split(text, escape) {
            words if words.is_empty() => Arguments::None,
            words => Arguments::Words(words),
        },
        Keyword::Healthcheck => check(text)?,
        Keyword::Onbuild => return Ok(None),
    }))
}

fn whole(text: &str) -> Arguments {
    if text.is_empty() { Arguments::None } else { Arguments::Text(text.to_owned()) }
}

fn blank_words(text: &str) -> Arguments {
    if text.is_empty() {
        return Arguments::None;
    }
    Arguments::Words(text.split(BLANK).filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// Reads a JSON array of strings; `None` if it is no JSON array, which then means itself.
fn json(text: &str) -> Result<Option<Arguments>, SyntaxProblem> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text) else { return Ok(None) };
    let string = |value| match value {
        serde_json::Value::String(text) => Ok(text),
        _ => Err(SyntaxProblem::NotStrings),
    };
    values.into_iter().map(string).collect::<Result<_, _>>().map(|words| Some(Arguments::Json(words)))
}

/// Reads `name=value …`, or `name value`, which takes all that is left as the value.
fn pairs(keyword: Keyword, text: &str, escape: Escape) -> Result<Arguments, SyntaxProblem> {
    let words = words::split(text, escape);
    let Some(first) = words.first() else { return Ok(Arguments::None) };
    if !first.contains('=') {
        let (name, value) = text.split_once(BLANK).ok_or(SyntaxProblem::NoValue { keyword })?;
        let value = value.trim_start_matches(BLANK).to_owned();
        return Ok(Arguments::Pairs(vec![Pair { name: name.to_owned(), value, by_sign: false }]));
    }
    let pair = |word: String| match word.split_once('=') {
        Some((name, value)) => Ok(Pair { name: name.to_owned(), value: value.to_owned(), by_sign: true }),
        None => Err(SyntaxProblem::NoSign { word }),
    };
    words.into_iter().map(pair).collect::<Result<_, _>>().map(Arguments::Pairs)
}

fn check(text: &str) -> Result<Arguments, SyntaxProblem> {
    let (kind, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if kind.is_empty() {
        return Ok(Arguments::None);
    }
    let rest = rest.trim_start();
    Ok(Arguments::Check(kind.to_owned(), Box::new(json(rest)?.unwrap_or_else(|| whole(rest)))))
}
