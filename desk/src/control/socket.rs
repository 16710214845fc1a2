//! Where the socket is, however long its folder's name.
//!
//! The kernel takes at most 107 bytes of path (`unix(7)`, `sun_path`). A longer one is reached through the folder's
//! open descriptor, `/proc/self/fd/N/control.sock`, which names the same file.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

const SOCKET: &str = "control.sock";

/// Shorter than every system's limit, its closing zero included.
const SHORT: usize = 100;

/// The socket's place in the folder.
pub(crate) fn place(dir: &Path) -> PathBuf {
    dir.join(SOCKET)
}

/// A path short enough, and what must stay open as long as it is used.
fn reach(dir: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let direct = place(dir);
    if direct.as_os_str().as_bytes().len() <= SHORT {
        return Ok((direct, None));
    }
    let folder = File::open(dir)?;
    Ok((place(Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd()))), Some(folder)))
}

/// Listens; what a dead process left in the socket's place goes away. Only the holder of the folder's lock may call it.
pub(crate) fn listen(dir: &Path) -> io::Result<UnixListener> {
    let (path, _open) = reach(dir)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    // Between the two lines the process's umask alone guards the socket; every peer's user id is checked besides.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects to the folder's `serve`, which must belong to the same user.
pub(crate) async fn connect(dir: &Path) -> io::Result<UnixStream> {
    let (path, _open) = reach(dir)?;
    let stream = UnixStream::connect(&path).await?;
    check_peer(&stream)?;
    Ok(stream)
}

/// Refuses the process of another user.
pub(crate) fn check_peer(stream: &UnixStream) -> io::Result<()> {
    let (own, _) = UnixStream::pair()?;
    check_uid(own.peer_cred()?.uid(), stream.peer_cred()?.uid())
}

fn check_uid(own: u32, peer: u32) -> io::Result<()> {
    if own == peer {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "the other process belongs to another user"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_is_refused() {
        assert!(check_uid(1000, 1000).is_ok());
        assert_eq!(check_uid(1000, 0).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }

    #[tokio::test]
    async fn a_long_folder_is_reached_and_what_a_dead_process_left_goes_away() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("d".repeat(200));
        fs::create_dir(&dir).unwrap();
        drop(listen(&dir).unwrap());
        assert!(place(&dir).exists(), "dropping a listener leaves its file");
        assert!(connect(&dir).await.is_err());
        let _listener = listen(&dir).unwrap();
        assert_eq!(place(&dir).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        connect(&dir).await.unwrap();
    }
}
