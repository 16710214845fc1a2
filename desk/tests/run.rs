//! The generic main, with a small program.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use lianfang_desk::run::{run_on, undescribed};
use lianfang_desk::{Buffer, Call, Common, Console, Exit, Lang, Problem, Program, Seat};

/// A small node.
#[derive(Parser)]
#[command(name = "lianfang-node", version)]
struct Small {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sets up.
    Init,
    /// Serves.
    Serve,
    /// Reads a file.
    Import {
        /// The file.
        file: String,
    },
    /// Breaks.
    Hold,
    /// Needs nothing.
    Bench {
        /// How often.
        #[arg(long)]
        rounds: u8,
    },
}

impl Small {
    fn say(self, call: &Call, by: &str) -> Result<Exit, Problem> {
        match self.command {
            Command::Import { file } => {
                call.console.out(&format!("{by} {}", call.path(file).display()));
                Ok(Exit::Done)
            }
            Command::Hold => panic!("on purpose"),
            Command::Bench { rounds } => Err(Problem::refused("not-admitted").with("got", u32::from(rounds))),
            Command::Init | Command::Serve => Ok(Exit::Done),
        }
    }
}

impl Program for Small {
    fn dir(&self) -> Option<&Path> {
        self.common.dir.as_deref()
    }

    fn seat(&self) -> Seat {
        match self.command {
            Command::Init => Seat::Create,
            Command::Serve => Seat::Serve,
            Command::Import { .. } | Command::Hold => Seat::Ordinary,
            Command::Bench { .. } => Seat::Free,
        }
    }

    async fn perform(self, mut call: Call) -> Result<Exit, Problem> {
        let Some(control) = call.control() else { return self.say(&call, "here") };
        call.console.note("serving");
        tokio::select! {
            () = call.console.cancelled() => {}
            () = Call::serve_forwarded(&control, |command: Self, call: Call| async move {
                command.say(&call, "there")
            }) => {}
        }
        Ok(Exit::Done)
    }
}

fn run(args: &[&str], cwd: &Path, console: &Arc<Buffer>) -> Exit {
    let shared: Arc<dyn Console> = console.clone();
    let args = std::iter::once("lianfang-node").chain(args.iter().copied()).map(OsString::from).collect();
    run_on::<Small>(args, cwd.to_owned(), &shared)
}

fn ran(args: &[&str], cwd: &Path, buffer: Buffer) -> (Exit, String, String) {
    let console = Arc::new(buffer);
    let exit = run(args, cwd, &console);
    (exit, console.out_text(), console.notes_text())
}

#[test]
fn bad_usage_is_64_with_clap_s_text_and_help_is_0() {
    let cwd = Path::new("/");
    let (exit, out, notes) = ran(&["imprt"], cwd, Buffer::new(Lang::En));
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    assert!(notes.contains("unrecognized subcommand") && notes.contains("imprt"), "{notes}");
    let (exit, out, notes) = ran(&["--help"], cwd, Buffer::new(Lang::En));
    assert_eq!((exit, notes.as_str()), (Exit::Done, ""));
    assert!(out.contains("Usage:") && out.contains("--dir") && out.contains("Read a register"), "{out}");
    let (exit, out, _) = ran(&["--version"], cwd, Buffer::new(Lang::En));
    assert_eq!(
        (exit, out.as_str()),
        (Exit::Done, concat!("lianfang-node ", env!("CARGO_PKG_VERSION"), "\n"))
    );
}

