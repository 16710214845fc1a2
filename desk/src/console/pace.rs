//! Rate and time left, from what was done since the first word. Pure: the time is a parameter.

use std::time::{Duration, Instant};

use crate::console::Progress;
use crate::lang::Lang;
use crate::messages::{Value, text};
use crate::table;

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// The pace of one piece of work.
#[derive(Clone, Debug)]
pub struct Pace {
    begun: Instant,
    already: u64,
    spoken: Instant,
}

impl Pace {
    /// Begins to reckon: what is done already does not count for the rate.
    pub fn begin(now: Instant, progress: &Progress) -> Self {
        Self { begun: now, already: progress.done, spoken: now }
    }

    /// Units per second since the beginning; `None` until a second has gone.
    pub fn rate(&self, now: Instant, done: u64) -> Option<u64> {
        let millis = now.saturating_duration_since(self.begun).as_millis();
        if millis < 1000 {
            return None;
        }
        u64::try_from(u128::from(done.saturating_sub(self.already)) * 1000 / millis).ok()
    }

    /// The time left at the rate so far.
    pub fn left(&self, now: Instant, progress: &Progress) -> Option<Duration> {
        let rate = self.rate(now, progress.done).filter(|&rate| rate > 0)?;
        Some(Duration::from_secs(progress.total?.saturating_sub(progress.done).div_ceil(rate)))
    }

    /// Whether a line is due; if so, the next is due ten seconds later.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = now.saturating_duration_since(self.spoken) >= EVERY;
        if due {
            self.spoken = now;
        }
        due
    }

    /// `Evaluating: 4,096 of 20,000 (20 %), 1,200 a second, 13 s left`.
    pub fn line(&self, now: Instant, lang: Lang, progress: &Progress) -> String {
        let percent =
            progress.total.map_or(0, |total| u128::from(progress.done) * 100 / u128::from(total.max(1)));
        let args = [
            ("label", Value::from(progress.label.as_str())),
            ("done", progress.done.into()),
            ("total", progress.total.unwrap_or_default().into()),
            ("percent", percent.min(100).to_string().into()),
        ];
        let id = if progress.total.is_some() { "progress-of" } else { "progress-so-far" };
        let mut line = text(lang, id, &args);
        if let Some(rate) = self.rate(now, progress.done) {
            line.push_str(&text(lang, "progress-rate", &[("rate", rate.into())]));
        }
        if let Some(left) = self.left(now, progress).filter(|_| !progress.finished) {
            line.push_str(&text(lang, "progress-left", &[("left", table::duration(lang, left).into())]));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resumed_work_does_not_flatter_the_rate() {
        let start = Instant::now();
        let mut pace = Pace::begin(start, &Progress::of("x", 1000, 5000));
        let now = start + Duration::from_secs(10);
        let progress = Progress::of("Evaluating", 3000, 5000);
        assert_eq!(pace.rate(now, 3000), Some(200));
        assert_eq!(pace.left(now, &progress), Some(Duration::from_secs(10)));
        let line = pace.line(now, Lang::En, &progress);
        assert_eq!(line, "Evaluating: 3,000 of 5,000 (60 %), 200 a second, 10 s left");
        let line = pace.line(now, Lang::Zh, &progress);
        assert_eq!(line, "Evaluating：3,000 / 5,000（60%），每秒 200，剩余 10 秒");
        assert!(pace.due(now));
        assert!(!pace.due(now + Duration::from_secs(9)));
        assert!(pace.due(now + Duration::from_secs(10)));
    }

    #[test]
    fn nothing_done_nothing_promised() {
        let start = Instant::now();
        let pace = Pace::begin(start, &Progress::of("x", 0, 0));
        let later = start + Duration::from_secs(3);
        assert_eq!(pace.left(later, &Progress::of("x", 0, 10)), None);
        assert_eq!(pace.rate(start, 10), None);
        assert_eq!(pace.line(start, Lang::En, &Progress::so_far("Reading", 7)), "Reading: 7");
        assert_eq!(pace.line(start, Lang::En, &Progress::of("Reading", 0, 0)), "Reading: 0 of 0 (0 %)");
    }
}
