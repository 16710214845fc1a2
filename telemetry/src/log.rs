//! Which lines are written, and how. On success next to nothing is: one line when a party begins to serve, one when a job
//! is over. A line has a stable `event`; what stops work again and again is written once in a while and not at every try
//! ([`Hush`]).

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

/// The form of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// An object.
    #[default]
    Json,
    /// For people.
    Text,
}

/// How much is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// What a person has to look after.
    Error,
    /// And what may mend itself.
    Warn,
    /// And what was achieved.
    #[default]
    Info,
    /// And the way there.
    Debug,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        })
    }
}

/// `[log]` in `config.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `json` or `text`.
    pub format: Format,
    /// `error`, `warn`, `info` or `debug`.
    pub level: Level,
}

impl Settings {
    /// For commands that end by themselves: their result is on standard output, so the log keeps to warnings.
    pub fn quiet() -> Self {
        Self { format: Format::Json, level: Level::Warn }
    }

    /// Whether it is what it is without a word in the configuration.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Which lines pass: ours from this level on, those of the libraries beneath from warnings on, for what they say in
    /// detail is not ours to vouch for.
    pub fn directives(&self) -> String {
        let level = self.level;
        let beneath = level.min(Level::Warn);
        let ours = ["telemetry", "node", "coordinator", "link", "desk", "store"];
        let ours = ours.map(|name| format!("lianfang_{name}={level}")).join(",");
        format!("{beneath},{ours}")
    }
}

/// Starts the log of this process, on standard error; `RUST_LOG` has the last word on which lines. A process that embeds
/// this one keeps the log that it has.
pub fn start(settings: &Settings) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(settings.directives()));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.format {
        Format::Json => lines.json().flatten_event(true).boxed(),
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed(),
    };
    let started = tracing_subscriber::registry().with(filter).with(Hush::default()).with(lines).try_init();
    drop(started);
}

/// For how long the same line is not written again.
const AGAIN: Duration = Duration::from_mins(10);
/// Lines that are remembered; when there are more, all are forgotten.
const REMEMBERED: usize = 1_024;

/// Lets a line pass that was not written within the last ten minutes. Two lines are the same if they were made at the
/// same place with the same fields, the address of a caller left aside.
#[derive(Default)]
pub struct Hush {
    written: Mutex<HashMap<u64, Instant>>,
}

impl Hush {
    fn passes(&self, line: u64, now: Instant) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(&line).is_some_and(|at| now.saturating_duration_since(*at) < AGAIN) {
            return false;
        }
        if written.len() >= REMEMBERED {
            written.clear();
        }
        written.insert(line, now);
        true
    }
}

impl<S: Subscriber> Layer<S> for Hush {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let mut line = Line(DefaultHasher::new());
        event.metadata().callsite().hash(&mut line.0);
        event.record(&mut line);
        self.passes(line.0.finish(), Instant::now())
    }
}

/// What a line says, as a number.
struct Line(DefaultHasher);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "peer" {
            field.name().hash(&mut self.0);
            format!("{value:?}").hash(&mut self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counting(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Counting {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_said_again_and_again_is_written_once() {
        let count = Arc::new(AtomicUsize::new(0));
        let log = tracing_subscriber::registry().with(Hush::default()).with(Counting(Arc::clone(&count)));
        tracing::subscriber::with_default(log, || {
            for try_ in 0..100 {
                let said = if try_ < 60 { "away" } else { "busy" };
                tracing::warn!(event = "job.stopped", said, peer = %try_, "a job did not go on");
            }
        });
        assert_eq!(count.load(Ordering::Relaxed), 2, "once for each thing to say");
    }

    #[test]
    fn after_a_while_it_is_said_again() {
        let (hush, now) = (Hush::default(), Instant::now());
        assert!(hush.passes(1, now) && !hush.passes(1, now) && hush.passes(2, now));
        assert!(!hush.passes(1, now + AGAIN / 2));
        assert!(hush.passes(1, now + AGAIN));
        for line in 0..10_000 {
            hush.passes(line, now);
        }
        assert!(hush.written.lock().unwrap().len() <= REMEMBERED);
    }

    #[test]
    fn libraries_are_heard_from_warnings_on() {
        let directives = |level| Settings { level, format: Format::Text }.directives();
        assert!(directives(Level::Debug).starts_with("warn,lianfang_telemetry=debug,"));
        assert!(directives(Level::Error).starts_with("error,lianfang_telemetry=error,"));
        let read: Settings = toml::from_str("format = \"text\"\nlevel = \"warn\"").unwrap();
        assert_eq!(read, Settings { format: Format::Text, level: Level::Warn });
        assert!(toml::from_str::<Settings>("level = \"loud\"").is_err());
        assert!(toml::from_str::<Settings>("colour = 1").is_err());
        assert!(EnvFilter::try_new(directives(Level::Info)).is_ok());
    }
}
