//! What a command may know of the world: nothing below `commands` looks at the clock, the
//! environment or randomness on its own.

use crate::journal::Origin;

/// The source of randomness; the tests' is the operating system's, too.
pub type Rng = dyn ring::rand::SecureRandom + Sync;

/// The clock, the writer's names and randomness of one run.
pub struct Context<'a> {
    /// Who acts, where and when: what the journal records.
    pub origin: Origin,
    /// For keys, serials, salts and signatures.
    pub rng: &'a Rng,
}

impl Context<'_> {
    /// The moment the run began, in UTC; it does not move during the run.
    pub fn now(&self) -> time::OffsetDateTime {
        self.origin.now
    }
}