#[test]
fn help_and_bad_usage_speak_chinese_and_json() {
    let cwd = Path::new("/");
    let (_, out, _) = ran(&["import", "--help"], cwd, Buffer::new(Lang::Zh));
    for words in ["导入名单", "用法:", "选项", "参数", "示例：", "存放配置"] {
        assert!(out.contains(words), "{words} in {out}");
    }
    assert!(!out.contains("Usage") && !out.contains("Print help"), "{out}");
    let (exit, _, notes) = ran(&["bench", "--rounds", "many"], cwd, Buffer::new(Lang::Zh));
    assert_eq!(exit, Exit::Usage);
    assert!(notes.contains("不能取值“many”"), "{notes}");
    let (exit, out, notes) = ran(&["import"], cwd, Buffer::new(Lang::Zh).json());
    assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
    let error: serde_json::Value = serde_json::from_str(&notes).unwrap();
    assert_eq!(error["error"]["code"], "usage-argument-missing");
    assert_eq!(error["error"]["exit"], 64);
    assert_eq!(error["error"]["field"], "<FILE>");
}

#[test]
fn a_folder_is_needed_and_made_by_init_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, _, notes) = ran(&["import", "x"], folder.path(), Buffer::new(Lang::En));
    assert_eq!(exit, Exit::Usage);
    assert!(notes.contains("--dir"), "{notes}");
    let import = ["import", "a/b.csv", "--dir", "d"];
    let (exit, _, notes) = ran(&import, folder.path(), Buffer::new(Lang::En));
    assert_eq!(exit, Exit::Usage);
    assert!(notes.contains("does not exist"), "{notes}");
    assert_eq!(ran(&["init", "--dir", "d"], folder.path(), Buffer::new(Lang::En)).0, Exit::Done);
    let (exit, out, _) = ran(&import, folder.path(), Buffer::new(Lang::En));
    assert_eq!((exit, out), (Exit::Done, format!("here {}\n", folder.path().join("a/b.csv").display())));
}

#[test]
fn a_panic_is_70_and_a_refusal_77() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, _, notes) = ran(&["hold", "--dir", "."], folder.path(), Buffer::new(Lang::Zh));
    assert_eq!(exit, Exit::Bug);
    assert!(notes.contains("程序内部出错") && !notes.contains("on purpose"), "{notes}");
    assert_eq!(ran(&["bench", "--rounds", "1"], folder.path(), Buffer::new(Lang::En)).0, Exit::Refused);
}

#[test]
fn serve_runs_what_others_ask_and_refuses_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let serving = Arc::new(Buffer::new(Lang::En));
    std::thread::scope(|scope| {
        let server = scope.spawn(|| run(&["serve", "--dir", "."], dir, &serving));
        while serving.notes_text().is_empty() {
            std::thread::yield_now();
        }
        let elsewhere = dir.join("elsewhere");
        let args = ["import", "x.csv", "--dir", dir.to_str().unwrap()];
        let (exit, out, _) = ran(&args, &elsewhere, Buffer::new(Lang::Zh));
        assert_eq!((exit, out), (Exit::Done, format!("there {}\n", elsewhere.join("x.csv").display())));
        let (exit, _, notes) = ran(&["serve", "--dir", "."], dir, Buffer::new(Lang::Zh));
        assert_eq!(exit, Exit::Later);
        assert!(notes.contains(&format!("进程 {} 使用", std::process::id())), "{notes}");
        assert_eq!(ran(&["init", "--dir", "."], dir, Buffer::new(Lang::En)).0, Exit::Later);
        assert_eq!(ran(&["hold", "--dir", "."], dir, Buffer::new(Lang::En)).0, Exit::Bug);
        serving.cancel();
        assert_eq!(server.join().unwrap(), Exit::Done);
    });
    let (exit, out, _) = ran(&["import", "x", "--dir", "."], dir, Buffer::new(Lang::En));
    assert_eq!(exit, Exit::Done);
    assert!(out.starts_with("here "), "the folder is free again");
}

#[test]
fn what_a_program_has_not_described_is_listed() {
    let lacking = undescribed(Small::command());
    assert!(lacking.contains(&"help-node-bench.rounds".to_owned()), "{lacking:?}");
    assert!(!lacking.contains(&"help-node-import.dir".to_owned()), "{lacking:?}");
    assert!(!lacking.contains(&"help-node-import".to_owned()), "{lacking:?}");
}
