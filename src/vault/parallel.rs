//! Many requests at once, but not more than the server gains from.

use crate::error::Result;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// How many requests are under way at once. Beside one (`cargo bench --bench vault -- workers`, a
/// raft server on the same two cores) reads and writes are 1.4 and 1.3 times as fast with two, 1.3
/// and 1.4 with four, 1.3 and 1.3 with eight, 1.2 and 1.3 with sixteen. Eight lose nothing there,
/// and hide the round trips to a server that is farther away.
pub const WORKERS: usize = 8;

/// Does `work` for each item; results in order of the items. After the first failure nothing new
/// is begun.
///
/// # Errors
/// The failure of the earliest item that failed; what had been begun is finished first.
pub fn each<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        let mut done = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let result = work(item);
            if result.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            done.push((index, result));
        }
        done
    };
    let mut results = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS.min(items.len())).map(|_| scope.spawn(worker)).collect();
        let join =
            |worker: thread::ScopedJoinHandle<'_, Vec<(usize, Result<R>)>>| match worker.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            };
        workers.into_iter().flat_map(join).collect::<Vec<_>>()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
