//! Medians, and how sure they are.

/// The middle value, or the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// The interval that holds the true median with at least 95 % confidence, whatever the distribution: it follows from
/// the signs alone (each value falls below the median with a chance of one half). Below six values no interval is that
/// sure; then it is the whole range.
pub fn interval(values: &[f64]) -> (f64, f64) {
    let sorted = sorted(values);
    let n = sorted.len();
    if n == 0 {
        return (f64::NAN, f64::NAN);
    }
    // The chance of fewer than `cut + 1` of n coins showing heads, and the largest cut with both tails within 5 %.
    let mut cut = 0;
    let mut chance = 0.5_f64.powi(n as i32);
    let mut tail = chance;
    while cut + 1 < n / 2 {
        chance *= (n - cut) as f64 / (cut + 1) as f64;
        if 2.0 * (tail + chance) > 0.05 {
            break;
        }
        tail += chance;
        cut += 1;
    }
    (sorted[cut], sorted[n - 1 - cut])
}

pub fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

pub fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    /// The order statistics that the tables of the sign test give.
    #[test]
    fn intervals() {
        for (n, low) in [(1, 1), (5, 1), (6, 1), (8, 1), (9, 2), (11, 2), (12, 3), (15, 4), (25, 8), (41, 14)] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(interval(&values), (f64::from(low), f64::from(n + 1 - low)), "n = {n}");
        }
    }
}
