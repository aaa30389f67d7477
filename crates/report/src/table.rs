use crate::printable;

/// Spaces between columns.
const GAP: usize = 2;

/// Returns aligned text: a line of `headers` in capitals, then `rows`, with no spaces at line ends. A missing cell is empty.
/// Characters that would move a terminal's cursor are replaced, since names may come from a stranger's registry.
pub fn table(headers: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines = vec![headers.iter().map(|header| printable(header).to_uppercase()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()));
    align(&lines)
}

/// Returns lines of cells with each column as wide as its widest cell.
pub(crate) fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            lines.iter().filter_map(|line| line.get(column)).map(|cell| width(cell)).max().unwrap_or_default()
        })
        .collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, column) in line.iter().zip(&widths) {
            row.push_str(cell);
            row.push_str(&" ".repeat(column - width(cell) + GAP));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn aligns_columns() {
        let text = table(
            &["image", "platform", "b"],
            &[row(&["hello", "linux/amd64", ""]), row(&["a", "x"]), row(&["", "y", "z", "w"])],
        );
        assert_eq!(text, "IMAGE  PLATFORM     B\nhello  linux/amd64\na      x\n       y            z  w\n");
        assert_eq!(table(&["a"], &[]), "A\n");
        assert_eq!(table(&[], &[]), "\n");
    }

    #[test]
    fn replaces_what_moves_the_cursor() {
        let text = table(&["a"], &[row(&["x\u{1b}[2Jy\nz\u{202E}"])]);
        assert_eq!(text, "A\nx\u{FFFD}[2Jy\u{FFFD}z\u{FFFD}\n");
    }
}
