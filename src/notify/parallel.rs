//! All channels at once, and none longer than it may take.

use crate::error::{Error, Result};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// What one channel does.
pub struct Work<'a> {
    /// After this time it counts as failed.
    pub timeout: Duration,
    /// What there is to do.
    pub act: Box<dyn FnOnce() -> Result<()> + Send + 'static>,
    /// Told how it went, in the order in which they end, by one thread.
    pub done: Box<dyn FnMut(Result<()>) + 'a>,
}

/// A little longer than each channel's own time-outs, whose words say more.
const GRACE: Duration = Duration::from_millis(500);

/// Waits for each until it is done, or for as long as it may take. What hangs nevertheless (a
/// resolver, a server that drips) is left behind, and ends with the process.
pub fn in_parallel(all: Vec<Work>) {
    let start = Instant::now();
    let (sender, receiver) = channel();
    let mut open = Vec::with_capacity(all.len());
    for (index, work) in all.into_iter().enumerate() {
        let sender = sender.clone();
        let act = work.act;
        std::thread::spawn(move || {
            // Nobody listens any more: it was given up.
            let _ = sender.send((index, act()));
        });
        open.push(Some((start + work.timeout + GRACE, work.timeout, work.done)));
    }
    drop(sender);
    while let Some(next) = open.iter().flatten().map(|(until, ..)| *until).min() {
        let now = Instant::now();
        match receiver.recv_timeout(next.saturating_duration_since(now)) {
            Ok((index, result)) => {
                if let Some((_, _, mut done)) = open.get_mut(index).and_then(Option::take) {
                    done(result);
                }
            }
            // Gone without a word: a thread that panicked.
            Err(RecvTimeoutError::Disconnected) => {
                for (_, _, mut done) in open.drain(..).flatten() {
                    done(Err(Error::failed("it ended without a word, which is a bug")));
                }
            }
            Err(RecvTimeoutError::Timeout) => give_up(&mut open),
        }
    }
}

type Open<'a> = Option<(Instant, Duration, Box<dyn FnMut(Result<()>) + 'a>)>;

fn give_up(open: &mut [Open]) {
    let now = Instant::now();
    for place in open {
        if let Some((_, timeout, mut done)) = place.take_if(|(until, ..)| *until <= now) {
            done(Err(super::failure::late(timeout)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn none_waits_for_another_and_none_is_waited_for_too_long() {
        let told = RefCell::new(Vec::new());
        let work = |name: &'static str, timeout, act: fn() -> Result<()>| Work {
            timeout: Duration::from_millis(timeout),
            act: Box::new(act),
            done: Box::new({
                let told = &told;
                move |result: Result<()>| {
                    let said = result.map_err(|error| error.messages()[0].clone());
                    told.borrow_mut().push((name, said.err().unwrap_or_default()));
                }
            }),
        };
        let start = Instant::now();
        in_parallel(vec![
            work("hangs", 1000, || {
                std::thread::sleep(Duration::from_secs(60));
                Ok(())
            }),
            work("works", 60_000, || {
                std::thread::sleep(Duration::from_millis(50));
                Ok(())
            }),
            work("fails", 60_000, || Err(Error::failed("no"))),
        ]);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        let expected = [("fails", "no"), ("works", ""), ("hangs", "no answer within 1s")];
        assert_eq!(*told.borrow(), expected.map(|(name, said)| (name, said.to_owned())));
        in_parallel(Vec::new());
    }
}
