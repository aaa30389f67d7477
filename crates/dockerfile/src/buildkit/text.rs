/// Longest text of a daemon that is passed on, in characters.
const LIMIT: usize = 4096;

/// Returns a daemon's words, shortened, without what would move a terminal's cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_where_it_is() {
        assert_eq!(printable("a\u{1b}[2Jb\rc\td\n\u{9b}ä"), "a[2Jbc\td\nä");
        assert_eq!(printable(&"ä".repeat(5000)).chars().count(), LIMIT);
    }
}
