//! The caller's end: sends the command, shows what comes back, answers.

use std::io;
use std::path::Path;

use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;

use crate::console::Console;
use crate::control::frame::{Answered, Request, Told, pieces, read_frame, write_frame};
use crate::control::socket;
use crate::exit::Exit;
use crate::problem::Problem;

/// Runs `request` in the folder's `serve` and shows it on `console`. `NotFound` and `ConnectionRefused` mean that
/// nobody listens there; `UnexpectedEof`, that `serve` ended in the middle.
pub async fn forward(dir: &Path, request: &Request, console: &dyn Console) -> io::Result<Exit> {
    let stream = socket::connect(dir).await?;
    converse(stream, request, console).await
}

async fn converse(stream: UnixStream, request: &Request, console: &dyn Console) -> io::Result<Exit> {
    let (mut from, mut to) = stream.into_split();
    write_frame(&mut to, request).await?;
    while let Some(told) = read_frame(&mut from).await? {
        match told {
            Told::Put(stream, text) => console.put(stream, &text),
            Told::Progress(progress) => console.progress(&progress),
            Told::Ask(question, flag) => answer(&mut to, console.ask(&question, &flag).await).await?,
            Told::Input(limit) => answer(&mut to, console.input(limit).await).await?,
            Told::Exit(exit) => return Ok(exit),
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

async fn answer(to: &mut OwnedWriteHalf, answer: Result<String, Problem>) -> io::Result<()> {
    match answer {
        Ok(text) => {
            for piece in pieces(&text) {
                write_frame(to, &Answered::Part(piece.to_owned())).await?;
            }
            write_frame(to, &Answered::Whole).await
        }
        // The command's own error follows from the other side.
        Err(problem) => write_frame(to, &Answered::None(problem.code().to_owned())).await,
    }
}
