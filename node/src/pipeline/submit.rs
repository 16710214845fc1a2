//! Submit: outputs and labels become one sorted, padded file of rows, which is all that ever leaves for a job.
//!
//! Comes in: for each eligible identifier its row in the store, its output, its label. Goes out: [`Submission`]: a
//! file of rows in the order of tags, the identifiers' rows in the same order beside it, and the header that binds the
//! bank to exactly these bytes. Both files are on the disk for good before the header exists. Memory is bounded by the
//! sorter. Fails on a full disk, or where there are more rows than the terms' size cap.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::seal::{self, Place};
use lianfang_crypto::tag::Tag;
use lianfang_proto::documents::submission::SubmissionHeader;
use lianfang_proto::documents::terms::Terms;
use lianfang_proto::ids::BankId;
use lianfang_proto::label::Label;
use lianfang_proto::row::TAG_BYTES;
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::merkle::RootBuilder;
use lianfang_trust::{Canonical, Digest, Digest32};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::spill::{Sorted, Sorter};

/// Stands in the index where a row is padding.
pub const PADDING: i64 = -1;

/// Where a job's files lie.
#[derive(Clone, Debug)]
pub struct SubmissionFiles {
    /// Rows, as they are sent.
    pub rows: PathBuf,
    /// For each row the identifier's row in the store (big-endian), or [`PADDING`].
    pub index: PathBuf,
}

impl SubmissionFiles {
    /// The files of the job with this digest in the spool.
    pub fn of(spool: &Path, terms_digest: &Digest) -> Self {
        let name = &terms_digest.to_hex()[..32];
        Self { rows: spool.join(format!("{name}.rows")), index: spool.join(format!("{name}.index")) }
    }

    /// Removes both; that they are gone already is no error.
    pub fn remove(&self) -> io::Result<()> {
        for path in [&self.rows, &self.index] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Takes identifiers in any order.
pub struct Assembly {
    terms_digest: Digest,
    terms: Terms,
    bank: BankId,
    sorter: Sorter,
    rows: u64,
}

/// The finished submission, on the disk.
pub struct Submission {
    /// Binds the bank to the rows.
    pub header: SubmissionHeader,
    /// Rows that are not padding.
    pub own_rows: u64,
}

/// Why rows could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// More identifiers than the terms let one bank submit.
    #[error("the register has more eligible identifiers than the terms' size cap of {0}")]
    SizeCap(u64),
    /// The disk.
    #[error("the submission could not be written: {0}")]
    Disk(#[from] io::Error),
    /// A label could not be sealed.
    #[error("a label could not be sealed: {0}")]
    Seal(#[from] seal::SealError),
    /// Two identifiers with one tag: the cache holds an output twice.
    #[error("two identifiers have one tag; the cached outputs are not sound")]
    TagTwice,
}

impl From<SubmitError> for Fault {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::SizeCap(cap) => Self::new(FaultCode::SizeCapExceeded).wanted(cap),
            SubmitError::Disk(error) if error.kind() == io::ErrorKind::StorageFull => {
                Self::new(FaultCode::DiskFull)
            }
            other => Self::new(FaultCode::Internal).got(other),
        }
    }
}

impl Assembly {
    /// An empty submission of `bank` under `terms`, sorted in `spool`.
    pub fn new(terms: &Terms, bank: &BankId, spool: &Path, rng: &mut dyn CryptoRng) -> Self {
        Self {
            terms_digest: terms.digest(),
            terms: terms.clone(),
            bank: bank.clone(),
            sorter: Sorter::new(spool, rng),
            rows: 0,
        }
    }

    /// Adds one identifier.
    pub fn push(
        &mut self,
        row: i64,
        output: &Output,
        label: &Label,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), SubmitError> {
        self.rows += 1;
        if self.rows > self.terms.size_cap {
            return Err(SubmitError::SizeCap(self.terms.size_cap));
        }
        let (tag, key) = output.tag_and_seal(self.terms_digest.as_bytes());
        let mut record = Vec::with_capacity(self.terms.row_bytes() + 8);
        record.extend_from_slice(tag.as_bytes());
        let label = Zeroizing::new(label.encode(self.terms.disclosure));
        if !label.is_empty() {
            let mut nonce = [0; seal::NONCE_LEN];
            rng.fill_bytes(&mut nonce);
            let place = place(&self.terms_digest, &self.bank, &tag);
            record.extend_from_slice(&seal::seal(&key, nonce, place, &label)?);
        }
        record.extend_from_slice(&row.to_be_bytes());
        Ok(self.sorter.push(&record)?)
    }

    /// Pads, sorts and writes; what `padding` gives is committed to by its digest.
    pub fn finish(mut self, files: &SubmissionFiles, padding: &[u8; 32]) -> Result<Submission, SubmitError> {
        let own_rows = self.rows;
        let total = self.terms.padded_rows(own_rows);
        for number in own_rows..total {
            let mut record = padding_row(padding, number, self.terms.row_bytes());
            record.extend_from_slice(&PADDING.to_be_bytes());
            self.sorter.push(&record)?;
        }
        let root = write_rows(self.sorter.finish()?, files, self.terms.row_bytes())?;
        let header = SubmissionHeader {
            terms_digest: self.terms_digest,
            bank: self.bank,
            rows: total,
            row_bytes: u32::try_from(self.terms.row_bytes()).unwrap_or(u32::MAX),
            root,
            padding_commitment: *Digest32::of("lianfang/padding", padding).as_bytes(),
        };
        Ok(Submission { header, own_rows })
    }
}

/// Where a label belongs: the words that its seal is bound to.
pub fn place<'a>(terms_digest: &'a Digest, bank: &'a BankId, tag: &'a Tag) -> Place<'a> {
    Place { terms_digest: terms_digest.as_bytes(), bank: bank.as_str().as_bytes(), tag }
}

/// A row of random bytes: SHA-512 in counter mode over the padding's seed.
fn padding_row(seed: &[u8; 32], number: u64, row_bytes: usize) -> Vec<u8> {
    let mut row = Vec::with_capacity(row_bytes + 64);
    let mut input = [0; 44];
    input[..32].copy_from_slice(seed);
    input[32..40].copy_from_slice(&number.to_be_bytes());
    for block in 0_u32.. {
        input[40..].copy_from_slice(&block.to_be_bytes());
        row.extend_from_slice(Digest::of("lianfang/padding-row", &input).as_bytes());
        if row.len() >= row_bytes {
            break;
        }
    }
    row.truncate(row_bytes);
    row
}

/// An empty file that its owner alone can read.
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes both files, durably, and gives the rows' Merkle root.
fn write_rows(
    mut sorted: Sorted,
    files: &SubmissionFiles,
    row_bytes: usize,
) -> Result<[u8; 32], SubmitError> {
    let mut rows = BufWriter::new(create_private(&files.rows)?);
    let mut index = BufWriter::new(create_private(&files.index)?);
    let mut root = RootBuilder::new();
    let mut last: Option<[u8; TAG_BYTES]> = None;
    while let Some(record) = sorted.next()? {
        let (row, id) = record.split_at(row_bytes);
        let tag = row.first_chunk::<TAG_BYTES>().copied();
        if tag.is_none() || tag == last {
            return Err(SubmitError::TagTwice);
        }
        last = tag;
        root.push(row);
        rows.write_all(row)?;
        index.write_all(id)?;
    }
    for file in [rows, index] {
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    }
    if let Some(dir) = files.rows.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(root.finish())
}
