//! One submission on its way to the disk.
//!
//! Its files bear the number of the lease under which it was taken up ([`JobFiles`]), so that whoever has lost that lease,
//! and does not know it yet, writes and cuts files that nobody else reads. They are made when it is taken up, and from then
//! on never looked for by their names again: what was swept does not come back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::limits::ROW_SLICE_BYTES;
use lianfang_proto::row::{TagBytes, tag_of};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::merkle::pruned::{LevelsError, LevelsWriter};
use lianfang_trust::merkle::{Hash, RootBuilder, leaf_hash};

use crate::fault::{AtFile as _, Error};
use crate::job::files::JobFiles;

/// Bytes that are read at once when the root is computed.
const READ_BYTES: usize = 256 * 1024;

/// How many whole rows lie at this path. The file is opened, and not only looked at: a file system over a network asks its
/// server then.
pub(super) fn rows_at(path: &Path, header: &SubmissionHeader) -> Result<u64, Error> {
    let length = match File::open(path).and_then(|file| file.metadata()) {
        Ok(about) => about.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => return Err(Error::Disk { path: path.to_owned(), source }),
    };
    Ok((length / u64::from(header.row_bytes)).min(header.rows))
}

/// The file at this path, with what is in it.
fn made(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).at_file(path)
}

/// A submission's files and how far it is. No `Debug`: it holds a tag.
pub struct Upload {
    file: File,
    path: PathBuf,
    /// Where its tree's levels are written, if they are wanted.
    levels: Option<(PathBuf, File)>,
    row_bytes: usize,
    rows: u64,
    root: Hash,
    next_row: u64,
    last_tag: Option<TagBytes>,
}

impl Upload {
    /// Takes up under the lease `turn` what is there from the lease `before`; a row that was cut by a crash is dropped. The
    /// rows are copied: whoever had that lease may still write into its file, and cut it.
    pub fn resume(
        files: &JobFiles,
        header: &SubmissionHeader,
        (before, turn): (i64, i64),
        with_levels: bool,
    ) -> Result<Self, Error> {
        let path = files.rows(&header.bank, turn);
        match fs::copy(files.rows(&header.bank, before), &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => {
                copied.at_file(&path)?;
            }
        }
        let file = made(&path)?;
        let levels = with_levels.then(|| files.levels(&header.bank, turn));
        let levels = levels.map(|path| made(&path).map(|file| (path, file))).transpose()?;
        let row_bytes = header.row_bytes as usize;
        let length = file.metadata().at_file(&path)?.len();
        let next_row = (length / u64::from(header.row_bytes)).min(header.rows);
        let mut upload = Self {
            file,
            path,
            levels,
            row_bytes,
            rows: header.rows,
            root: header.root,
            next_row,
            last_tag: None,
        };
        upload.cut_to(next_row)?;
        Ok(upload)
    }

    fn offset(&self, row: u64) -> u64 {
        row * self.row_bytes as u64
    }

    /// Forgets all rows from this one on.
    fn cut_to(&mut self, row: u64) -> Result<(), Error> {
        self.file.set_len(self.offset(row)).at_file(&self.path)?;
        self.next_row = row;
        self.last_tag = None;
        if row > 0 {
            let mut tag = TagBytes::default();
            self.file.read_exact_at(&mut tag, self.offset(row - 1)).at_file(&self.path)?;
            self.last_tag = Some(tag);
        }
        Ok(())
    }

    /// Takes whole rows that follow on those that are here, or none of them.
    pub fn append(&mut self, first_row: u64, rows: &[u8]) -> Result<u64, Error> {
        let field = |code, name: &str| Fault::field(code, name);
        if rows.len() > ROW_SLICE_BYTES {
            let fault = field(FaultCode::MessageTooLarge, "rows");
            return Err(fault.wanted(ROW_SLICE_BYTES).got(rows.len()).into());
        }
        if rows.is_empty() || !rows.len().is_multiple_of(self.row_bytes) {
            let fault = field(FaultCode::MessageTruncated, "rows");
            return Err(fault.wanted(format!("n × {} bytes", self.row_bytes)).got(rows.len()).into());
        }
        if first_row != self.next_row {
            let fault = field(FaultCode::MessageOutOfOrder, "first_row");
            return Err(fault.wanted(self.next_row).got(first_row).into());
        }
        let count = (rows.len() / self.row_bytes) as u64;
        if count > self.rows - self.next_row {
            let fault = field(FaultCode::MessageTooLarge, "rows");
            return Err(fault.wanted(self.rows).got(self.next_row + count).into());
        }
        let last_tag = self.ascending(rows)?;
        if let Err(source) = self.file.write_all_at(rows, self.offset(self.next_row)) {
            // A part of a row must not stay; if it cannot be cut now, it is at the next start.
            let _ = self.cut_to(self.next_row);
            return Err(Error::Disk { path: self.path.clone(), source });
        }
        self.next_row += count;
        self.last_tag = last_tag;
        Ok(self.next_row)
    }

