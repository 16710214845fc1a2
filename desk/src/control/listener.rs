//! `serve`'s end: one task per forwarded command.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::console::Console;
use crate::control::frame::{Request, Told, read_frame};
use crate::control::patience::patiently;
use crate::control::remote::RemoteConsole;
use crate::control::socket;
use crate::exit::Exit;
use crate::lock::DirLock;
use crate::person;
use crate::problem::Problem;

/// Commands at once; who comes above it is turned away and tries again.
const AT_ONCE: usize = 32;

/// How long a peer may take to say what it wants.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// How long a command may go on whose caller has left.
const GRACE: Duration = Duration::from_secs(5);

/// How long a caller may take to read the last words.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The listening socket of a running `serve`. It needs, and keeps, the folder's lock.
pub struct Control {
    listener: UnixListener,
    lock: DirLock,
}

impl Control {
    /// Listens in the folder. Must be called within a tokio runtime.
    pub fn bind(lock: DirLock) -> io::Result<Self> {
        Ok(Self { listener: socket::listen(lock.dir())?, lock })
    }

    /// The folder's lock.
    pub fn lock(&self) -> &DirLock {
        &self.lock
    }

    /// Runs `handler` for every forwarded command, until dropped; then the commands end with it.
    ///
    /// A handler that panics ends its own command with [`Exit::Bug`]. One whose caller has left sees
    /// [`crate::Console::cancelled`] and is dropped five seconds later.
    pub async fn serve<H, F>(&self, handler: H)
    where
        H: Fn(Request, Arc<RemoteConsole>) -> F + Clone + Send + 'static,
        F: Future<Output = Exit> + Send + 'static,
    {
        let mut commands = JoinSet::new();
        loop {
            while commands.try_join_next().is_some() {}
            match self.listener.accept().await {
                Ok((stream, _)) if commands.len() < AT_ONCE && socket::check_peer(&stream).is_ok() => {
                    commands.spawn(attend(stream, handler.clone()));
                }
                Ok(_) => {}
                // Out of descriptors, most likely: others will be closed.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The next holder of the lock would remove it too.
        let _ = std::fs::remove_file(socket::place(self.lock.dir()));
    }
}

async fn attend<H, F>(stream: UnixStream, handler: H)
where
    H: Fn(Request, Arc<RemoteConsole>) -> F + Send + 'static,
    F: Future<Output = Exit> + Send + 'static,
{
    let Ok(peer) = stream.peer_cred() else { return };
    let person = person::of_peer(&peer);
    let (mut from, to) = stream.into_split();
    let Ok(Ok(Some(request))) = timeout(REQUEST_TIME, read_frame::<_, Request>(&mut from)).await else {
        return;
    };
    let (console, carriers) = RemoteConsole::new(&request, person, from, to);
    let console = Arc::new(console);
    // A set of its own, so that all of it ends when this conversation does.
    let mut carried = JoinSet::new();
    carried.spawn(carriers.reader.run());
    let mut writing = JoinSet::new();
    writing.spawn(carriers.writer.run());
    let mut command = JoinSet::new();
    command.spawn(handler(request, Arc::clone(&console)));
    let ended = patiently(command.join_next(), console.cancelled(), GRACE).await;
    let exit = match ended {
        Some(Some(Ok(exit))) => exit,
        Some(_) => {
            let problem = Problem::panicked();
            console.report(&problem);
            problem.exit()
        }
        None => return,
    };
    console.tell(Told::Exit(exit));
    let _ = timeout(LAST_WORDS, console.flush()).await;
}
