//! Writes headers of packages, as databases have them.

/// Values of a field.
pub(crate) enum Field {
    Text(&'static str),
    Texts(&'static [&'static str]),
    Translated(String),
    Numbers(&'static [u32]),
    Long(u64),
    States(&'static [u8]),
    Binary(&'static [u8]),
}

impl Field {
    /// Returns type, number of values, and bytes.
    fn encoded(&self) -> (u32, usize, Vec<u8>) {
        let ended = |text: &str| [text.as_bytes(), b"\0"].concat();
        match self {
            Self::States(states) => (1, states.len(), states.to_vec()),
            Self::Numbers(numbers) => {
                (4, numbers.len(), numbers.iter().flat_map(|number| number.to_be_bytes()).collect())
            }
            Self::Long(number) => (5, 1, number.to_be_bytes().to_vec()),
            Self::Text(text) => (6, 1, ended(text)),
            Self::Binary(bytes) => (7, bytes.len(), bytes.to_vec()),
            Self::Texts(texts) => (8, texts.len(), texts.iter().flat_map(|text| ended(text)).collect()),
            Self::Translated(text) => (9, 2, [ended(text), ended("translated")].concat()),
        }
    }
}

pub(crate) fn header(fields: &[(u32, Field)]) -> Vec<u8> {
    let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let (mut described, mut data) = (Vec::new(), Vec::new());
    for (tag, field) in fields {
        let (kind, count, bytes) = field.encoded();
        described.extend([tag.to_be_bytes(), kind.to_be_bytes(), number(data.len()), number(count)].concat());
        data.extend(bytes);
    }
    [number(fields.len()).to_vec(), number(data.len()).to_vec(), described, data].concat()
}

/// A package with a summary of this length, so that its header has about as many bytes.
pub(crate) fn package(name: &'static str, length: usize) -> Vec<u8> {
    header(&[
        (1000, Field::Text(name)),
        (1001, Field::Text("1.2")),
        (1002, Field::Text("3.el9")),
        (1004, Field::Translated("s".repeat(length))),
        (1022, Field::Text("x86_64")),
        (1117, Field::Texts(&["a", "b"])),
        (1116, Field::Numbers(&[0, 0])),
        (1118, Field::Texts(&["/usr/bin/"])),
    ])
}
