//! The network of a simulated federation: pipes that know whose they are, and go wrong at a word.
//!
//! Comes in: dials, pieces of bytes, accidents to come. Goes out: the same pieces in their order, late, or never: what is
//! lost takes its connection with it, as it does under TLS. A partition holds pieces back, as routers do whose peers send
//! again, and kills a connection that it has held for longer than keep-alives last. Never sees plaintext.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use lianfang_link::Transport;

use super::time::{Moment, Time};

mod end;
mod plug;

use plug::Plug;

/// How long a connection outlives a partition: two unanswered keep-alives.
const HELD: Moment = 40_000_000;

/// Which way of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the one who asks.
    Request,
    /// From the one who answers.
    Response,
}

/// What will happen to a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never arrives, and its connection ends.
    Lost,
    /// It arrives so much later, and all after it.
    Late(Duration),
}

/// Something that is going to happen on the connections that `from` has opened to `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accident {
    /// Who asks.
    pub from: String,
    /// Who answers.
    pub to: String,
    /// Requests or responses.
    pub way: Way,
    /// How many pieces pass before.
    pub after: u32,
    /// What happens to the next.
    pub fate: Fate,
}

#[derive(Default)]
struct Pipe {
    pieces: VecDeque<(Moment, Vec<u8>)>,
    held: usize,
    closed: bool,
    /// Nothing arrives before this, for bytes do not overtake each other.
    not_before: Moment,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

struct Wire {
    ends: [String; 2],
    /// From the dialler, and to it.
    pipes: [Pipe; 2],
    broken: bool,
}

impl Wire {
    fn crosses(&self, apart: &BTreeSet<String>) -> bool {
        apart.contains(&self.ends[0]) != apart.contains(&self.ends[1])
    }

    fn wakers(&mut self) -> impl Iterator<Item = Waker> {
        self.pipes.iter_mut().flat_map(|pipe| [pipe.reader.take(), pipe.writer.take()]).flatten()
    }
}

#[derive(Default)]
struct Door {
    owner: String,
    arrivals: VecDeque<u64>,
    waker: Option<Waker>,
}

#[derive(Default)]
struct Hub {
    doors: BTreeMap<String, Door>,
    wires: BTreeMap<u64, Wire>,
    numbers: u64,
    apart: BTreeSet<String>,
    parted_at: Moment,
    accidents: Vec<Accident>,
    routes: BTreeMap<String, String>,
    pieces: u64,
}

/// The network. Clones are the same network.
#[derive(Clone)]
pub struct Net {
    hub: Arc<Mutex<Hub>>,
    time: Time,
}

impl Net {
    /// An empty network.
    pub fn new(time: &Time) -> Self {
        Self { hub: Arc::default(), time: time.clone() }
    }

    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The network as `party` sees it.
    pub fn of(&self, party: &str) -> Arc<dyn Transport> {
        Arc::new(Plug { net: self.clone(), party: party.to_owned(), led: true })
    }

    /// The same without detours, for who stands in the middle.
    pub fn without_detours(&self, party: &str) -> Arc<dyn Transport> {
        Arc::new(Plug { net: self.clone(), party: party.to_owned(), led: false })
    }

    /// Something is going to happen.
    pub fn expect(&self, accident: Accident) {
        self.hub().accidents.push(accident);
    }

    /// How many pieces were sent.
    pub fn pieces(&self) -> u64 {
        self.hub().pieces
    }

    /// These are cut off from all others.
    pub fn part(&self, apart: BTreeSet<String>) {
        let mut hub = self.hub();
        hub.apart = apart;
        hub.parted_at = self.time.now();
    }

    /// Everything arrives again; nothing more is going to happen.
    pub fn heal(&self) {
        let wakers: Vec<Waker> = {
            let mut hub = self.hub();
            hub.apart.clear();
            hub.accidents.clear();
            let late = self.time.now();
            for pipe in hub.wires.values_mut().flat_map(|wire| &mut wire.pipes) {
                pipe.not_before = late;
                pipe.pieces.iter_mut().for_each(|(at, _)| *at = late.min(*at));
            }
            hub.wires.values_mut().flat_map(Wire::wakers).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Whoever dials `from` comes to `to`; connections that are open end.
    pub fn lead(&self, from: &str, to: &str, party: &str) {
        self.hub().routes.insert(from.to_owned(), to.to_owned());
        self.cut(|ends| ends[1] == party);
    }

    /// All detours end, and what went over them.
    pub fn straighten(&self) {
        let routes = std::mem::take(&mut self.hub().routes);
        if !routes.is_empty() {
            self.cut(|ends| ends.iter().any(|end| end.starts_with(MIDDLE)));
        }
    }

    /// A party is gone.
    pub fn gone(&self, party: &str) {
        self.hub().doors.retain(|_, door| door.owner != party);
        self.cut(|ends| ends.iter().any(|end| end == party));
    }

    /// Connections that a partition has held too long end. Says whether there were any.
    pub fn tire(&self) -> bool {
        let apart = {
            let hub = self.hub();
            if hub.apart.is_empty() || self.time.now() < hub.parted_at + HELD {
                return false;
            }
            hub.apart.clone()
        };
        self.cut(|ends| apart.contains(&ends[0]) != apart.contains(&ends[1]))
    }

    /// When [`tire`](Self::tire) is next to be asked.
    pub fn tires_at(&self) -> Option<Moment> {
        let hub = self.hub();
        let held = hub.wires.values().any(|wire| !wire.broken && wire.crosses(&hub.apart));
        held.then_some(hub.parted_at + HELD)
    }

    fn cut(&self, concerned: impl Fn(&[String; 2]) -> bool) -> bool {
        let wakers: Vec<Waker> = {
            let mut hub = self.hub();
            let cut = hub.wires.values_mut().filter(|wire| !wire.broken && concerned(&wire.ends));
            cut.flat_map(|wire| {
                wire.broken = true;
                wire.wakers().collect::<Vec<_>>()
            })
            .collect()
        };
        let any = !wakers.is_empty();
        wakers.into_iter().for_each(Waker::wake);
        any
    }
}

/// How the names of those begin who stand in the middle.
pub const MIDDLE: &str = "middle-of-";
