//! A real process: its streams, its exit code, its language. This binary is both the test and, called with a command,
//! the program that is looked at.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};

use clap::{Parser, Subcommand};
use lianfang_desk::{Call, Common, Exit, Problem, Program, Progress, Seat};

/// A program with one command per habit of a process.
#[derive(Parser)]
#[command(name = "lianfang-node")]
struct Habits {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    habit: Habit,
}

#[derive(Subcommand)]
enum Habit {
    /// Prints much.
    Print,
    /// Asks.
    Ask,
    /// Repeats standard input.
    Echo,
    /// Panics.
    Panic,
    /// Waits until told to end.
    Wait,
    /// Serves, and has work in hand that does not end by itself.
    Serve,
}

impl Program for Habits {
    fn dir(&self) -> Option<&Path> {
        self.common.dir.as_deref()
    }

    fn seat(&self) -> Seat {
        if matches!(self.habit, Habit::Serve) { Seat::Serve } else { Seat::Free }
    }

    async fn perform(self, call: Call) -> Result<Exit, Problem> {
        match self.habit {
            Habit::Print => {
                call.console.progress(&Progress::of("printing", 0, 2));
                for _ in 0..2 {
                    call.console.out(&"x".repeat(1024 * 1024));
                }
                call.console.progress(&Progress::of("printing", 2, 2));
            }
            Habit::Ask => call.console.out(&call.console.ask("who?", "--who").await?),
            Habit::Echo => call.console.out(&call.console.input(8).await?),
            Habit::Panic => panic!("{}", "a customer's secret"),
            Habit::Wait => {
                call.console.out("waiting");
                call.console.cancelled().await;
                call.console.out("ended politely");
            }
            Habit::Serve => {
                call.console.out("waiting");
                call.console.cancelled().await;
                call.console.out("told once");
                std::future::pending::<()>().await;
            }
        }
        Ok(Exit::Done)
    }
}

fn main() -> ExitCode {
    if std::env::args_os().len() > 1 && std::env::var_os("LIANFANG_DESK_PROGRAM").is_some() {
        return lianfang_desk::run::main::<Habits>(std::env::args_os());
    }
    a_full_disk_under_standard_output_is_no_success();
    a_reader_that_has_seen_enough_is_no_failure();
    nobody_to_ask_is_usage_in_the_reader_s_language();
    input_is_read_up_to_its_limit();
    a_panic_quotes_nothing();
    a_request_to_end_is_passed_on();
    who_tells_a_server_twice_need_not_wait();
    ExitCode::SUCCESS
}

fn program(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("own path"));
    command.args(args).env("LIANFANG_DESK_PROGRAM", "1").env("LANG", "C").env_remove("RUST_BACKTRACE");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("ended");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

fn a_full_disk_under_standard_output_is_no_success() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has one");
    let child = program(&["print", "--json"]).stdout(full).spawn().expect("started");
    let (code, _, notes) = ended(child);
    assert_eq!(code, Some(75), "{notes}");
    assert!(notes.starts_with(r#"{"error":{"#) && notes.contains("disk-full"), "{notes}");
}

fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut child = program(&["print"]).spawn().expect("started");
    let mut start = [0; 16];
    child.stdout.take().expect("piped").read_exact(&mut start).expect("some");
    let (code, _, notes) = ended(child);
    assert_eq!((code, notes.as_str()), (Some(0), ""));
}

fn nobody_to_ask_is_usage_in_the_reader_s_language() {
    let (code, out, notes) = ended(program(&["ask"]).env("LANG", "zh_CN.UTF-8").spawn().expect("started"));
    assert_eq!((code, out.as_str()), (Some(64), ""));
    assert!(notes.contains("--who") && notes.contains("终端"), "{notes}");
    let english = program(&["ask", "--lang", "en"]).env("LANG", "zh_CN.UTF-8").spawn().expect("started");
    assert!(ended(english).2.contains("terminal"));
}

fn input_is_read_up_to_its_limit() {
    for (input, code, out) in [("12345678", 0, "12345678\n"), ("123456789", 65, ""), ("1234567联", 65, "")] {
        let mut child = program(&["echo"]).stdin(Stdio::piped()).spawn().expect("started");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
        let (ended, printed, notes) = ended(child);
        assert_eq!((ended, printed.as_str()), (Some(code), out), "{notes}");
        assert!(code == 0 || notes.contains('8'), "cut inside a character, it is still too large: {notes}");
    }
}

fn a_panic_quotes_nothing() {
    let (code, _, notes) = ended(program(&["panic"]).spawn().expect("started"));
    assert_eq!(code, Some(70));
    assert!(notes.contains("process.rs") && !notes.contains("secret"), "{notes}");
}

fn a_request_to_end_is_passed_on() {
    let mut child = program(&["wait"]).spawn().expect("started");
    let mut first = [0; 8];
    let mut out = child.stdout.take().expect("piped");
    out.read_exact(&mut first).expect("waiting");
    // The command has spoken just before it listens for signals.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("text");
    assert_eq!((ended(child).0, rest.as_str()), (Some(0), "ended politely\n"));
}

fn who_tells_a_server_twice_need_not_wait() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().to_str().expect("text");
    let mut child = program(&["serve", "--dir", path]).spawn().expect("started");
    let mut out = child.stdout.take().expect("piped");
    let mut said = [0; 8];
    out.read_exact(&mut said).expect("waiting");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let tell = || Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill");
    assert!(tell().success());
    let mut said = [0; 10];
    out.read_exact(&mut said).expect("told once");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(tell().success(), "it waits for what is in hand");
    let (code, _, notes) = ended(child);
    assert_eq!(code, Some(75), "{notes}");
}