    /// The last tag, if all ascend strictly from the last one here. A fault names the row and never its tag.
    fn ascending(&self, rows: &[u8]) -> Result<Option<TagBytes>, Error> {
        let mut last = self.last_tag;
        for (place, row) in (self.next_row..).zip(rows.chunks_exact(self.row_bytes)) {
            let tag = tag_of(row).copied();
            if tag <= last {
                let fault = Fault::field(FaultCode::MalformedField, "rows");
                return Err(fault
                    .wanted("tags in strictly ascending order")
                    .got(format!("row {place}"))
                    .into());
            }
            last = tag;
        }
        Ok(last)
    }

    /// Computes the root over what is on the disk, writes the tree's levels if they are wanted, and syncs both. Rows that
    /// do not have the signed root are dropped, so that they can be sent again.
    pub fn seal(&mut self) -> Result<(), Error> {
        if self.next_row < self.rows {
            let fault = Fault::field(FaultCode::MessageTruncated, "rows");
            return Err(fault.wanted(self.rows).got(self.next_row).into());
        }
        let root = match &self.levels {
            Some((path, file)) => self.write_levels(path, file)?,
            None => self.root_of_rows()?,
        };
        if root != self.root {
            self.cut_to(0)?;
            return Err(Fault::field(FaultCode::RootDiffers, "header.root").into());
        }
        self.file.sync_all().at_file(&self.path)
    }

    fn root_of_rows(&self) -> Result<Hash, Error> {
        let mut root = RootBuilder::new();
        self.each_leaf(|leaf| {
            root.push_hash(leaf);
            Ok(())
        })?;
        Ok(root.finish())
    }

    /// A tree of so many rows always takes as many bytes: a second attempt writes over all of the first.
    fn write_levels(&self, path: &Path, file: &File) -> Result<Hash, Error> {
        let failed = |error| match error {
            LevelsError::Write(source) => Error::Disk { path: path.to_owned(), source },
            _ => Error::Bug("levels of a submission"),
        };
        let log2 = u8::try_from(self.rows.ilog2()).unwrap_or(u8::MAX);
        let mut writer = LevelsWriter::new(file, log2).map_err(failed)?;
        self.each_leaf(|leaf| writer.push(leaf).map_err(failed))?;
        let (root, mut file) = writer.finish().map_err(failed)?;
        file.flush().and_then(|()| file.sync_all()).at_file(path)?;
        Ok(root)
    }

