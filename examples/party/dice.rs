//! Chance, the same on every machine: SplitMix64 (Steele, Lea and Flood, 2014).

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

/// Two streams from one seed: for the host, and for its scripts, so that a change in how
/// one of them rolls does not change what the other gets.
pub fn two_streams(seed: u64) -> (Dice, Dice) {
    let mut root = Dice { state: seed };
    let (first, second) = (root.next(), root.next());
    (Dice { state: first }, Dice { state: second })
}

impl Dice {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One die: 1 to `sides`.
    pub fn die(&mut self, sides: u32) -> u32 {
        // The upper half times the range: no division, and a bias far below what
        // any number of games could show.
        (((self.next() >> 32) * u64::from(sides)) >> 32) as u32 + 1
    }

    /// The sum of some dice.
    pub fn roll(&mut self, dice: u32, sides: u32) -> u32 {
        (0..dice).map(|_| self.die(sides)).sum()
    }
}
