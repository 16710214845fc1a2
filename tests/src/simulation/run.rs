//! One list in this process, and what came of it.
//!
//! Comes in: a list, a folder in which federations of every shape are kept. Goes out: an [`Outcome`]. A process plays one
//! list and ends: quiet is a matter of the whole process, and so the list's seed is all that its course depends on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};

use serde::{Deserialize, Serialize};

use super::checks;
use super::operations::{List, Operation};
use super::order;
use super::play::{Failure, Played};
use super::shapes::{Shape, Template};

/// Panics of any thread since this was asked last.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn panics() -> Vec<String> {
    std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// From now on panics are noted, wherever they happen.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let aloud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // A second one ends the process, and then nobody is left to ask.
            aloud(panic);
            PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(panic.to_string());
        }));
    });
}

/// What came of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What failed.
    pub failures: Vec<Failure>,
    /// Jobs that were closed.
    pub jobs: usize,
    /// How long it took in its own time, in microseconds.
    pub lasted: u64,
    /// Two plays of one list that took the same course have the same number.
    pub course: u64,
    /// Whether its threads had a fixed order.
    pub ordered: bool,
}

impl Outcome {
    /// A list that could not be played.
    pub fn failed(check: &str, seen: impl Into<String>) -> Self {
        let failure = Failure { check: check.to_owned(), seen: seen.into() };
        Self { failures: vec![failure], ..Self::default() }
    }
}

/// Makes a federation of a shape in an empty folder.
pub fn make(shape: &str, folder: &Path) -> Outcome {
    listen();
    let Some(shape) = Shape::named(shape) else { return Outcome::failed("shapes", shape) };
    match catch_unwind(AssertUnwindSafe(|| Template::make(shape, folder))) {
        Ok(()) => Outcome::default(),
        Err(_) => Outcome::failed("shapes", panics().join("\n")),
    }
}

/// Plays a list in an empty folder and looks at everything. The federation of its shape has been [made](make) in another.
pub fn play(list: &List, made_in: &Path, root: &Path) -> Outcome {
    listen();
    let Some(shape) = Shape::named(&list.shape) else { return Outcome::failed("shapes", &list.shape) };
    let template = match Template::open(shape, made_in) {
        Ok(template) => template,
        Err(error) => return Outcome::failed("shapes", error.to_string()),
    };
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut played = Played::list(&template, list, root);
        checks::all(&mut played);
        Outcome {
            jobs: played.jobs.len(),
            lasted: played.lasted(),
            course: played.engine.course(),
            failures: played.failures.clone(),
            ordered: false,
        }
    }));
    let mut outcome = Outcome { ordered: order::is_fixed(), ..played.unwrap_or_default() };
    let panics = panics().into_iter().map(|seen| Failure { check: "no panic".to_owned(), seen });
    outcome.failures.extend(panics);
    outcome
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
    /// Lists that failed.
    pub failed: u64,
    /// Lists whose threads had no fixed order.
    pub unordered: u64,
    /// Operations by kind.
    pub operations: BTreeMap<&'static str, u64>,
}

impl Covered {
    /// Counts a list in.
    pub fn count(&mut self, list: &List, outcome: &Outcome) {
        self.lists += 1;
        self.jobs += outcome.jobs as u64;
        self.lasted += outcome.lasted;
        self.failed += u64::from(!outcome.failures.is_empty());
        self.unordered += u64::from(!outcome.ordered);
        for operation in &list.operations {
            *self.operations.entry(Operation::kind(operation)).or_default() += 1;
        }
    }
}
