//! When to ask again: exponentially later, with jitter, and not for ever.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(2);
/// From the first answer on; a request that is under way is not cut short.
const IN_ALL: Duration = Duration::from_secs(10);

/// The pauses of one request.
pub(super) struct Patience {
    until: Option<Instant>,
    tries: u32,
    state: u64,
}

impl Patience {
    /// `seed` keeps programs that failed together from coming back together.
    pub fn new(seed: u64) -> Self {
        Self { until: None, tries: 0, state: seed }
    }

    /// How long to wait before the next try; `None` when it is enough. `asked`: what the server
    /// wants (RFC 9110, 10.2.3: Retry-After).
    pub fn pause(&mut self, asked: Option<Duration>, most: u32) -> Option<Duration> {
        let now = Instant::now();
        let until = *self.until.get_or_insert(now + IN_ALL);
        let longest = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        let pause = asked.unwrap_or(Duration::ZERO).max(longest.mul_f64(self.fraction()));
        self.tries += 1;
        (self.tries < most && now + pause <= until).then_some(pause)
    }

    /// From a half to one (SplitMix64: spread, not secrecy).
    fn fraction(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let byte = u8::try_from((mixed >> 56) & 0xff).unwrap_or_default();
        0.5 + f64::from(byte) / 512.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let mut patience = Patience::new(7);
        let pauses: Vec<_> = (0..8).map_while(|_| patience.pause(None, 9)).collect();
        assert_eq!(pauses.len(), 8);
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST, "{pauses:?}");
        assert!(pauses[7] >= LONGEST / 2 && pauses[7] <= LONGEST, "{pauses:?}");
        assert!(patience.pause(None, 9).is_none());
    }

    #[test]
    fn what_the_server_asks_is_granted_within_bounds() {
        let mut patience = Patience::new(7);
        assert_eq!(patience.pause(Some(Duration::from_secs(3)), 9), Some(Duration::from_secs(3)));
        assert_eq!(patience.pause(Some(Duration::from_secs(60)), 9), None);
    }

    #[test]
    fn two_seeds_do_not_march_together() {
        let first = |seed| Patience::new(seed).pause(None, 9);
        assert_ne!(first(1), first(2));
    }
}
