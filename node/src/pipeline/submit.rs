//! Submit: outputs and labels become one sorted, padded file of rows, which is all that ever leaves for a job.
//!
//! Comes in: for each eligible identifier its row in the store, its output, its label. Goes out: [`Submission`]: a
//! file of rows in the order of tags, the identifiers' rows in the same order beside it, and the header that binds the
//! bank to exactly these bytes. Padding rows are the ChaCha20 keystream (RFC 8439) of the padding's seed, one after the
//! other: whoever is shown the seed can tell them from the others. Both files are on the disk for good before the header exists. Memory is bounded by the
//! sorter. Fails on a full disk, or where there are more rows than the terms' size cap.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use lianfang_crypto::oprf::finalise::Output;
use lianfang_crypto::seal::{self, Place};
use lianfang_crypto::tag::{Tag, tags, tags_and_seals};
use lianfang_proto::catalogue::Disclosure;
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

/// Bytes that are written to a file at once.
const FILE_BUFFER: usize = 64 * 1024;

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

    /// Whether both are there.
    pub fn are_there(&self) -> bool {
        self.rows.exists() && self.index.exists()
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
            SubmitError::Disk(error) => crate::fault::of_file(&error),
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

    /// Adds a page of identifiers: the row of each, its output, and what the bank says about it.
    pub fn push(
        &mut self,
        rows: &[i64],
        outputs: &[Output],
        mut label: impl FnMut(usize) -> Label,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), SubmitError> {
        self.rows += rows.len() as u64;
        if self.rows > self.terms.size_cap {
            return Err(SubmitError::SizeCap(self.terms.size_cap));
        }
        if self.terms.disclosure == Disclosure::Count {
            for (row, tag) in rows.iter().zip(tags(outputs, self.terms_digest.as_bytes())) {
                self.sorter.push_joined(&[tag.as_bytes(), &row.to_be_bytes()])?;
            }
            return Ok(());
        }
        let tags = tags_and_seals(outputs, self.terms_digest.as_bytes());
        for (at, (row, (tag, key))) in rows.iter().zip(&tags).enumerate() {
            let row = row.to_be_bytes();
            let label = Zeroizing::new(label(at).encode(self.terms.disclosure));
            let mut nonce = [0; seal::NONCE_LEN];
            rng.fill_bytes(&mut nonce);
            let sealed = seal::seal(key, nonce, place(&self.terms_digest, &self.bank, tag), &label)?;
            self.sorter.push_joined(&[tag.as_bytes(), &sealed, &row])?;
        }
        Ok(())
    }

    /// Pads, sorts and writes; what `padding` gives is committed to by its digest.
    pub fn finish(mut self, files: &SubmissionFiles, padding: &[u8; 32]) -> Result<Submission, SubmitError> {
        let own_rows = self.rows;
        let total = self.terms.padded_rows(own_rows);
        let mut keystream = ChaCha20::new(padding.into(), &[0; 12].into());
        let mut row = vec![0; self.terms.row_bytes()];
        for _ in own_rows..total {
            row.fill(0);
            keystream.apply_keystream(&mut row);
            self.sorter.push_joined(&[&row, &PADDING.to_be_bytes()])?;
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
    let mut rows = BufWriter::with_capacity(FILE_BUFFER, create_private(&files.rows)?);
    let mut index = BufWriter::with_capacity(FILE_BUFFER, create_private(&files.index)?);
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
