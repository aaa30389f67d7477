//! Times of the week.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// Minutes of a day.
const DAY: u32 = 24 * 60;
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A time of some days of the week, in UTC, that may go on past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// On which days it begins, from Monday.
    days: [bool; 7],
    /// In minutes of the day.
    from: u32,
    /// In minutes of the day; of the next one where it is not after `from`.
    to: u32,
}

impl Window {
    /// Reads a time such as `22:00-06:00` or `Sat-Sun 00:00-24:00`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (days, times) = text.trim().rsplit_once(' ').unwrap_or(("", text.trim()));
        let (from, to) = times.split_once('-')?;
        let (from, to) = (minutes(from)?, minutes(to)?);
        (from < DAY && from != to).then_some(Self { days: days_of(days)?, from, to })
    }

    /// Returns whether it is that time.
    pub fn holds(&self, time: Timestamp) -> bool {
        let time = time.to_zoned(TimeZone::UTC);
        let minute = time.hour().unsigned_abs() as u32 * 60 + time.minute().unsigned_abs() as u32;
        let today = usize::from(time.weekday().to_monday_zero_offset().unsigned_abs());
        let begins = |day: usize| self.days[day % 7];
        if self.from < self.to {
            return begins(today) && (self.from..self.to).contains(&minute);
        }
        (begins(today) && minute >= self.from) || (begins(today + 6) && minute < self.to)
    }
}

fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| is_number(text));
    let (hour, minute) = (number(hour)?, number(minute)?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

/// Reads days such as `Mon,Wed` or `Fri-Mon`; all where nothing is said.
fn days_of(text: &str) -> Option<[bool; 7]> {
    if text.is_empty() {
        return Some([true; 7]);
    }
    let day = |name: &str| DAYS.iter().position(|(known, _)| name.trim().eq_ignore_ascii_case(known));
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let count = (last + 7 - first) % 7;
        (first..=first + count).for_each(|day| days[day % 7] = true);
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_at_its_times() {
        // The first of these days was a Sunday.
        for (window, open, closed) in [
            ("22:00-06:00", &["01T22:00", "01T23:59", "02T05:59"][..], &["01T21:59", "02T06:00"][..]),
            ("00:00-24:00", &["01T00:00", "03T23:59"], &[]),
            ("Sat-Sun 00:00-24:00", &["01T12:00", "07T00:00"], &["02T00:00", "06T23:59"]),
            ("fri 22:00-02:00", &["06T22:00", "07T01:59"], &["07T22:00", "06T01:00"]),
            ("Sun 23:00-01:00", &["02T00:30"], &["01T00:30"]),
            ("Fri-Mon 10:00-11:00", &["01T10:00", "02T10:59", "06T10:00"], &["03T10:00", "05T10:00"]),
            ("Tue,Thu 10:00-11:00", &["03T10:00", "05T10:00"], &["04T10:00"]),
        ] {
            let window = Window::parse(window).unwrap();
            let at = |time: &str| format!("2026-02-{time}:00Z").parse().unwrap();
            for time in open {
                assert!(window.holds(at(time)), "{window:?} {time}");
            }
            for time in closed {
                assert!(!window.holds(at(time)), "{window:?} {time}");
            }
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "22:00",
            "22-06",
            "24:00-01:00",
            "25:00-26:00",
            "10:60-11:00",
            "10:00-10:00",
            "1:00-2:00",
            "Day 10:00-11:00",
            "Mon- 10:00-11:00",
            "+1:00-02:00",
            "10:00-11:00 Mon",
            "10:00 - 11:00",
        ] {
            assert_eq!(Window::parse(text), None, "{text}");
        }
    }
}
