//! Changes within the text of JSON, all else of which stays as it was written: who takes them back has the same bytes, and the same digest.

use serde_json::Value;
use std::ops::Range;

/// A part of a text.
pub(super) type Span = Range<usize>;

/// A member of an object.
pub(super) struct Member {
    pub(super) key: String,
    /// Where the key begins.
    start: usize,
    pub(super) value: Span,
}

/// A text that is changed. It is JSON: whoever makes one has parsed it.
pub(super) struct Text<'a> {
    text: &'a str,
    changes: Vec<(Span, String)>,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, changes: Vec::new() }
    }

    /// Returns a part as it is written.
    pub(super) fn part(&self, span: &Span) -> &str {
        &self.text[span.clone()]
    }

    /// Returns where the outermost value is.
    pub(super) fn root(&self) -> Span {
        self.after_space(0)..self.text.trim_end().len()
    }

    /// Returns the members of an object, in their order; none of what is no object.
    pub(super) fn members(&self, object: &Span) -> Vec<Member> {
        let mut members = Vec::new();
        for start in self.parts(object, '{') {
            let key_end = self.end_of_value(start);
            let Ok(key) = serde_json::from_str(&self.text[start..key_end]) else { break };
            let value = self.after_space(self.after_space(key_end) + 1);
            members.push(Member { key, start, value: value..self.end_of_value(value) });
        }
        members
    }

    /// Returns the items of a list; none of what is no list.
    pub(super) fn items(&self, list: &Span) -> Vec<Span> {
        self.parts(list, '[').into_iter().map(|start| start..self.end_of_value(start)).collect()
    }

    /// Writes something in place of a value.
    pub(super) fn replace(&mut self, value: &Span, by: impl Into<Value>) {
        let by = by.into().to_string();
        if self.text[value.clone()] != by {
            self.changes.push((value.clone(), by));
        }
    }

    /// Writes a first member into an object that has others.
    pub(super) fn add_first(&mut self, object: &Span, key: &str, value: &str) {
        let at = self.after_space(object.start + 1);
        self.changes.push((at..at, format!("{}:{},", Value::from(key), Value::from(value))));
    }

    /// Takes members out of an object for which this is so. Returns their keys.
    pub(super) fn remove_members(&mut self, object: &Span, is_to_go: impl Fn(&Member) -> bool) -> Vec<String> {
        let members = self.members(object);
        let spans: Vec<(Span, bool)> =
            members.iter().map(|member| (member.start..member.value.end, is_to_go(member))).collect();
        self.remove(&spans);
        members.into_iter().zip(spans).filter(|(_, (_, goes))| *goes).map(|(member, _)| member.key).collect()
    }

    /// Takes these parts out of an object or list, with a comma each.
    pub(super) fn remove(&mut self, parts: &[(Span, bool)]) {
        let mut kept_before = false;
        for (index, (part, goes)) in parts.iter().enumerate() {
            if !goes {
                kept_before = true;
                continue;
            }
            let gone = match (kept_before, parts.get(index + 1)) {
                (true, _) => parts[index - 1].0.end..part.end,
                (false, Some((next, _))) => part.start..next.start,
                (false, None) => part.clone(),
            };
            self.changes.push((gone, String::new()));
        }
    }

    /// Returns the text with its changes; `None` if there are none.
    pub(super) fn changed(mut self) -> Option<String> {
        if self.changes.is_empty() {
            return None;
        }
        self.changes.sort_by_key(|(span, _)| (span.start, span.end));
        let (mut out, mut from) = (String::with_capacity(self.text.len()), 0);
        for (span, by) in self.changes {
            // What lies within something that is taken out goes with it.
            if span.start < from {
                continue;
            }
            out.push_str(&self.text[from..span.start]);
            out.push_str(&by);
            from = span.end;
        }
        out.push_str(&self.text[from..]);
        Some(out)
    }

    /// Returns where the parts begin of what begins with `open`.
    fn parts(&self, of: &Span, open: char) -> Vec<usize> {
        let mut starts = Vec::new();
        if !self.text[of.clone()].starts_with(open) {
            return starts;
        }
        let mut at = self.after_space(of.start + 1);
        while at + 1 < of.end {
            starts.push(at);
            // Past the value; of a member, past key and value.
            let mut end = self.after_space(self.end_of_value(at));
            if self.text[end..].starts_with(':') {
                end = self.after_space(self.end_of_value(self.after_space(end + 1)));
            }
            at = self.after_space(end + 1);
        }
        starts
    }

    fn after_space(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()
    }

    fn end_of_value(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let (mut at, mut depth, mut in_string) = (start, 0_usize, false);
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b'\\' if in_string => at += 1,
                b'"' => in_string = !in_string,
                _ if in_string => continue,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            let next = bytes.get(at);
            let ends_word = next.is_none_or(|byte| b",:]} \t\r\n".contains(byte));
            let is_closed = matches!(byte, b'"' | b'}' | b']');
            if !in_string && depth == 0 && (is_closed || ends_word) {
                break;
            }
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = [
        r#"{"a":1,"b":"x","c":{"d":[1,2,{"e":"}"}]},"f":null}"#,
        "{\n   \"a\" : 1 ,\n   \"b\": \"x\",\n\t\"c\":{ \"d\" : [ 1 ,2, {\"e\":\"}\"} ] } , \"f\" :null\r\n}\n",
        r#"  {"a":1,"\u0062":"x","c":{"d":[1,2,{"e":"}"}]},"f":null}  "#,
        r#"{"a":1,"b":"\\\"{[,:","c":{"d":[ 1,2,{"e":"}"}]},"f":null}"#,
    ];

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn finds_what_a_parser_finds() {
        for text in TEXTS {
            let (written, parsed) = (Text::new(text), value(text));
            let members = written.members(&written.root());
            assert_eq!(members.iter().map(|member| member.key.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "f"]);
            for member in &members {
                assert_eq!(value(&text[member.value.clone()]), parsed[&member.key], "{text}");
            }
            let inner = written.members(&members[2].value);
            let items = written.items(&inner[0].value);
            let items: Vec<Value> = items.into_iter().map(|item| value(&text[item])).collect();
            assert_eq!(Value::Array(items), parsed["c"]["d"], "{text}");
            assert!(written.members(&members[0].value).is_empty() && written.items(&members[1].value).is_empty());
        }
        for empty in ["{}", "{ }", "[]", "[\n]"] {
            let written = Text::new(empty);
            assert!(written.members(&written.root()).is_empty() && written.items(&written.root()).is_empty());
        }
    }

    #[test]
    fn takes_out_any_members_and_leaves_the_rest_as_it_was() {
        for text in TEXTS {
            for gone in 0..16_u8 {
                let mut written = Text::new(text);
                let is_gone =
                    |key: &str| gone & (1 << ["a", "b", "c", "f"].iter().position(|k| *k == key).unwrap()) != 0;
                let root = written.root();
                let keys = written.remove_members(&root, |member| is_gone(&member.key));
                assert_eq!(keys.len() as u32, gone.count_ones());
                let changed = written.changed().unwrap_or_else(|| text.to_owned());
                let mut expected = value(text);
                expected.as_object_mut().unwrap().retain(|key, _| !is_gone(key));
                assert_eq!(value(&changed), expected, "{text} {gone}: {changed}");
            }
        }
    }

    #[test]
    fn a_change_that_is_taken_back_leaves_nothing() {
        for text in TEXTS {
            let change = |text: &str, by: &str| {
                let mut written = Text::new(text);
                let member = written.members(&written.root()).remove(0);
                written.replace(&member.value, by);
                written.changed().unwrap()
            };
            let once = change(text, "other");
            assert_eq!(value(&once)["a"], "other");
            let twice = change(&once, "more");
            assert_eq!(twice.len(), once.len() - 1);
            let mut same = Text::new(text);
            let member = same.members(&same.root()).remove(1);
            let original: String = serde_json::from_str(&text[member.value.clone()]).unwrap();
            same.replace(&member.value, original);
            assert_eq!(same.changed(), None, "{text}");
            let mut written = Text::new(text);
            written.add_first(&written.root(), "z", "first");
            assert_eq!(value(&written.changed().unwrap())["z"], "first");
        }
    }
}
