//! What signatures say more, as cosign takes it.

use crate::error::CommandError;
use crate::exit_code::ExitCode;
use consign_sign::Annotations;

/// What one option says: pairs with commas between them. As in a line of CSV (RFC 4180), a pair in quotation marks may have commas itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        fields(text)?.iter().map(|field| pair(field)).collect::<Result<_, _>>().map(Self)
    }

    /// Returns all that options say. The same key twice says nothing that could be told from the other.
    pub(crate) fn together(all: &[Self]) -> Result<Annotations, CommandError> {
        let mut annotations = Annotations::new();
        for (key, value) in all.iter().flat_map(|Self(pairs)| pairs) {
            let before = annotations.insert(key.clone(), value.clone());
            if let Some(before) = before.filter(|before| before != value) {
                let message = format!("`--annotations` says two things of `{key}`: `{before}` and `{value}`");
                return Err(CommandError::new(ExitCode::Usage, message));
            }
        }
        Ok(annotations)
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let hint = "write KEY=VALUE, several with commas between them; in quotation marks, as '\"KEY=ONE,TWO\"', a value may have commas";
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or(hint)?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Splits a line of CSV.
fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, left) = match text.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => match text.split_once(',') {
                Some((field, left)) => (field.to_owned(), Some(left)),
                None => (text.to_owned(), None),
            },
        };
        fields.push(field);
        rest = left;
    }
    Ok(fields)
}

/// Reads a field up to its closing quotation mark, and returns what follows the comma after it. Two marks stand for one.
fn quoted_field(text: &str) -> Result<(String, Option<&str>), String> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, left) = rest.split_once('"').ok_or("a quotation mark is not closed")?;
        field.push_str(part);
        match (left.strip_prefix('"'), left.strip_prefix(',')) {
            (Some(more), _) => {
                field.push('"');
                rest = more;
            }
            (None, Some(next)) => return Ok((field, Some(next))),
            (None, None) if left.is_empty() => return Ok((field, None)),
            (None, None) => return Err("after a closing quotation mark comes a comma".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_options_say() {
        for (options, expected) in [
            (&["a=1"][..], Ok(&[("a", "1")][..])),
            (&["a=1,b=2", "c=3"], Ok(&[("a", "1"), ("b", "2"), ("c", "3")])),
            (&["a=", "b==,c=d=e"], Ok(&[("a", ""), ("b", "="), ("c", "d=e")])),
            (&["a=1,a=1", "a=1"], Ok(&[("a", "1")])),
            (&[r#""a=1,2",b=3"#], Ok(&[("a", "1,2"), ("b", "3")])),
            (&[r#""a=say ""no""""#], Ok(&[("a", r#"say "no""#)])),
            (&["a=1,b"], Err("write KEY=VALUE")),
            (&["a=1,"], Err("write KEY=VALUE")),
            (&["=1"], Err("write KEY=VALUE")),
            (&[""], Err("write KEY=VALUE")),
            (&[r#""a=1"#], Err("is not closed")),
            (&[r#""a=1"b"#], Err("comes a comma")),
            (&["a=1,a=2"], Err("two things of `a`: `1` and `2`")),
            (&["a=1", "b=1", "a=2"], Err("two things of `a`: `1` and `2`")),
        ] {
            let read = options.iter().map(|option| Pairs::read(option)).collect::<Result<Vec<_>, _>>();
            let read = read.and_then(|all| Pairs::together(&all).map_err(|error| error.message));
            match (read, expected) {
                (Ok(found), Ok(expected)) => {
                    let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
                    assert_eq!(found, expected, "{options:?}");
                }
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{options:?}: {found}"),
                (found, expected) => panic!("{options:?}: {found:?}, not {expected:?}"),
            }
        }
    }
}
