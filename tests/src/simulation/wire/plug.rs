//! How a party gets onto the network: dials that a partition holds up, and doors that are knocked at.

use std::io;
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use lianfang_link::transport::BoxStream;
use lianfang_link::{Listener, Transport};

use super::end::End;
use super::{Door, Net, Wire};

/// How many seconds a dial across a partition is tried.
const DIAL: u32 = 10;

/// Where a party dials and listens.
pub(super) struct Plug {
    pub(super) net: Net,
    pub(super) party: String,
    /// Whether detours lead it.
    pub(super) led: bool,
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
