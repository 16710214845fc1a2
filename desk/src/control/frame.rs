//! One message between the two processes: four bytes of length, most significant first, then JSON.

use std::ffi::OsString;
use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::console::{Progress, Stream};
use crate::exit::Exit;
use crate::lang::Lang;

/// The most that a frame may hold.
pub(crate) const FRAME_LIMIT: usize = 1024 * 1024;

/// The most text that is put into one frame: JSON spells a control character with six bytes.
pub(crate) const TEXT_LIMIT: usize = FRAME_LIMIT / 8;

/// A command from another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Its arguments, the program's name first.
    pub args: Vec<OsString>,
    /// The folder it was called in: relative paths in the arguments are meant from there.
    pub cwd: OsString,
    /// Its reader's language.
    pub lang: Lang,
    /// Whether it wants JSON.
    pub json: bool,
    /// Whether a person sits there who can answer.
    pub stdin_is_terminal: bool,
}

/// From the command's end to the caller's.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Told {
    /// Text for a stream.
    Put(Stream, String),
    /// How far the work is.
    Progress(Progress),
    /// A question, and the option that answers it.
    Ask(String, String),
    /// Standard input is wanted, of at most so many bytes.
    Input(usize),
    /// The end.
    Exit(Exit),
}

/// From the caller's end to the command's.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answered {
    /// A piece of the answer, or of the input; more follows.
    Part(String),
    /// The answer is whole.
    Whole,
    /// There is none; the problem's code.
    None(String),
}

/// Writes one frame.
pub(crate) async fn write_frame<W: AsyncWrite + Unpin, T: Serialize>(
    to: &mut W,
    value: &T,
) -> io::Result<()> {
    let body = serde_json::to_vec(value)?;
    let length = u32::try_from(body.len()).ok().filter(|&length| length as usize <= FRAME_LIMIT);
    let Some(length) = length else { return Err(too_large()) };
    to.write_all(&length.to_be_bytes()).await?;
    to.write_all(&body).await?;
    to.flush().await
}

/// Reads one frame; `None` if the other side ended between two.
pub(crate) async fn read_frame<R: AsyncRead + Unpin, T: DeserializeOwned>(
    from: &mut R,
) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    };
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_LIMIT {
        return Err(too_large());
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).await?;
    Ok(Some(serde_json::from_slice(&body)?))
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "frame larger than the limit")
}

/// `text` in pieces of at most [`TEXT_LIMIT`] bytes, cut between characters.
pub(crate) fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let (piece, rest) = text.split_at(text.floor_char_boundary(TEXT_LIMIT));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_back_as_they_went() {
        let mut wire = Vec::new();
        let frames = [Told::Put(Stream::Out, "结果\n".into()), Told::Input(9), Told::Exit(Exit::Later)];
        for frame in &frames {
            write_frame(&mut wire, frame).await.unwrap();
        }
        let mut from = wire.as_slice();
        for frame in frames {
            assert_eq!(read_frame(&mut from).await.unwrap(), Some(frame));
        }
        assert_eq!(read_frame::<_, Told>(&mut from).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_too_large_or_none_of_ours_is_refused() {
        let huge = u32::MAX.to_be_bytes();
        assert_eq!(
            read_frame::<_, Told>(&mut huge.as_slice()).await.unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
        let alien = [&[0, 0, 0, 2][..], b"{}"].concat();
        assert!(read_frame::<_, Told>(&mut alien.as_slice()).await.is_err());
        let cut = [0, 0, 0, 9, b'{'];
        assert!(read_frame::<_, Told>(&mut cut.as_slice()).await.is_err());
        let long = Told::Put(Stream::Out, "x".repeat(FRAME_LIMIT));
        assert!(write_frame(&mut Vec::new(), &long).await.is_err());
    }

    #[test]
    fn pieces_are_cut_between_characters_and_always_fit_a_frame() {
        let text = "联".repeat(TEXT_LIMIT);
        assert!(pieces(&text).all(|piece| piece.len() <= TEXT_LIMIT));
        assert_eq!(pieces(&text).collect::<String>(), text);
        assert_eq!(pieces("").count(), 0);
        let worst = "\u{1}".repeat(TEXT_LIMIT);
        assert!(serde_json::to_vec(&Told::Put(Stream::Out, worst)).unwrap().len() <= FRAME_LIMIT);
    }

    #[test]
    fn arguments_need_not_be_utf_8() {
        use std::os::unix::ffi::OsStringExt;
        let args = vec![OsString::from_vec(vec![0xff, b'a'])];
        let request = Request { args, cwd: "/".into(), lang: Lang::Zh, json: false, stdin_is_terminal: true };
        let wire = serde_json::to_vec(&request).unwrap();
        assert_eq!(serde_json::from_slice::<Request>(&wire).unwrap(), request);
    }
}
