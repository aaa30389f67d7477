/// How many may be at work: half as many once it was too much, and then one more after each round that went well (RFC 5681, section 3.1, does so with
/// what is on its way).
pub(super) struct Pace {
    most: usize,
    at_once: usize,
    /// How often it became slower. What was asked for earlier says nothing of the new pace: all that were on their way are refused for one reason.
    epoch: u64,
    /// What went well since it last changed.
    well: usize,
}

impl Pace {
    pub(super) fn new(most: usize) -> Self {
        Self { most, at_once: most, epoch: 0, well: 0 }
    }

    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn slower(&mut self, epoch: u64) {
        if epoch == self.epoch {
            self.at_once = (self.at_once / 2).max(1);
            self.epoch += 1;
            self.well = 0;
        }
    }

    pub(super) fn faster(&mut self, epoch: u64) {
        if epoch == self.epoch && self.at_once < self.most {
            self.well += 1;
            if self.well >= self.at_once {
                self.at_once += 1;
                self.well = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_once_for_each_round_and_recovers_one_by_one() {
        let mut pace = Pace::new(32);
        for expected in [16, 8, 4, 2, 1, 1] {
            let epoch = pace.epoch();
            for _ in 0..10 {
                pace.slower(epoch);
            }
            assert_eq!(pace.at_once(), expected);
        }
        let old = pace.epoch() - 1;
        pace.faster(old);
        assert_eq!(pace.at_once(), 1);
        let mut rounds = 0;
        while pace.at_once() < 32 {
            let before = pace.at_once();
            (0..before).for_each(|_| pace.faster(pace.epoch()));
            assert_eq!(pace.at_once(), before + 1);
            rounds += 1;
        }
        assert_eq!(rounds, 31);
        pace.faster(pace.epoch());
        assert_eq!(pace.at_once(), 32);
    }
}
