//! The generic `main` of node, coordinator and demo.
//!
//! Comes in: arguments. Goes out: an exit code; results and sentences through the console. A program says per command
//! where it sits ([`Seat`]), and the shell takes the folder's lock, listens, or forwards accordingly. Fails: every error
//! and every panic ends in one sentence and one of the eight codes.

mod help;
mod seat;
mod usage;

use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use crate::console::{Console, Stream, Terminal};
use crate::control::Control;
use crate::exit::Exit;
use crate::lang::Lang;
use crate::lock::DirLock;
use crate::person;
use crate::problem::Problem;

pub use help::undescribed;

/// `--json` and `--lang`, which every program has. To be flattened into the program's arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Voice {
    /// Print one JSON object on standard output; everything else goes to standard error.
    #[arg(long, global = true)]
    pub json: bool,
    /// The language of texts for people; else LANG decides, else English.
    #[arg(long, global = true, value_name = "zh|en", hide_possible_values = true)]
    pub lang: Option<Lang>,
}

/// `--dir`, `--json` and `--lang`, which node and coordinator have. To be flattened into the program's arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Common {
    /// The folder with configuration, secrets and store.
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// How it speaks.
    #[command(flatten)]
    pub voice: Voice,
}

/// How a command stands to the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// It needs none.
    Free,
    /// It makes the folder, or uses one that is there, under the lock; never forwarded.
    Create,
    /// It uses the folder under the lock; forwarded if `serve` has it.
    Ordinary,
    /// It holds the lock until it ends and runs what others forward; a second one is refused.
    Serve,
}

/// A program's arguments, which know what to do.
///
/// The name given to clap must be `lianfang-…`: help texts are found by it (`help-node-import` is the message of
/// `lianfang-node import`).
pub trait Program: clap::Parser + Send + 'static {
    /// The folder, if one was given.
    fn dir(&self) -> Option<&Path>;

    /// How this command stands to the folder.
    fn seat(&self) -> Seat;

    /// Does it, in this process. A `serve` takes its [`Call::control`], answers through [`Call::serve_forwarded`], and
    /// returns once [`Console::cancelled`] does.
    fn perform(self, call: Call) -> impl Future<Output = Result<Exit, Problem>> + Send;
}

/// What a command is given besides its arguments.
pub struct Call {
    /// Where it speaks.
    pub console: Arc<dyn Console>,
    /// The folder, absolute; of a [`Seat::Free`] command, the one it was called in.
    pub dir: PathBuf,
    /// The folder it was called in: relative paths in its arguments are meant from there, see [`Call::path`].
    pub cwd: PathBuf,
    /// Who typed it, for logs.
    pub person: String,
    hold: Hold,
}

enum Hold {
    Nothing,
    Lock(#[expect(dead_code, reason = "held, never read")] DirLock),
    Control(Control),
}

impl Call {
    /// A call without a folder's lock: of a free command, of a forwarded one, or in a test.
    pub fn new(console: Arc<dyn Console>, dir: PathBuf, cwd: PathBuf) -> Self {
        Self { console, dir, cwd, person: person::own(), hold: Hold::Nothing }
    }

    /// A path from the arguments, absolute.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.cwd.join(path)
    }

    /// The listening socket; a command of [`Seat::Serve`] has it, once.
    pub fn control(&mut self) -> Option<Control> {
        match std::mem::replace(&mut self.hold, Hold::Nothing) {
            Hold::Control(control) => Some(control),
            other => {
                self.hold = other;
                None
            }
        }
    }

    /// Runs what others forward, until dropped: parses it as `P` does, and lets `perform` do it.
    pub async fn serve_forwarded<P, H, F>(control: &Control, perform: H)
    where
        P: Program,
        H: Fn(P, Self) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Exit, Problem>> + Send + 'static,
    {
        seat::serve_forwarded(control, perform).await;
    }
}

/// The whole of a program's `main`: quiet panics, then [`run`] on the process's own console.
pub fn main<P: Program>(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    quiet_panics();
    run::<P>(args).into()
}

/// Runs the command on the process's own console.
pub fn run<P: Program>(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let voice = usage::overheard(&args);
    let lang = Lang::choose(voice.lang, std::env::var("LANG").ok().as_deref());
    let console: Arc<dyn Console> = Arc::new(Terminal::new(lang, voice.json));
    let cwd = match std::env::current_dir() {
        Ok(cwd) => cwd,
        Err(error) => {
            let problem = Problem::file(Path::new("."), error);
            console.report(&problem);
            return problem.exit();
        }
    };
    run_on::<P>(args, cwd, &console)
}

/// Runs the command on a console of the caller's choice.
pub fn run_on<P: Program>(args: Vec<OsString>, cwd: PathBuf, console: &Arc<dyn Console>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(console.as_ref(), Err(Problem::bug(error))),
    };
    let exit = runtime.block_on(async {
        let ended = seat::take::<P>(args, cwd, Arc::clone(console)).await;
        let exit = told(console.as_ref(), ended);
        match console.flush().await {
            Err(problem) if exit.is_done() => told(console.as_ref(), Err(problem)),
            _ => exit,
        }
    });
    // A thread may wait for standard input; the process need not wait for the thread.
    runtime.shutdown_background();
    exit
}

fn told(console: &dyn Console, ended: Result<Exit, Problem>) -> Exit {
    ended.unwrap_or_else(|problem| {
        console.report(&problem);
        problem.exit()
    })
}

/// A panic's payload may hold what stood in a record, so only its place is printed.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // Nobody can be told that standard error is gone.
        let _ = writeln!(std::io::stderr().lock(), "panicked at {place}");
    }));
}

/// Help and version are results; what is wrong with the arguments is not.
fn print_clap(console: &dyn Console, error: &clap::Error) -> Exit {
    let (stream, exit) =
        if error.use_stderr() { (Stream::Note, Exit::Usage) } else { (Stream::Out, Exit::Done) };
    console.put(stream, &error.to_string());
    exit
}
