/// The fields by which packages are found.
#[derive(Default)]
pub(super) struct Keys<'a> {
    pub(super) package: Option<&'a str>,
    pub(super) provides: Option<&'a str>,
}

impl<'a> Keys<'a> {
    /// Finds them without reading the others.
    pub(super) fn scan(paragraph: &'a str) -> Self {
        let mut keys = Self::default();
        let mut start = 0;
        for line in paragraph.split_inclusive('\n') {
            if let Some(value) = value_of(line, "Package:") {
                keys.package = Some(value.trim());
            } else if value_of(line, "Provides:").is_some() {
                let value = start + "Provides:".len();
                let end =
                    paragraph[value..].match_indices('\n').map(|(position, _)| value + position).find(|position| {
                        // The field ends where the next line is not indented.
                        !paragraph[position + 1..].starts_with([' ', '\t'])
                    });
                keys.provides = Some(&paragraph[value..end.unwrap_or(paragraph.len())]);
            }
            start += line.len();
        }
        keys
    }
}

fn value_of<'a>(line: &'a str, field: &str) -> Option<&'a str> {
    let name = line.get(..field.len())?;
    name.eq_ignore_ascii_case(field).then(|| &line[field.len()..])
}
