//! The network of a simulated federation: pipes that know whose they are, and go wrong at a word.
//!
//! Comes in: dials, pieces of bytes, accidents to come. Goes out: the same pieces in their order, late, or never: what is
//! lost takes its connection with it, as it does under TLS. A partition holds pieces back, as routers do whose peers send
//! again, and kills a connection that it has held for longer than keep-alives last. Never sees plaintext.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use lianfang_link::transport::BoxStream;
use lianfang_link::{Listener, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::time::{Moment, Sleep, Time};

/// Bytes that a pipe holds before its writer waits.
const PIPE: usize = 256 * 1024;
/// How long a connection outlives a partition: two unanswered keep-alives.
const HELD: Moment = 40_000_000;
/// How long a dial across a partition is tried.
const DIAL: u32 = 10;

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

struct Plug {
    net: Net,
    party: String,
    led: bool,
}

#[async_trait]
impl Transport for Plug {
    async fn dial(&self, addr: &str) -> io::Result<BoxStream> {
        for _ in 0..DIAL {
            match self.attempt(addr)? {
                Some(end) => return Ok(Box::new(end)),
                None => self.net.time.sleep(Duration::from_secs(1)).await,
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    async fn listen(&self, addr: &str) -> io::Result<Box<dyn Listener>> {
        let mut hub = self.net.hub();
        if hub.doors.contains_key(addr) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        hub.doors.insert(addr.to_owned(), Door { owner: self.party.clone(), ..Door::default() });
        Ok(Box::new(Accepting { net: self.net.clone(), addr: addr.to_owned(), party: self.party.clone() }))
    }
}

impl Plug {
    /// A connection; nothing as long as a partition is between.
    fn attempt(&self, addr: &str) -> io::Result<Option<End>> {
        let mut guard = self.net.hub();
        let hub = &mut *guard;
        let addr = hub.routes.get(addr).filter(|_| self.led).map_or(addr, String::as_str).to_owned();
        let door = hub.doors.get_mut(&addr).ok_or(io::ErrorKind::ConnectionRefused)?;
        if hub.apart.contains(&self.party) != hub.apart.contains(&door.owner) {
            return Ok(None);
        }
        hub.numbers += 1;
        let number = hub.numbers;
        door.arrivals.push_back(number);
        let waker = door.waker.take();
        let ends = [self.party.clone(), door.owner.clone()];
        hub.wires.insert(number, Wire { ends, pipes: Default::default(), broken: false });
        drop(guard);
        waker.into_iter().for_each(Waker::wake);
        Ok(Some(End::new(&self.net, number, 0)))
    }
}

struct Accepting {
    net: Net,
    addr: String,
    party: String,
}

#[async_trait]
impl Listener for Accepting {
    async fn accept(&mut self) -> io::Result<(BoxStream, String)> {
        let number = std::future::poll_fn(|cx| {
            let mut hub = self.net.hub();
            let Some(door) = hub.doors.get_mut(&self.addr) else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected));
            };
            match door.arrivals.pop_front() {
                Some(number) => Poll::Ready(Ok(number)),
                None => {
                    door.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await?;
        Ok((Box::new(End::new(&self.net, number, 1)), format!("simulated:{number}")))
    }

    fn local_addr(&self) -> String {
        self.addr.clone()
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        let mut hub = self.net.hub();
        if hub.doors.get(&self.addr).is_some_and(|door| door.owner == self.party) {
            hub.doors.remove(&self.addr);
        }
    }
}

/// One end of a connection.
struct End {
    net: Net,
    number: u64,
    side: usize,
    late: Option<Pin<Box<Sleep>>>,
}

impl End {
    fn new(net: &Net, number: u64, side: usize) -> Self {
        Self { net: net.clone(), number, side, late: None }
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let net = self.net.clone();
        let now = net.time.now();
        let mut guard = net.hub();
        let hub = &mut *guard;
        let Some(wire) = hub.wires.get_mut(&self.number).filter(|wire| !wire.broken) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        let held = wire.crosses(&hub.apart);
        let pipe = &mut wire.pipes[1 - self.side];
        let mut took = 0;
        while !held
            && to.remaining() > 0
            && let Some((_, piece)) = pipe.pieces.front_mut().filter(|(at, _)| *at <= now)
        {
            let part = piece.len().min(to.remaining());
            to.put_slice(&piece[..part]);
            piece.drain(..part);
            took += part;
            if piece.is_empty() {
                pipe.pieces.pop_front();
            }
        }
        pipe.held -= took;
        if took > 0 {
            let writer = pipe.writer.take();
            drop(guard);
            writer.into_iter().for_each(Waker::wake);
            return Poll::Ready(Ok(()));
        }
        if !held && pipe.pieces.is_empty() && pipe.closed {
            return Poll::Ready(Ok(()));
        }
        pipe.reader = Some(cx.waker().clone());
        let arrives = pipe.pieces.front().map(|(at, _)| *at).filter(|at| *at > now);
        drop(guard);
        self.late = arrives.map(|at| Box::pin(net.time.sleep_until(at)));
        if let Some(late) = &mut self.late {
            // Wakes this reader when the piece arrives.
            let _ = late.as_mut().poll(cx);
        }
        Poll::Pending
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let now = self.net.time.now();
        let mut guard = self.net.hub();
        let hub = &mut *guard;
        let Some(wire) = hub.wires.get_mut(&self.number).filter(|wire| !wire.broken) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        let room = PIPE.saturating_sub(wire.pipes[self.side].held);
        if room == 0 {
            wire.pipes[self.side].writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        hub.pieces += 1;
        let taken = bytes.len().min(room);
        match happens(&mut hub.accidents, &wire.ends, self.side) {
            Some(Fate::Lost) => {
                wire.broken = true;
                let wakers: Vec<Waker> = wire.wakers().collect();
                drop(guard);
                wakers.into_iter().for_each(Waker::wake);
                return Poll::Ready(Ok(taken));
            }
            Some(Fate::Late(by)) => {
                let pipe = &mut wire.pipes[self.side];
                pipe.not_before = pipe.not_before.max(now + super::time::micros(by));
            }
            None => {}
        }
        let pipe = &mut wire.pipes[self.side];
        pipe.pieces.push_back((pipe.not_before.max(now), bytes[..taken].to_vec()));
        pipe.held += taken;
        let reader = pipe.reader.take();
        drop(guard);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut hub = self.net.hub();
        let reader = hub.wires.get_mut(&self.number).and_then(|wire| {
            wire.pipes[self.side].closed = true;
            wire.pipes[self.side].reader.take()
        });
        drop(hub);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let wakers: Vec<Waker> = {
            let mut hub = self.net.hub();
            let Some(wire) = hub.wires.get_mut(&self.number) else { return };
            // What was sent still arrives; then there is an end.
            wire.pipes[self.side].closed = true;
            let wakers = wire.wakers().collect();
            if wire.pipes.iter().all(|pipe| pipe.closed) && wire.pipes.iter().all(|pipe| pipe.held == 0) {
                hub.wires.remove(&self.number);
            }
            wakers
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// What happens to a piece that goes out at `side` of a connection between `ends`.
fn happens(accidents: &mut Vec<Accident>, ends: &[String; 2], side: usize) -> Option<Fate> {
    let way = if side == 0 { Way::Request } else { Way::Response };
    let meant =
        |accident: &Accident| accident.from == ends[0] && accident.to == ends[1] && accident.way == way;
    let mut fate = None;
    accidents.retain_mut(|accident| {
        if !meant(accident) {
            return true;
        }
        if accident.after > 0 {
            accident.after -= 1;
            return true;
        }
        fate = Some(accident.fate);
        false
    });
    fate
}
