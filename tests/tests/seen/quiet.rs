//! A whole job that goes well writes next to nothing. The log is the process's, so all parties are counted together.

use std::sync::{Arc, Mutex, OnceLock};

use lianfang_proto::catalogue::Disclosure;
use lianfang_telemetry::log::{Hush, Settings};
use lianfang_tests::canary::Canaries;
use lianfang_tests::world::{JobTerms, World};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Keeps what is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The log of this process from now on, as `serve` would have it.
fn log() -> &'static Paper {
    static LOG: OnceLock<Paper> = OnceLock::new();
    LOG.get_or_init(|| {
        let paper = Paper::default();
        let filter = EnvFilter::new(Settings::default().directives());
        let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(paper.clone());
        let log = tracing_subscriber::registry().with(filter).with(Hush::default()).with(lines);
        log.try_init().expect("the only log");
        paper
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_goes_well_writes_a_line_or_two() {
    let banks = ["kilo", "lima", "mike"];
    let (registers, words) = super::numbers::registers();
    let canaries = Canaries::new(words.iter().map(String::as_str));
    let world = World::ready(&banks, 3, 2).await;
    for (bank, register) in banks.iter().zip(&registers) {
        world.import(bank, register).await;
    }
    let paper = log();
    let (job, _) = world.whole_job(&JobTerms::new(2, Disclosure::Labels)).await;
    let written = String::from_utf8(paper.0.lock().expect("whole").clone()).expect("text");
    assert!(canaries.found_in(written.as_bytes()).is_none(), "{written}");
    // Other tests of this program write to the same log; the job's own lines carry its id.
    let own: Vec<&str> = written.lines().filter(|line| line.contains(&job)).collect();
    let parties = banks.len() + 1;
    assert!((1..=2 * parties).contains(&own.len()), "{own:#?}");
    for line in written.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("an object a line");
        let event = line["event"].as_str().unwrap_or_else(|| panic!("a line without an event: {line}"));
        assert!(event.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '-'), "{event}");
    }
    world.end().await;
}
