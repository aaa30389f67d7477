use super::Failure;
use crate::DatabaseError;
use crate::reading::Reading;
use crate::vulnerability::Vulnerability;
use consign_receipt::{Epss, Share};
use jiff::Timestamp;

const FEED: &str = "EPSS";

/// A table of scores as FIRST publishes it every day.
#[derive(Debug)]
pub(super) struct Scores<'a> {
    /// The day of the scores, as it is written.
    day: &'a str,
    published: Option<Timestamp>,
    scores: Vec<(&'a str, Epss)>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Scores<'_>, Failure> {
    let text = std::str::from_utf8(bytes)?;
    let mut lines = (1usize..).zip(text.lines());
    let mut day = "";
    let mut columns = None;
    for (_, line) in lines.by_ref() {
        match line.strip_prefix('#') {
            Some(comment) => {
                day = comment.split(',').find_map(|part| part.trim().strip_prefix("score_date:")).unwrap_or(day)
            }
            None => {
                columns = Some(line);
                break;
            }
        }
    }
    if columns.map(str::trim) != Some("cve,epss,percentile") {
        return Err("its columns are not `cve,epss,percentile`".into());
    }
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    let scores = filled.map(|(number, line)| score(line).ok_or_else(|| format!("line {number} is no score").into()));
    let published = day.parse().ok().or_else(|| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", day).ok());
    Ok(Scores { day, published, scores: scores.collect::<Result<_, Failure>>()? })
}

fn score(line: &str) -> Option<(&str, Epss)> {
    let mut cells = line.trim().split(',');
    let (number, score, percentile) = (cells.next()?, cells.next()?, cells.next()?);
    let share = |text: &str| Share::from_number(text.parse().ok()?);
    let is_number = number.starts_with("CVE-") && cells.next().is_none();
    is_number.then_some((number, Epss { score: share(score)?, percentile: share(percentile)? }))
}

impl Scores<'_> {
    pub(super) fn import(self, place: &str, reading: &mut Reading) -> Result<(), DatabaseError> {
        reading.feed(FEED, self.published);
        for (number, epss) in self.scores {
            let known = Vulnerability { epss: Some((self.day.to_owned(), epss)), ..Vulnerability::default() };
            reading.vulnerability(place, FEED, number, known)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tables() {
        let text = "#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z\ncve,epss,percentile\nCVE-1999-0001,0.01141,0.77637\nCVE-2025-1,1,0\n";
        let table = read(text.as_bytes()).unwrap();
        assert_eq!(table.scores.len(), 2);
        assert_eq!(table.scores[0].1.score.number(), 0.01141);
        assert_eq!(table.published, Some("2025-08-25T12:55:00Z".parse().unwrap()));
        let older =
            read(b"#model_version:v2023.03.01,score_date:2023-03-07T00:00:00+0000\ncve,epss,percentile\n").unwrap();
        assert_eq!(older.published, Some("2023-03-07T00:00:00Z".parse().unwrap()));
        assert!(read(b"cve,epss,percentile\nCVE-2025-1,0.5,0.5").unwrap().published.is_none());
    }

    #[test]
    fn what_is_no_score_is_named() {
        for (rows, expected) in [
            ("cve,epss,percentile\nCVE-1,2,0", "line 2 is no score"),
            ("cve,epss,percentile\nCVE-1,0.1,0.1\nCVE-2,0.1", "line 3 is no score"),
            ("cve,epss,percentile\nCVE-2,0.1,0.1,0.1", "line 2 is no score"),
            ("cve,epss,percentile\nX,0.1,0.1", "line 2 is no score"),
            ("cve,epss,percentile\nCVE-2,NaN,0.1", "line 2 is no score"),
            ("cve,percentile,epss", "its columns are not `cve,epss,percentile`"),
            ("", "its columns are not `cve,epss,percentile`"),
        ] {
            assert_eq!(read(rows.as_bytes()).unwrap_err().to_string(), expected);
        }
    }
}