    fn each_leaf(&self, mut take: impl FnMut(Hash) -> Result<(), Error>) -> Result<(), Error> {
        let mut file = &self.file;
        file.rewind().at_file(&self.path)?;
        let mut reader = BufReader::with_capacity(READ_BYTES, file);
        let mut row = vec![0; self.row_bytes];
        for _ in 0..self.rows {
            reader.read_exact(&mut row).at_file(&self.path)?;
            take(leaf_hash(&row))?;
        }
        match reader.read(&mut row[..1]).at_file(&self.path)? {
            0 => Ok(()),
            _ => Err(Error::Disk { path: self.path.clone(), source: io::ErrorKind::InvalidData.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use lianfang_proto::ids::{BankId, JobId};
    use lianfang_trust::Digest;

    use super::*;

    const ROW_BYTES: usize = 90;
    const ROWS: u64 = 16;

    /// Rows in their order, all of them with this last byte, and their header.
    fn submission(last: u8) -> (Vec<u8>, SubmissionHeader) {
        let mut root = RootBuilder::new();
        let mut bytes = Vec::new();
        for number in 0..u8::try_from(ROWS).unwrap() {
            let mut row = [7; ROW_BYTES];
            (row[0], row[ROW_BYTES - 1]) = (number, last);
            root.push(&row);
            bytes.extend_from_slice(&row);
        }
        let header = SubmissionHeader {
            terms_digest: Digest::of("x", b""),
            bank: BankId::parse("alpha", "bank").unwrap(),
            rows: ROWS,
            row_bytes: u32::try_from(ROW_BYTES).unwrap(),
            root: root.finish(),
            padding_commitment: [0; 32],
        };
        (bytes, header)
    }

    fn folder(dir: &Path) -> JobFiles {
        let files = JobFiles::of(dir, JobId::from_random([1; 16]));
        files.make().unwrap();
        files
    }

    /// One holds a submission, and sleeps. The bank goes on at another, from where it was, and it is sealed there. The first
    /// wakes up in whatever it was about to do, and what stands is as it was.
    #[test]
    fn who_has_lost_a_submission_never_touches_what_stands() {
        let dir = tempfile::tempdir().unwrap();
        let files = folder(dir.path());
        let (bytes, header) = submission(1);
        let half = bytes.len() / 2;
        let mut asleep = Upload::resume(&files, &header, (0, 5), true).unwrap();
        assert_eq!(asleep.append(0, &bytes[..half]).unwrap(), 8);
        let mut other = Upload::resume(&files, &header, (5, 6), true).unwrap();
        assert_eq!(other.append(8, &bytes[half..]).unwrap(), 16, "it goes on from where the first one was");
        other.seal().unwrap();
        let standing = || [files.rows(&header.bank, 6), files.levels(&header.bank, 6)].map(fs::read);
        let before = standing().map(Result::unwrap);
        assert!(before[0] == bytes && !before[1].is_empty());
        let is_untouched = || standing().map(Result::unwrap) == before;
        // It writes what it was given, computes the root over it, and drops it, for it is not what was signed.
        let (wrong, _) = submission(2);
        asleep.append(8, &wrong[half..]).unwrap();
        assert!(is_untouched());
        assert!(matches!(asleep.seal(), Err(Error::Refused(fault)) if fault.code == FaultCode::RootDiffers));
        assert!(is_untouched());
        // It takes up what is there once more, after all else, under the lease that it believes to have.
        drop(Upload::resume(&files, &header, (0, 5), true).unwrap());
        assert!(is_untouched());
    }

    /// A program that numbered no files has begun it.
    #[test]
    fn rows_under_a_name_without_a_number_are_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let files = folder(dir.path());
        let (bytes, header) = submission(1);
        let (half, old) = (bytes.len() / 2, files.rows(&header.bank, 0));
        assert_eq!(old.file_name().unwrap(), "alpha.rows");
        fs::write(&old, &bytes[..=half]).unwrap();
        let mut upload = Upload::resume(&files, &header, (0, 5), true).unwrap();
        files.forget_older_rows(&header.bank, 5).unwrap();
        assert!(!old.exists());
        assert_eq!(upload.append(8, &bytes[half..]).unwrap(), 16, "what is no whole row comes again");
        upload.seal().unwrap();
    }

    /// After a root that differs all of it comes again, into the same files.
    #[test]
    fn a_second_attempt_leaves_nothing_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let files = folder(dir.path());
        let ((bytes, header), (wrong, _)) = (submission(1), submission(2));
        let mut upload = Upload::resume(&files, &header, (0, 5), true).unwrap();
        upload.append(0, &wrong).unwrap();
        upload.seal().unwrap_err();
        upload.append(0, &bytes).unwrap();
        upload.seal().unwrap();
        let mut fresh = Upload::resume(&files, &header, (0, 9), true).unwrap();
        fresh.append(0, &bytes).unwrap();
        fresh.seal().unwrap();
        let of = |turn| [files.rows(&header.bank, turn), files.levels(&header.bank, turn)].map(fs::read);
        assert!(of(5).map(Result::unwrap) == of(9).map(Result::unwrap));
    }

    /// What was swept stays away, whoever still writes into it.
    #[test]
    fn what_was_swept_is_never_made_again() {
        let dir = tempfile::tempdir().unwrap();
        let files = folder(dir.path());
        let (bytes, header) = submission(1);
        let mut asleep = Upload::resume(&files, &header, (0, 5), true).unwrap();
        files.sweep(crate::job::state::State::Closed).unwrap();
        asleep.append(0, &bytes).unwrap();
        asleep.seal().unwrap();
        assert_eq!(fs::read_dir(dir.path().join("jobs")).unwrap().count(), 0);
    }
}
