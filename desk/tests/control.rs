//! Forwarding over a real socket, between two tasks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::control::RemoteConsole;
use lianfang_desk::lock::Folder;
use lianfang_desk::{Buffer, Console, Control, DirLock, Exit, Lang, Progress, Request, forward};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

fn request(args: &[&str], terminal: bool) -> Request {
    Request {
        args: args.iter().map(Into::into).collect(),
        cwd: "/somewhere".into(),
        lang: Lang::Zh,
        json: false,
        stdin_is_terminal: terminal,
    }
}

fn bind(dir: &Path) -> Control {
    Control::bind(DirLock::take(dir, Folder::Create).expect("lock")).expect("socket")
}

async fn talk(request: Request, console: Arc<RemoteConsole>) -> Exit {
    assert_eq!(request.cwd, "/somewhere");
    assert_eq!((console.lang(), console.json()), (Lang::Zh, false));
    for _ in 0..10_000 {
        console.progress(&Progress::of("求值", 1, 2));
    }
    console.progress(&Progress::of("求值", 2, 2));
    console.note("开始");
    for question in ["名称？", "指纹？"] {
        match console.ask(question, "--confirm").await {
            Ok(answer) => console.out(&format!("{question}{answer}")),
            Err(problem) => {
                console.report(&problem);
                return problem.exit();
            }
        }
    }
    Exit::Refused
}

/// Serves while `work` is done.
async fn during<H, F, T>(control: Control, handler: H, work: impl Future<Output = T>) -> T
where
    H: Fn(Request, Arc<RemoteConsole>) -> F + Clone + Send + 'static,
    F: Future<Output = Exit> + Send + 'static,
{
    tokio::select! {
        () = control.serve(handler) => unreachable!("serves until dropped"),
        done = timeout(Duration::from_secs(20), work) => done.expect("in time"),
    }
}

#[tokio::test]
async fn questions_answers_progress_and_the_exit_code_cross() {
    let folder = tempfile::tempdir().unwrap();
    let control = bind(folder.path());
    let console = Buffer::new(Lang::Zh).answering(["阿尔法", "ab12"]);
    let exit = during(control, talk, forward(folder.path(), &request(&["x"], true), &console)).await.unwrap();
    assert_eq!(exit, Exit::Refused);
    assert_eq!(console.out_text(), "名称？阿尔法\n指纹？ab12\n");
    assert_eq!(console.notes_text(), "开始\n");
    assert_eq!(console.questions(), ["名称？", "指纹？"]);
    let seen = console.progress_seen();
    assert_eq!(seen.first(), Some(&Progress::of("求值", 1, 2)));
    assert_eq!(seen.last(), Some(&Progress::of("求值", 2, 2)));
    assert!(seen.len() < 1000, "a caller's screen is told now and then, not every time");
}

#[tokio::test]
async fn nobody_to_ask_is_usage_and_names_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let control = bind(folder.path());
    let (mute, ended) = (Buffer::new(Lang::Zh), Buffer::new(Lang::Zh).answering(["一"]));
    let both = async {
        let without_terminal = forward(folder.path(), &request(&["x"], false), &mute).await.unwrap();
        let input_ends = forward(folder.path(), &request(&["x"], true), &ended).await.unwrap();
        (without_terminal, input_ends)
    };
    assert_eq!(during(control, talk, both).await, (Exit::Usage, Exit::Usage));
    assert!(mute.questions().is_empty());
    for console in [mute, ended] {
        assert!(console.notes_text().contains("--confirm"), "{}", console.notes_text());
    }
}

#[tokio::test]
async fn a_folder_of_two_hundred_characters_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("联".repeat(20)).join("d".repeat(200));
    let control = bind(&dir);
    let console = Buffer::new(Lang::Zh);
    let done = |_, _| async { Exit::Done };
    let exit = during(control, done, forward(&dir, &request(&["x"], false), &console)).await.unwrap();
    assert_eq!(exit, Exit::Done);
    assert!(!dir.join("control.sock").exists(), "the socket goes with its holder");
}

#[tokio::test]
async fn large_results_and_large_input_cross_whole() {
    let folder = tempfile::tempdir().unwrap();
    let control = bind(folder.path());
    let input = "线".repeat(500_000);
    let console = Buffer::new(Lang::Zh).with_input(input.clone());
    let echo = |_, console: Arc<RemoteConsole>| async move {
        let text = console.input(2_000_000).await.unwrap();
        console.put(lianfang_desk::console::Stream::Out, &text);
        console.flush().await.unwrap();
        let refused = console.input(1000).await.unwrap_err();
        assert_eq!(refused.code(), "input-too-large");
        refused.exit()
    };
    let exit =
        during(control, echo, forward(folder.path(), &request(&["x"], false), &console)).await.unwrap();
    assert_eq!(exit, Exit::Data);
    assert_eq!(console.out_text(), input);
}

#[tokio::test]
async fn a_panic_ends_its_own_command_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let control = bind(folder.path());
    let handler = |request: Request, _| async move {
        assert_ne!(request.args, ["bad"], "on purpose");
        Exit::Done
    };
    let console = Buffer::new(Lang::En);
    let both = async {
        let bad = forward(folder.path(), &request(&["bad"], false), &console).await.unwrap();
        let good = forward(folder.path(), &request(&["good"], false), &console).await.unwrap();
        (bad, good)
    };
    assert_eq!(during(control, handler, both).await, (Exit::Bug, Exit::Done));
}

#[tokio::test]
async fn a_caller_that_leaves_cancels_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let control = bind(folder.path());
    let (told, mut seen) = mpsc::unbounded_channel();
    let handler = move |_, console: Arc<RemoteConsole>| {
        let told = told.clone();
        async move {
            told.send("begun").unwrap();
            console.cancelled().await;
            told.send("cancelled").unwrap();
            Exit::Later
        }
    };
    let dir = folder.path().to_owned();
    let leave = async {
        let mut caller = JoinSet::new();
        caller.spawn(async move {
            let console = Buffer::new(Lang::En);
            forward(&dir, &request(&["x"], false), &console).await
        });
        assert_eq!(seen.recv().await, Some("begun"));
        caller.shutdown().await;
        assert_eq!(seen.recv().await, Some("cancelled"));
    };
    during(control, handler, leave).await;
}

#[tokio::test]
async fn when_serve_ends_its_callers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let control = bind(folder.path());
    let (told, mut seen) = mpsc::unbounded_channel();
    let handler = move |_, _| {
        let told = told.clone();
        async move {
            told.send(()).unwrap();
            std::future::pending().await
        }
    };
    let mut server = JoinSet::new();
    server.spawn(async move { control.serve(handler).await });
    let dir = folder.path().to_owned();
    let caller = tokio::spawn(async move {
        let console = Buffer::new(Lang::En);
        forward(&dir, &request(&["x"], false), &console).await
    });
    seen.recv().await.unwrap();
    server.shutdown().await;
    let ended = timeout(Duration::from_secs(10), caller).await.unwrap().unwrap();
    assert_eq!(ended.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}
