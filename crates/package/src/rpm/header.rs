use super::HeaderError;
use super::bytes::{big32, big64, slice};
use std::collections::BTreeMap;

/// Most fields of a header; rpm allows as many.
const FIELD_LIMIT: usize = 0xffff;
/// Most texts of a field. The largest packages have some hundred thousand files.
const TEXT_LIMIT: usize = 1_000_000;
/// Bytes of the description of a field.
const FIELD_SIZE: usize = 16;

const INT32: u32 = 4;
const INT64: u32 = 5;
const STRING: u32 = 6;
const BINARY: u32 = 7;
const STRING_ARRAY: u32 = 8;
const TRANSLATED: u32 = 9;

/// What rpm knows of a package: fields by number (rpm, `docs/manual/hregions.md`).
#[derive(Debug)]
pub(super) struct Header<'a> {
    fields: BTreeMap<u32, Field>,
    data: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
struct Field {
    kind: u32,
    offset: u32,
    count: u32,
}

impl<'a> Header<'a> {
    /// Reads a header as databases have it: the number of fields, the length of the data, the fields, the data.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let number = |at| big32(bytes, at).and_then(|number| usize::try_from(number).ok()).ok_or(HeaderError::Length);
        let (count, length) = (number(0)?, number(4)?);
        if count > FIELD_LIMIT || length > super::ENTRY_LIMIT || bytes.len() != 8 + count * FIELD_SIZE + length {
            return Err(HeaderError::Length);
        }
        let (described, data) = bytes.split_at(8 + count * FIELD_SIZE);
        let fields = described[8..].chunks_exact(FIELD_SIZE).filter_map(|field| {
            let number = |at| big32(field, at);
            Some((number(0)?, Field { kind: number(4)?, offset: number(8)?, count: number(12)? }))
        });
        // What was added after the package was signed stands behind, and counts.
        Ok(Self { fields: fields.collect(), data })
    }

    /// Returns where a field's data begins, and how many values it has; `None` if it is not there.
    fn field(&self, tag: u32, kinds: &[u32]) -> Result<Option<(&'a [u8], usize)>, HeaderError> {
        let Some(field) = self.fields.get(&tag) else { return Ok(None) };
        let wrong = HeaderError::Field { tag };
        if !kinds.contains(&field.kind) {
            return Err(wrong);
        }
        let offset = usize::try_from(field.offset).ok();
        let data = offset.and_then(|offset| self.data.get(offset..)).ok_or_else(|| wrong.clone())?;
        match usize::try_from(field.count) {
            // Each value takes a byte at least.
            Ok(count) if count <= data.len() => Ok(Some((data, count))),
            _ => Err(wrong),
        }
    }

    /// Returns a text, or its first translation; `None` if it is not there, or empty.
    pub(super) fn text(&self, tag: u32) -> Result<Option<String>, HeaderError> {
        let Some((data, count)) = self.field(tag, &[STRING, STRING_ARRAY, TRANSLATED])? else { return Ok(None) };
        let text = data.split(|byte| *byte == 0).next().unwrap_or_default();
        if count == 0 || text.is_empty() {
            return Ok(None);
        }
        if text.len() == data.len() {
            return Err(HeaderError::Field { tag });
        }
        Ok(Some(String::from_utf8_lossy(text).into_owned()))
    }

    /// Returns all texts of a field.
    pub(super) fn texts(&self, tag: u32) -> Result<Vec<String>, HeaderError> {
        let Some((data, count)) = self.field(tag, &[STRING, STRING_ARRAY, TRANSLATED])? else { return Ok(Vec::new()) };
        if count > TEXT_LIMIT {
            return Err(HeaderError::Texts { tag, limit: TEXT_LIMIT });
        }
        // What follows the last zero is no text.
        let end = data.iter().rposition(|byte| *byte == 0).map_or(0, |last| last + 1);
        let texts = data[..end].split_inclusive(|byte| *byte == 0).take(count);
        let texts: Vec<String> =
            texts.map(|text| String::from_utf8_lossy(&text[..text.len() - 1]).into_owned()).collect();
        if texts.len() == count { Ok(texts) } else { Err(HeaderError::Field { tag }) }
    }

    /// Returns all numbers of a field.
    pub(super) fn numbers(&self, tag: u32) -> Result<Vec<u32>, HeaderError> {
        let Some((data, count)) = self.field(tag, &[INT32])? else { return Ok(Vec::new()) };
        let numbers = (0..count).map(|number| big32(data, number * 4).ok_or(HeaderError::Field { tag }));
        numbers.collect()
    }

    /// Returns a large number.
    pub(super) fn long(&self, tag: u32) -> Result<Option<u64>, HeaderError> {
        let field = self.field(tag, &[INT64])?;
        Ok(field.filter(|(_, count)| *count > 0).and_then(|(data, _)| big64(data, 0)))
    }

    /// Returns the bytes of a field, whose values are of one byte each; none if it is not there.
    pub(super) fn bytes(&self, tag: u32, kind: ByteKind) -> Result<&'a [u8], HeaderError> {
        let kinds: &[u32] = match kind {
            ByteKind::Binary => &[BINARY],
            // Characters and numbers of 8 bits: rpm has written either.
            ByteKind::Small => &[1, 2],
        };
        let Some((data, count)) = self.field(tag, kinds)? else { return Ok(&[]) };
        slice(data, 0, count).ok_or(HeaderError::Field { tag })
    }
}

/// What values of one byte are.
#[derive(Clone, Copy, Debug)]
pub(super) enum ByteKind {
    /// Bytes without a meaning of their own.
    Binary,
    /// Characters or small numbers.
    Small,
}
