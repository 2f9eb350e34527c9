//! The three bands of alignment.

#![forbid(unsafe_code)]

use std::fmt;
use std::ops::RangeInclusive;

/// What a unit stands for: the band that its alignment score is in.
///
/// ```
/// use perilune::game::Alignment;
///
/// assert_eq!(Alignment::of(16), Some(Alignment::Chaos));
/// assert_eq!(Alignment::of(0), None);
/// assert_eq!(Alignment::Law.scores(), 1..=5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Alignment {
    /// Scores 1 to 5.
    Law,
    /// Scores 6 to 15.
    Neutrality,
    /// Scores 16 to 20.
    Chaos,
}

impl Alignment {
    /// All bands, from the lowest scores on.
    pub const ALL: [Self; 3] = [Self::Law, Self::Neutrality, Self::Chaos];

    /// The band of a score; `None` outside 1 to 20.
    #[must_use]
    pub fn of(score: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|band| band.scores().contains(&score))
    }

    /// The scores of the band.
    #[must_use]
    pub fn scores(self) -> RangeInclusive<i32> {
        match self {
            Self::Law => 1..=5,
            Self::Neutrality => 6..=15,
            Self::Chaos => 16..=20,
        }
    }
}

impl fmt::Display for Alignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Law => "law",
            Self::Neutrality => "neutrality",
            Self::Chaos => "chaos",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Alignment;

    #[test]
    fn pure_every_score_has_one_band() {
        let bands: Vec<_> = (1..=20).filter_map(Alignment::of).collect();
        assert_eq!(bands.len(), 20);
        assert!(bands.is_sorted());
        assert_eq!([0, 21, -1, i32::MAX].map(Alignment::of), [None; 4]);
    }
}
