//! From submissions to reports in one pass: the arrow `intake → matching → disclosure → report`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use lianfang_proto::catalogue::Disclosure as Rule;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::GroupId;
use lianfang_trust::merkle::Hash;
use lianfang_trust::merkle::pruned::{Levels, StoredLevels};

use super::Reports;
use crate::disclosure::{Disclosure, Tree, Untold};
use crate::fault::{AtFile as _, Error};
use crate::job::files::JobFiles;
use crate::matching::{Matches, Submitted, Unread};

/// Bytes of each submission that are read ahead: there are as many as banks.
const BUFFER: usize = 16 * 1_024;

/// A submission that stands.
pub struct Standing {
    /// What its bank has signed.
    pub header: SubmissionHeader,
    /// The lease under whose name its files lie.
    pub turn: i64,
}

impl Standing {
    fn rows(&self, files: &JobFiles) -> PathBuf {
        files.rows(&self.header.bank, self.turn)
    }

    fn levels(&self, files: &JobFiles) -> PathBuf {
        files.levels(&self.header.bank, self.turn)
    }
}

/// Opens a file of a submission that stands. That it is not there is told apart: trying again would not bring it back.
fn open(path: &Path) -> Result<File, Error> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Gone { path: path.to_owned() }),
        opened => opened.at_file(path),
    }
}

/// The levels of a submission's tree in their file; under `count` there are none and none are asked for.
enum StoredTree {
    File(File),
    None,
}

impl StoredTree {
    fn open(path: &Path, rule: Rule) -> Result<Self, Error> {
        if rule == Rule::Count { Ok(Self::None) } else { open(path).map(Self::File) }
    }

    fn read(&self, offset: u64, hash: &mut Hash) -> io::Result<()> {
        match self {
            Self::File(file) => file.read_exact_at(hash, offset),
            Self::None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Matches what was submitted, writes every report, and counts tags by the number of legal groups that hold them.
/// Blocks: to be called where that is allowed.
pub fn weave(files: &JobFiles, terms: &Terms, standing: &[Standing]) -> Result<BTreeMap<u32, u64>, Error> {
    let reports = standing.iter().map(|one| files.report(&one.header.bank)).collect();
    let mut reports = Reports::create(reports)?;
    let mut disclosure = Disclosure::new(terms.disclosure, trees(files, terms, standing)?);
    let mut counts = BTreeMap::new();
    let untold = |error| untold(files, standing, error);
    for found in matches(files, terms, standing)? {
        let found = found.map_err(|error| unread(files, standing, error))?;
        *counts.entry(found.groups()).or_default() += 1;
        disclosure.release(&found, |reader, released| reports.put(reader, &released)).map_err(untold)?;
    }
    disclosure.finish(|reader, released| reports.put(reader, &released)).map_err(untold)?;
    reports.finish()?;
    files.sync()?;
    Ok(counts)
}

/// The error, at the submission that could not be read.
fn unread(files: &JobFiles, standing: &[Standing], Unread { bank, source }: Unread) -> Error {
    Error::Disk { path: standing[bank].rows(files), source }
}

/// The error, at the tree or the report that it is about.
fn untold(files: &JobFiles, standing: &[Standing], error: Untold) -> Error {
    match error {
        Untold::Tree { place, error } => Error::Disk { path: standing[place].levels(files), source: error },
        Untold::Report { reader, error } => {
            Error::Disk { path: files.report(&standing[reader].header.bank), source: error }
        }
    }
}

fn matches(
    files: &JobFiles,
    terms: &Terms,
    standing: &[Standing],
) -> Result<Matches<BufReader<File>>, Error> {
    let mut groups: Vec<&GroupId> = terms.participants.iter().map(|p| &p.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let submitted = standing.iter().map(|one| {
        let header = &one.header;
        let group = terms.participant(&header.bank).and_then(|(_, p)| groups.binary_search(&&p.group).ok());
        Ok(Submitted {
            rows: BufReader::with_capacity(BUFFER, open(&one.rows(files))?),
            count: header.rows,
            group: group.and_then(|group| u32::try_from(group).ok()).ok_or(Error::Bug("legal group"))?,
        })
    });
    let submitted = submitted.collect::<Result<Vec<_>, Error>>()?;
    let matches = Matches::among(submitted, terms.row_bytes(), terms.match_threshold.into());
    matches.map_err(|error| unread(files, standing, error))
}

fn trees(
    files: &JobFiles,
    terms: &Terms,
    standing: &[Standing],
) -> Result<Vec<Tree<impl Levels + use<>>>, Error> {
    let tree = |one: &Standing| {
        let stored = StoredTree::open(&one.levels(files), terms.disclosure)?;
        let log2 = u8::try_from(one.header.rows.ilog2()).unwrap_or(u8::MAX);
        let levels = StoredLevels::new(log2, move |offset, hash: &mut Hash| stored.read(offset, hash));
        Ok(Tree { levels: levels.map_err(|_| Error::Bug("tree of a submission"))?, log2 })
    };
    standing.iter().map(tree).collect()
}
