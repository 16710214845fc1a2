//! From submissions to reports in one pass: the arrow `intake → matching → disclosure → report`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use lianfang_proto::catalogue::Disclosure as Rule;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::GroupId;
use lianfang_trust::merkle::Hash;
use lianfang_trust::merkle::pruned::{Levels, StoredLevels};

use super::Reports;
use crate::disclosure::{Disclosure, Tree};
use crate::fault::{AtFile as _, Error};
use crate::job::files::JobFiles;
use crate::matching::{Matches, Submitted};

/// Bytes of each submission that are read ahead: there are as many as banks.
const BUFFER: usize = 16 * 1_024;

/// The levels of a submission's tree in their file; under `count` there are none and none are asked for.
enum StoredTree {
    File(File),
    None,
}

impl StoredTree {
    fn open(path: &Path, rule: Rule) -> Result<Self, Error> {
        if rule == Rule::Count { Ok(Self::None) } else { File::open(path).at_file(path).map(Self::File) }
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
pub fn weave(
    files: &JobFiles,
    terms: &Terms,
    submissions: &[SubmissionHeader],
) -> Result<BTreeMap<u32, u64>, Error> {
    let reports = submissions.iter().map(|header| files.report(&header.bank)).collect();
    let mut reports = Reports::create(reports)?;
    let mut disclosure = Disclosure::new(terms.disclosure, trees(files, terms, submissions)?);
    let mut counts = BTreeMap::new();
    let somewhere = files.rows(&terms.participants[0].bank);
    for found in matches(files, terms, submissions)? {
        let found = found.at_file(&somewhere)?;
        *counts.entry(found.groups()).or_default() += 1;
        disclosure.release(&found, |reader, released| reports.put(reader, &released)).at_file(&somewhere)?;
    }
    disclosure.finish(|reader, released| reports.put(reader, &released)).at_file(&somewhere)?;
    reports.finish()?;
    files.sync()?;
    Ok(counts)
}

fn matches(
    files: &JobFiles,
    terms: &Terms,
    submissions: &[SubmissionHeader],
) -> Result<Matches<BufReader<File>>, Error> {
    let mut groups: Vec<&GroupId> = terms.participants.iter().map(|p| &p.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let submitted = submissions.iter().map(|header| {
        let path = files.rows(&header.bank);
        let group = terms.participant(&header.bank).and_then(|(_, p)| groups.binary_search(&&p.group).ok());
        Ok(Submitted {
            rows: BufReader::with_capacity(BUFFER, File::open(&path).at_file(&path)?),
            count: header.rows,
            group: group.and_then(|group| u32::try_from(group).ok()).ok_or(Error::Bug("legal group"))?,
        })
    });
    let submitted = submitted.collect::<Result<Vec<_>, Error>>()?;
    let first = files.rows(&terms.participants[0].bank);
    Matches::among(submitted, terms.row_bytes(), terms.match_threshold.into()).at_file(&first)
}

fn trees(
    files: &JobFiles,
    terms: &Terms,
    submissions: &[SubmissionHeader],
) -> Result<Vec<Tree<impl Levels + use<>>>, Error> {
    let tree = |header: &SubmissionHeader| {
        let stored = StoredTree::open(&files.levels(&header.bank), terms.disclosure)?;
        let log2 = u8::try_from(header.rows.ilog2()).unwrap_or(u8::MAX);
        let levels = StoredLevels::new(log2, move |offset, hash: &mut Hash| stored.read(offset, hash));
        Ok(Tree { levels: levels.map_err(|_| Error::Bug("tree of a submission"))?, log2 })
    };
    submissions.iter().map(tree).collect()
}
