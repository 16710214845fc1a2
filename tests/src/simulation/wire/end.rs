//! One end of a connection: bytes that are read when they have arrived, and written until the pipe is full.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Accident, Fate, Net, Way};
use crate::simulation::time::{Sleep, micros};

/// Bytes that a pipe holds before its writer waits.
const PIPE: usize = 256 * 1024;

/// One end of a connection.
pub(super) struct End {
    net: Net,
    number: u64,
    side: usize,
    late: Option<Pin<Box<Sleep>>>,
}

impl End {
    pub(super) fn new(net: &Net, number: u64, side: usize) -> Self {
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
                pipe.not_before = pipe.not_before.max(now + micros(by));
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
