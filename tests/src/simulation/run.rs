//! Many lists: one after the other in a process, and as many processes as there are cores.
//!
//! Comes in: a range of seeds, or files. Goes out: one line for each list, and at the end what was covered and what
//! failed. Every process plays every so-manieth list, so that the same seeds are the same lists on any machine. A process
//! plays one list at a time: quiet is a matter of the whole process.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Instant;

use super::checks;
use super::generate::shrink;
use super::operations::{List, Operation};
use super::play::{Failure, Played};
use super::shapes::{Shape, Template, folder};

/// Panics of any thread since the last list.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn panics() -> Vec<String> {
    std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// From now on panics are noted, wherever they happen.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
        }));
    });
}

/// Templates that were made, by the shape's name.
#[derive(Default)]
pub struct Templates(BTreeMap<&'static str, Template>);

/// What came of a list.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What failed.
    pub failures: Vec<Failure>,
    /// Jobs that were closed.
    pub jobs: usize,
    /// How long it took in its own time, in microseconds.
    pub lasted: u64,
}

impl Templates {
    /// Plays a list and looks at everything.
    pub fn play(&mut self, list: &List) -> Outcome {
        listen();
        let Some(shape) = Shape::named(&list.shape) else {
            let seen = list.shape.clone();
            return Outcome { failures: vec![Failure { check: "shapes", seen }], ..Outcome::default() };
        };
        if !self.0.contains_key(shape.name) {
            match catch_unwind(AssertUnwindSafe(|| Template::make(shape))) {
                Ok(template) => drop(self.0.insert(shape.name, template)),
                Err(_) => {
                    let seen = panics().join("\n");
                    return Outcome {
                        failures: vec![Failure { check: "shapes", seen }],
                        ..Outcome::default()
                    };
                }
            }
        }
        let template = &self.0[shape.name];
        panics();
        let root = folder();
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut played = Played::list(template, list, root.path());
            checks::all(&mut played);
            Outcome { jobs: played.jobs.len(), lasted: played.lasted(), failures: played.failures.clone() }
        }));
        let mut outcome = played.unwrap_or_default();
        outcome.failures.extend(panics().into_iter().map(|seen| Failure { check: "no panic", seen }));
        outcome
    }

    /// The smallest list that fails at the same check.
    pub fn shrink(&mut self, list: &List, check: &str) -> List {
        let fails = |list: &List| self.play(list).failures.iter().any(|failure| failure.check == check);
        shrink(list, 120, fails)
    }
}

/// What a run covered.
#[derive(Clone, Debug, Default)]
pub struct Covered {
    /// Lists.
    pub lists: u64,
    /// Jobs in them.
    pub jobs: u64,
    /// Virtual time, in microseconds.
    pub lasted: u64,
    /// Operations by kind.
    pub operations: BTreeMap<&'static str, u64>,
}

impl Covered {
    /// Counts a list in.
    pub fn count(&mut self, list: &List, outcome: &Outcome) {
        self.lists += 1;
        self.jobs += outcome.jobs as u64;
        self.lasted += outcome.lasted;
        for operation in &list.operations {
            *self.operations.entry(Operation::kind(operation)).or_default() += 1;
        }
    }
}

/// How long something took, in seconds.
pub fn seconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
