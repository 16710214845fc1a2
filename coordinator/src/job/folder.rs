//! The folder of all jobs' files, which coordinators that share a store must share too: a bank sends its rows to one of
//! them, another matches them, a third hands the report out.
//!
//! * Comes in: the folder, and what other processes that are at work have said of theirs. Goes out: that this one may work,
//!   or a problem that names the folder.
//! * A folder is told from another by a random number in a file of it ([`MARK`]), not by its path: machines may mount one
//!   folder at two places, and two folders at one. Who works says so by a lease over the number and its own seat, as long
//!   as it works; so a folder that is moved, or put in the place of one that was lost, needs nobody's leave.
//! * Trusts: the store. Never looks at a job.
//! * Fails: at the start, with a problem; later, where somebody exchanges what is mounted, with a line in the log.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lianfang_desk::Problem;
use tokio::sync::watch;

use crate::fault::{AtFile as _, Error};
use crate::office::Office;
use crate::ports::Micros;
use crate::store::Connection;
use crate::store::work::{Held, Lease, Rule, State, Subject, acquire_anyway, all};
use crate::work::renewed;

/// The file with the folder's number.
pub const MARK: &str = "folder-id";
/// The kind of the leases.
const KIND: &str = "files";
const SECOND: Micros = 1_000_000;
/// What a process that died without a word says for so long yet.
const RULE: Rule = Rule { lease: 120 * SECOND, first: SECOND, longest: SECOND, strikes: u32::MAX };
/// How often it is said again.
const AGAIN: Duration = Duration::from_secs(40);
const BYTES: usize = 16;

/// Which folder it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderId([u8; BYTES]);

impl FolderId {
    /// The number of this folder, which is made if it is not there, and given this number if it has none. Two processes
    /// that do so at once agree: one of them puts its file there, the other finds it.
    pub fn of(folder: &Path, fresh: [u8; BYTES]) -> Result<Self, Error> {
        let mark = folder.join(MARK);
        if let Some(id) = Self::read(&mark)? {
            return Ok(id);
        }
        DirBuilder::new().recursive(true).mode(0o700).create(folder).at_file(folder)?;
        let own = folder.join(format!(".{MARK}-{}", hex::encode(fresh)));
        let written = write(&own, &fresh).and_then(|()| link(&own, &mark));
        // Best effort: what stays is looked at by nobody.
        let _ = fs::remove_file(&own);
        written.at_file(&mark)?;
        Self::read(&mark)?.ok_or_else(|| io::Error::from(ErrorKind::NotFound)).at_file(&mark)
    }

    fn read(mark: &Path) -> Result<Option<Self>, Error> {
        let text = match fs::read(mark) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.at_file(mark)?,
        };
        let mut id = [0; BYTES];
        let decoded = hex::decode_to_slice(text.trim_ascii(), &mut id);
        decoded.map_err(|_| io::Error::from(ErrorKind::InvalidData)).at_file(mark)?;
        Ok(Some(Self(id)))
    }
}

fn write(path: &Path, number: &[u8; BYTES]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(format!("{}\n", hex::encode(number)).as_bytes())?;
    file.sync_all()
}

/// A link is made only where nothing is, also on a file system of the network.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn here(office: &Office) -> Result<FolderId, Error> {
    FolderId::of(&office.files_folder(), office.random())
}

fn subject(id: FolderId, seat: &[u8; BYTES]) -> Subject {
    Subject::new(KIND, [&id.0[..], seat].concat())
}

/// Whether another process works over another folder than this one.
async fn elsewhere(office: &Office, tx: &mut Connection, id: Option<FolderId>) -> Result<bool, Error> {
    let now = office.now();
    let other = |subject: &[u8]| {
        id.is_none_or(|id| !subject.starts_with(&id.0)) && !subject.ends_with(&office.worker.seat)
    };
    let said = all(tx, KIND).await?;
    Ok(said
        .iter()
        .any(|(subject, turn)| other(&subject.id) && matches!(turn.state(&RULE, now), State::Held { .. })))
}

/// Whether all who work over this store work over this folder too; `None` where there can be nobody else. Makes nothing.
pub async fn agreed(office: &Office) -> Result<Option<bool>, Error> {
    if !office.shares_its_store {
        return Ok(None);
    }
    let id = FolderId::read(&office.files_folder().join(MARK))?;
    let mut reader = office.store.reader().await?;
    Ok(Some(!elsewhere(office, &mut reader, id).await?))
}

/// Says over which folder this process works, unless others work over another one.
async fn say(office: &Office) -> Result<Option<Lease>, Error> {
    let id = here(office)?;
    let mut tx = office.store.begin().await?;
    if elsewhere(office, &mut tx, Some(id)).await? {
        return Ok(None);
    }
    let subject = subject(id, &office.worker.seat);
    let lease = acquire_anyway(&mut tx, &office.worker, &subject, &RULE, office.now()).await?;
    tx.commit().await?;
    Ok(lease)
}

/// At the start: refused where another coordinator works over another folder.
pub async fn claim(office: &Office) -> Result<Option<Lease>, Problem> {
    if !office.shares_its_store {
        return Ok(None);
    }
    match say(office).await? {
        Some(lease) => Ok(Some(lease)),
        None => Err(Problem::usage("coordinator-files-elsewhere")
            .with("path", office.files_folder().as_path())
            .field("store.files")),
    }
}

/// Says it again and again, until told to stop.
pub async fn keep(office: Arc<Office>, claimed: Option<Lease>, mut stop: watch::Receiver<bool>) {
    let Some(mut lease) = claimed else { return };
    loop {
        tokio::select! {
            () = office.ports.clock.sleep(AGAIN) => {}
            _ = stop.wait_for(|stopping| *stopping) => return,
        }
        match said_again(&office, &mut lease).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!(
                    event = "files.elsewhere",
                    "another coordinator over this database keeps submissions and reports in another folder"
                );
            }
            Err(error) => {
                tracing::error!(event = "files.not-said", error = %error, "the folder of submissions and reports could not be looked at");
            }
        }
    }
}

async fn said_again(office: &Office, lease: &mut Lease) -> Result<bool, Error> {
    // The folder may be another than it was: what is mounted changes.
    let same = lease.subject().id.starts_with(&here(office)?.0);
    if same && renewed(office, lease, &RULE).await? == Held::Yes {
        return Ok(true);
    }
    let said = say(office).await?;
    let here = said.is_some();
    *lease = said.unwrap_or_else(|| lease.clone());
    Ok(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_number_and_two_have_two() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("deep/two"));
        let first = FolderId::of(&one, [1; BYTES]).unwrap();
        assert_eq!(FolderId::of(&one, [2; BYTES]).unwrap(), first, "whoever comes later finds it");
        assert_ne!(FolderId::of(&two, [3; BYTES]).unwrap(), first);
        assert_eq!(fs::read_dir(&one).unwrap().count(), 1, "nothing else stays");
        fs::write(one.join(MARK), "no number").unwrap();
        assert!(matches!(FolderId::of(&one, [4; BYTES]), Err(Error::Disk { .. })));
        fs::write(dir.path().join("file"), "").unwrap();
        assert!(FolderId::of(&dir.path().join("file"), [5; BYTES]).is_err());
    }

    #[test]
    fn processes_that_mark_a_folder_at_once_agree() {
        let dir = tempfile::tempdir().unwrap();
        let marking = |number: u8| {
            let folder = dir.path().join("jobs");
            std::thread::spawn(move || FolderId::of(&folder, [number; BYTES]).unwrap())
        };
        let threads: Vec<_> = (0..16).map(marking).collect();
        let ids: Vec<FolderId> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    }
}
