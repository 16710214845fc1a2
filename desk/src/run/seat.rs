//! Lock, listen, or forward.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::console::Console;
use crate::control::{Control, RemoteConsole, Request, forward, patiently};
use crate::exit::Exit;
use crate::lock::{DirLock, Folder, LockError};
use crate::problem::Problem;
use crate::run::{Call, Hold, Program, Seat, print_clap, told, usage};

/// How long a command may go on after Ctrl-C. A `serve` ends as its configuration says, and at once when it is told twice.
const GRACE: Duration = Duration::from_secs(2);

/// How often, and how far apart, a folder that is held but not listening is tried: its `serve` may be starting, or the
/// command before this one be ending.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(100);

/// What became of the arguments.
enum Parsed<P> {
    Command(P),
    Ended(Exit),
}

fn parse<P: Program>(args: &[OsString], console: &dyn Console) -> Result<Parsed<P>, Problem> {
    match usage::parse::<P>(args, console.lang()) {
        Ok(command) => Ok(Parsed::Command(command)),
        Err(error) => match usage::problem(&error, console) {
            Some(problem) => Err(problem),
            None => Ok(Parsed::Ended(print_clap(console, &error))),
        },
    }
}

/// Runs the command where its seat is.
pub(super) async fn take<P: Program>(
    args: Vec<OsString>,
    cwd: PathBuf,
    console: Arc<dyn Console>,
) -> Result<Exit, Problem> {
    let command = match parse::<P>(&args, console.as_ref())? {
        Parsed::Command(command) => command,
        Parsed::Ended(exit) => return Ok(exit),
    };
    let seat = command.seat();
    let mut call = Call::new(Arc::clone(&console), cwd.clone(), cwd);
    if seat != Seat::Free {
        let dir = command.dir().ok_or_else(|| Problem::usage("directory-not-given").field("--dir"))?;
        call.dir = call.path(dir);
        let folder = if seat == Seat::Create { Folder::Create } else { Folder::MustExist };
        let lock = match lock_or_forward(&call, seat, folder, args).await? {
            Taken::Lock(lock) => lock,
            Taken::Forwarded(exit) => return Ok(exit),
        };
        lock.dir().clone_into(&mut call.dir);
        call.hold = if seat == Seat::Serve {
            Hold::Control(Control::bind(lock).map_err(|error| Problem::file(&call.dir, error))?)
        } else {
            Hold::Lock(lock)
        };
    }
    perform(command, call, seat).await
}

async fn perform<P: Program>(command: P, call: Call, seat: Seat) -> Result<Exit, Problem> {
    let console = Arc::clone(&call.console);
    // A task of its own, so that a panic ends in a sentence; a set, so that it does not outlive this.
    let mut task = JoinSet::new();
    task.spawn(command.perform(call));
    let ended = if seat == Seat::Serve {
        patiently(task.join_next(), console.insisted(), Duration::ZERO).await
    } else {
        patiently(task.join_next(), console.cancelled(), GRACE).await
    };
    match ended {
        Some(Some(Ok(ended))) => ended,
        Some(_) => Err(Problem::panicked()),
        None => Err(Problem::later("interrupted")),
    }
}

enum Taken {
    Lock(DirLock),
    Forwarded(Exit),
}

async fn lock_or_forward(
    call: &Call,
    seat: Seat,
    folder: Folder,
    args: Vec<OsString>,
) -> Result<Taken, Problem> {
    let request = Request {
        args,
        cwd: call.cwd.clone().into_os_string(),
        lang: call.console.lang(),
        json: call.console.json(),
        stdin_is_terminal: call.console.is_terminal(),
    };
    let mut tries = 0;
    loop {
        let busy = match DirLock::take(&call.dir, folder) {
            Ok(lock) => return Ok(Taken::Lock(lock)),
            Err(busy @ LockError::Busy { .. }) if seat == Seat::Ordinary => busy,
            Err(error) => return Err(error.into()),
        };
        match forward(&call.dir, &request, call.console.as_ref()).await {
            Ok(exit) => return Ok(Taken::Forwarded(exit)),
            Err(error) if nobody_listens(&error) && tries < TRIES => {}
            Err(error) if nobody_listens(&error) => return Err(busy.into()),
            Err(error) => return Err(forwarding_failed(&call.dir, error)),
        }
        tries += 1;
        sleep(BETWEEN).await;
    }
}

fn nobody_listens(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn forwarding_failed(dir: &Path, error: io::Error) -> Problem {
    let (exit, id) = match error.kind() {
        io::ErrorKind::PermissionDenied => (Exit::Refused, "control-other-user"),
        _ => (Exit::Later, "control-lost"),
    };
    Problem::new(exit, id).with("path", dir).because(error)
}

/// Runs what others forward, until dropped.
pub(super) async fn serve_forwarded<P, H, F>(control: &Control, perform: H)
where
    P: Program,
    H: Fn(P, Call) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Exit, Problem>> + Send + 'static,
{
    let dir = control.lock().dir().to_owned();
    let handler = move |request: Request, console: Arc<RemoteConsole>| {
        let (perform, dir) = (perform.clone(), dir.clone());
        async move {
            let person = console.person().to_owned();
            let console: Arc<dyn Console> = console;
            let mut call = Call::new(Arc::clone(&console), dir, request.cwd.into());
            call.person = person;
            let ended = forwarded(&request.args, call, perform).await;
            told(console.as_ref(), ended)
        }
    };
    control.serve(handler).await;
}

async fn forwarded<P, H, F>(args: &[OsString], call: Call, perform: H) -> Result<Exit, Problem>
where
    P: Program,
    H: FnOnce(P, Call) -> F,
    F: Future<Output = Result<Exit, Problem>>,
{
    match parse::<P>(args, call.console.as_ref())? {
        Parsed::Ended(exit) => Ok(exit),
        // Only ordinary commands are forwarded by `take`; another caller cannot start a second `serve` inside the first.
        Parsed::Command(command) if command.seat() != Seat::Ordinary => {
            Err(LockError::Busy { pid: Some(std::process::id()), dir: call.dir }.into())
        }
        Parsed::Command(command) => perform(command, call).await,
    }
}
