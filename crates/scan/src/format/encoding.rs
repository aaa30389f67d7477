use jiff::Timestamp;

/// Most elements of one list. Of the package with most advisories there are some ten thousand.
pub(crate) const LIST_LIMIT: usize = 1_000_000;

/// Bytes that are no value of the form that was expected.
#[derive(Debug, thiserror::Error)]
#[error("it says what no database says")]
pub(crate) struct Malformed;

/// Writes numbers, texts and times, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Encoder(pub(crate) Vec<u8>);

impl Encoder {
    /// Writes a number: seven bits in each byte, the lowest first, and a mark on all but the last (LEB128).
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn texts<'a>(&mut self, texts: impl ExactSizeIterator<Item = &'a String>) {
        self.count(texts.len());
        texts.for_each(|text| self.text(text));
    }

    /// Writes a time, or that there is none.
    pub(crate) fn time(&mut self, time: Option<Timestamp>) {
        match time {
            None => self.0.push(0),
            Some(time) => {
                self.0.push(1);
                let nanoseconds = time.as_nanosecond();
                let second = nanoseconds.div_euclid(1_000_000_000) as i64;
                // Times before 1970 alternate with those after it, so that all of them are short.
                self.number(((second << 1) ^ (second >> 63)) as u64);
                self.number(nanoseconds.rem_euclid(1_000_000_000) as u64);
            }
        }
    }
}

/// Reads what an [`Encoder`] has written. Nothing is taken for true: counts are bounded by the bytes that are left.
#[derive(Clone, Debug)]
pub(crate) struct Decoder<'a>(pub(crate) &'a [u8]);

impl<'a> Decoder<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (byte, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).ok_or(Malformed)?;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    /// Reads how many elements follow, of at least a byte each.
    pub(crate) fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if count > self.0.len() { Err(Malformed) } else { Ok(count) }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.count()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// Reads a list of elements, of which there are not more than are ever written: some take more memory than bytes.
    pub(crate) fn list<T, L: FromIterator<T>>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<L, Malformed> {
        let count = self.count()?;
        if count > LIST_LIMIT {
            return Err(Malformed);
        }
        (0..count).map(|_| element(self)).collect()
    }

    pub(crate) fn texts<L: FromIterator<String>>(&mut self) -> Result<L, Malformed> {
        self.list(|decoder| decoder.text().map(str::to_owned))
    }

    pub(crate) fn time(&mut self) -> Result<Option<Timestamp>, Malformed> {
        match self.byte()? {
            0 => Ok(None),
            1 => {
                let second = self.number()?;
                let second = (second >> 1) as i64 ^ -((second & 1) as i64);
                let nanosecond = self.number()?;
                let time = i128::from(second) * 1_000_000_000 + i128::from(nanosecond);
                Timestamp::from_nanosecond(time).map(Some).map_err(|_| Malformed)
            }
            _ => Err(Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_lists_are_refused_before_they_are_made() {
        let of = |count: usize| {
            let mut encoder = Encoder::default();
            encoder.count(count);
            encoder.0.extend(vec![0; count]);
            Decoder(&encoder.0).texts::<Vec<String>>().map(|texts| texts.len())
        };
        assert_eq!(of(LIST_LIMIT).unwrap(), LIST_LIMIT);
        assert!(of(LIST_LIMIT + 1).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, text: String, second in -60_000_000_000i64..200_000_000_000, nanosecond in 0i32..1_000_000_000) {
            let time = Timestamp::new(second, 0).unwrap() + jiff::SignedDuration::new(0, nanosecond);
            let mut encoder = Encoder::default();
            encoder.number(number);
            encoder.text(&text);
            encoder.time(Some(time));
            encoder.time(None);
            let mut decoder = Decoder(&encoder.0);
            prop_assert_eq!(decoder.number().unwrap(), number);
            prop_assert_eq!(decoder.text().unwrap(), text);
            prop_assert_eq!(decoder.time().unwrap(), Some(time));
            prop_assert_eq!(decoder.time().unwrap(), None);
            prop_assert!(decoder.0.is_empty());
        }

        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = Decoder(&bytes).texts::<Vec<String>>();
            let _ = Decoder(&bytes).time();
            let _ = Decoder(&bytes).number();
        }
    }
}
