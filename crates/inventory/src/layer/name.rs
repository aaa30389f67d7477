use std::borrow::Cow;

/// Before the two digits of a byte that cannot stand as it is.
const ESCAPE: &str = "\\x";

/// Returns a path as text. Two paths never become the same: otherwise one file would hide another. Of a part of it, what is not UTF-8, or ends a line,
/// becomes `\xNN`; then each backslash in that part is doubled, and so it is in parts that have such a mark of their own. Almost all stay as they are.
pub(crate) fn text(path: &[u8]) -> Cow<'_, str> {
    match plain(path) {
        Some(text) => Cow::Borrowed(text),
        None => {
            let parts =
                path.split(|byte| *byte == b'/').map(|part| plain(part).map_or_else(|| escaped(part), str::to_owned));
            Cow::Owned(parts.collect::<Vec<_>>().join("/"))
        }
    }
}

/// Returns the name of a file that lies in a folder as text. There, one that would mean in a layer that something is removed is a name like others.
pub(crate) fn of_file(name: &[u8]) -> Cow<'_, str> {
    match name.strip_prefix(b".wh.") {
        Some(rest) => Cow::Owned(format!("{ESCAPE}2ewh.{}", escaped(rest))),
        None => text(name),
    }
}

fn plain(name: &[u8]) -> Option<&str> {
    std::str::from_utf8(name).ok().filter(|text| !text.contains('\n') && !text.contains(ESCAPE))
}

fn escaped(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\x0a"),
                letter => text.push(letter),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("{ESCAPE}{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_names_stay_as_they_are() {
        for (name, expected) in [
            (&b"usr/lib/\xc3\xa9"[..], "usr/lib/é"),
            (b"a\\b", "a\\b"),
            (b"app\xff", "app\\xff"),
            (b"app\\xff", "app\\\\xff"),
            (b"a\nb\\c", "a\\x0ab\\\\c"),
            // A name means the same wherever it lies.
            (b"a\\b/c\xff", "a\\b/c\\xff"),
        ] {
            assert_eq!(text(name), expected);
        }
    }

    #[test]
    fn files_in_folders_remove_nothing() {
        for (name, expected) in [
            (&b".wh.app"[..], "\\x2ewh.app"),
            (b".wh..wh..opq", "\\x2ewh..wh..opq"),
            (b".wh.a\\b", "\\x2ewh.a\\\\b"),
            (b"\\x2ewh.app", "\\\\x2ewh.app"),
            (b".what", ".what"),
        ] {
            assert_eq!(of_file(name), expected);
        }
    }

    proptest! {
        #[test]
        fn no_name_becomes_another(
            one in prop::collection::vec(prop::sample::select(&b"\\x0aff/\n\xff\xc3"[..]), 0..6),
            other in prop::collection::vec(prop::sample::select(&b"\\x0aff/\n\xff\xc3"[..]), 0..6),
        ) {
            prop_assert_eq!(one == other, text(&one) == text(&other));
        }
    }
}
