//! Two things timed in turns, so that what disturbs the machine disturbs both.

use std::time::{Duration, Instant};

/// Medians of two things that were run in turns.
pub struct Paired {
    /// What is measured.
    pub subject: Duration,
    /// The floor.
    pub floor: Duration,
}

impl Paired {
    /// Runs both once to warm up, then `runs` times in turns.
    pub fn measure<E>(
        runs: usize,
        mut subject: impl FnMut() -> Result<(), E>,
        mut floor: impl FnMut() -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut times = (Vec::new(), Vec::new());
        for run in 0..=runs.max(1) {
            let (a, b) = (timed(&mut subject)?, timed(&mut floor)?);
            if run > 0 {
                times.0.push(a);
                times.1.push(b);
            }
        }
        Ok(Self { subject: median(times.0), floor: median(times.1) })
    }

    /// How many times the floor the subject takes.
    pub fn ratio(&self) -> f64 {
        self.subject.as_secs_f64() / self.floor.as_secs_f64()
    }
}

fn timed<E>(work: &mut impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
