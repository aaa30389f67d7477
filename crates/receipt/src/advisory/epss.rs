use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// How likely somebody exploits a vulnerability within thirty days (FIRST, Exploit Prediction Scoring System).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Epss {
    /// The probability.
    pub score: Share,
    /// The share of all vulnerabilities that are no likelier.
    pub percentile: Share,
}

/// A number from 0 to 1, exact to nine digits behind the point, so that it has an order and is always written alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    const ONE: u32 = 1_000_000_000;

    /// Makes it of a number of billionths; `None`: there are more than all.
    pub fn from_billionths(billionths: u32) -> Option<Self> {
        (billionths <= Self::ONE).then_some(Self(billionths))
    }

    /// Returns it in billionths.
    pub fn billionths(self) -> u32 {
        self.0
    }

    /// Makes it of a number; `None`: it is not between 0 and 1.
    pub fn from_number(number: f64) -> Option<Self> {
        (0.0..=1.0).contains(&number).then(|| Self((number * f64::from(Self::ONE)).round() as u32))
    }

    /// Returns it as a number.
    pub fn number(self) -> f64 {
        f64::from(self.0) / f64::from(Self::ONE)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.number())
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::from_number(number).ok_or_else(|| D::Error::custom("not between 0 and 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_as_they_were_read() {
        for text in ["0.00043", "0.97565", "0.0", "1.0", "0.123456789"] {
            let share = Share::from_number(text.parse().unwrap()).unwrap();
            assert_eq!(serde_json::to_string(&share).unwrap(), text);
            assert_eq!(serde_json::from_str::<Share>(text).unwrap(), share);
            assert_eq!(Share::from_billionths(share.billionths()), Some(share));
        }
        for text in ["-0.1", "1.1", "2"] {
            assert!(serde_json::from_str::<Share>(text).is_err(), "{text}");
        }
        assert_eq!(Share::from_number(f64::NAN), None);
        assert_eq!(Share::from_billionths(u32::MAX), None);
    }
}
