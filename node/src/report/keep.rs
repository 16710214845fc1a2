//! Keep: the report in sealed parts in the store, all of it or none, and out again to files.
//!
//! * Comes in: [`Accepted`] rows and the salt of the result's digest. Goes out: the [`Outcome`]; later the report's bytes.
//! * A report of a schedule's run is compared with that of the run before ([`Earlier`]): a row is new unless that one had the
//!   same identifier in the same record, and what it had and this one lacks is kept beside, in the same form.
//! * A second report of the same job replaces the first in the same transaction.
//! * Trusts: the store's keys. Every part says inside its seal where it belongs and whether it is the last, so that parts
//!   cannot be moved, exchanged or cut off.
//! * Fails with the store or the disk; a file that was there before is then still there, whole.
//!
//! ```text
//! i64 job ‖ u8 form ‖ u32 part ‖ u8 last ‖ text
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lianfang_trust::Digester;
use lianfang_trust::at_rest::ColumnCipher;
use rand_core::CryptoRng;
use sqlx::Row as _;
use zeroize::{Zeroize, Zeroizing};

use super::ReportError;
use super::accept::Accepted;
use super::earlier::{Comparison, Earlier};
use super::outcome::Outcome;
use super::row::{HEADER, Row};
use crate::store::{Connection, Store, StoreError};

/// Bytes of text in a part; with its place and its seal it stays under 256 KiB.
const PART_BYTES: usize = 255 * 1024;
const PLACE_BYTES: usize = 8 + 1 + 4 + 1;

const TABLE: &str = "report_part";
const COLUMN: &str = "body";
const RESULT_DOMAIN: &str = "lianfang/result";

/// A form in which the report is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Form {
    /// `report.csv`.
    Csv = 1,
    /// `report.jsonl`.
    JsonLines = 2,
    /// The identifier of each row, by its row in the store: what a later report is compared with. Never leaves it.
    Identifiers = 3,
    /// `gone.csv`: rows of the run before that are there no longer. Only of a schedule's runs.
    Gone = 4,
}

impl Form {
    /// Those that become files.
    pub const FILES: [Self; 3] = [Self::Csv, Self::JsonLines, Self::Gone];

    /// The file's name.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "report.csv",
            Self::JsonLines => "report.jsonl",
            Self::Identifiers => "identifiers",
            Self::Gone => "gone.csv",
        }
    }
}

/// Writes the report of a job (its row in the store) in every form. No other transaction may be held meanwhile.
pub async fn keep(
    store: &Store,
    job: i64,
    accepted: Accepted,
    earlier: Earlier,
    salt: &[u8; 32],
) -> Result<Outcome, ReportError> {
    let Accepted { mut rows, disclosure, bank, tally } = accepted;
    let mut digest = Digester::new(RESULT_DOMAIN);
    digest.update(salt).update(HEADER.as_bytes());
    let mut tx = store.begin().await?;
    let mut shelf = Shelf::clear(store, &mut tx, job).await?;
    let [mut csv, mut json, mut ids, mut gone] =
        [Form::Csv, Form::JsonLines, Form::Identifiers, Form::Gone].map(Parts::new);
    csv.text.extend_from_slice(HEADER.as_bytes());
    gone.text.extend_from_slice(HEADER.as_bytes());
    let mut comparison = Comparison::with(store, earlier);
    while let Some(record) = rows.next()? {
        let row = Row::decode(record, disclosure)?;
        let mut line = row.line(&bank, disclosure, true);
        line.new = comparison.is_new(&mut tx, &line, row.identifier(), &mut gone.text).await?;
        let start = csv.text.len();
        line.write_csv(&mut csv.text)?;
        digest.update(&csv.text[start..]);
        line.write_json(&mut json.text)?;
        ids.text.extend_from_slice(&row.identifier().to_be_bytes());
        for parts in [&mut csv, &mut json, &mut ids, &mut gone] {
            parts.spill(&mut shelf, &mut tx).await?;
        }
    }
    while comparison.drain(&mut tx, &mut gone.text).await? {
        gone.spill(&mut shelf, &mut tx).await?;
    }
    for parts in [csv, json, ids] {
        parts.finish(&mut shelf, &mut tx).await?;
    }
    if earlier != Earlier::NoSchedule {
        gone.finish(&mut shelf, &mut tx).await?;
    }
    tx.commit().await?;
    Ok(Outcome {
        rows: tally.rows,
        still: comparison.still,
        gone: comparison.gone,
        by_kind: tally.by_kind,
        refused_matches: tally.refused,
        withdrawn: tally.withdrawn,
        unopened: tally.unopened,
        digest: digest.finish(),
    })
}

/// Whether a report of this job is kept.
pub async fn is_kept(store: &Store, job: i64) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM report_part WHERE job_id = $1 LIMIT 1")
        .bind(job)
        .fetch_optional(store.readers())
        .await?;
    Ok(found.is_some())
}

/// Where parts are put.
struct Shelf {
    cipher: ColumnCipher,
    rng: Box<dyn CryptoRng + Send>,
    job: i64,
    next_id: i64,
}

impl Shelf {
    /// Removes what was kept of the job. New rows get ids that none of these had.
    async fn clear(store: &Store, tx: &mut Connection, job: i64) -> Result<Self, StoreError> {
        let next_id = sqlx::query_scalar("SELECT coalesce(max(id), 0) + 1 FROM report_part");
        let next_id = next_id.fetch_one(&mut *tx).await?;
        sqlx::query("DELETE FROM report_part WHERE job_id = $1").bind(job).execute(tx).await?;
        Ok(Self { cipher: store.cipher(TABLE, COLUMN), rng: store.rng(), job, next_id })
    }

    async fn put(
        &mut self,
        tx: &mut Connection,
        (form, part, last): (Form, u32, bool),
        text: &[u8],
    ) -> Result<(), StoreError> {
        let id = self.next_id;
        self.next_id += 1;
        let mut clear = Zeroizing::new(Vec::with_capacity(PLACE_BYTES + text.len()));
        clear.extend_from_slice(&place(self.job, form, part, last));
        clear.extend_from_slice(text);
        let body = self.cipher.seal(id, &clear, &mut *self.rng).map_err(StoreError::at(TABLE, COLUMN))?;
        let insert = "INSERT INTO report_part (id, job_id, form, part, body) VALUES ($1, $2, $3, $4, $5)";
        sqlx::query(insert)
            .bind(id)
            .bind(self.job)
            .bind(i64::from(form as u8))
            .bind(i64::from(part))
            .bind(body)
            .execute(tx)
            .await?;
        Ok(())
    }
}

fn place(job: i64, form: Form, part: u32, last: bool) -> [u8; PLACE_BYTES] {
    let mut place = [0; PLACE_BYTES];
    place[..8].copy_from_slice(&job.to_be_bytes());
    place[8] = form as u8;
    place[9..13].copy_from_slice(&part.to_be_bytes());
    place[13] = last.into();
    place
}

/// The text of one form that is not yet stored.
struct Parts {
    form: Form,
    part: u32,
    text: Zeroizing<Vec<u8>>,
}

impl Parts {
    fn new(form: Form) -> Self {
        Self { form, part: 0, text: Zeroizing::new(Vec::with_capacity(2 * PART_BYTES)) }
    }

    /// Stores what fills parts, and keeps something back for the last one.
    async fn spill(&mut self, to: &mut Shelf, tx: &mut Connection) -> Result<(), StoreError> {
        let mut stored = 0;
        while self.text.len() - stored > PART_BYTES {
            let text = &self.text[stored..stored + PART_BYTES];
            to.put(&mut *tx, (self.form, self.part, false), text).await?;
            stored += PART_BYTES;
            self.part += 1;
        }
        if stored > 0 {
            let kept = self.text.len() - stored;
            self.text.copy_within(stored.., 0);
            self.text[kept..].zeroize();
            self.text.truncate(kept);
        }
        Ok(())
    }

    async fn finish(mut self, to: &mut Shelf, tx: &mut Connection) -> Result<(), StoreError> {
        self.spill(to, &mut *tx).await?;
        to.put(tx, (self.form, self.part, true), &self.text).await
    }
}

/// One part of a form, if it is there, and whether it is the last.
pub(super) async fn part(
    cipher: &ColumnCipher,
    tx: &mut Connection,
    (job, form, part): (i64, Form, u32),
) -> Result<Option<(Zeroizing<Vec<u8>>, bool)>, StoreError> {
    let malformed = || StoreError::Malformed { table: TABLE, column: COLUMN };
    let query = sqlx::query("SELECT id, body FROM report_part WHERE job_id = $1 AND form = $2 AND part = $3");
    let query = query.bind(job).bind(i64::from(form as u8)).bind(i64::from(part));
    let Some(found) = query.fetch_optional(tx).await? else { return Ok(None) };
    let id: i64 = found.try_get(0)?;
    let body: &[u8] = found.try_get(1)?;
    let mut clear = cipher.open(id, body).map_err(StoreError::at(TABLE, COLUMN))?;
    let stands = clear.first_chunk::<PLACE_BYTES>().ok_or_else(malformed)?;
    let last = *stands == place(job, form, part, true);
    if !last && *stands != place(job, form, part, false) {
        return Err(malformed());
    }
    let text = clear.len() - PLACE_BYTES;
    clear.copy_within(PLACE_BYTES.., 0);
    clear[text..].zeroize();
    clear.truncate(text);
    Ok(Some((clear, last)))
}

/// The cipher of parts.
pub(super) fn cipher(store: &Store) -> ColumnCipher {
    store.cipher(TABLE, COLUMN)
}

/// Writes one form of a job's report to `sink`, part by part, as it stood at one moment.
pub async fn copy_out(
    store: &Store,
    job: i64,
    form: Form,
    sink: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    let cipher = cipher(store);
    // One transaction: a report that is replaced meanwhile is not mixed with this one.
    let mut tx = store.snapshot().await?;
    for number in 0_u32.. {
        let Some((text, last)) = part(&cipher, &mut tx, (job, form, number)).await? else {
            let cut = StoreError::Malformed { table: TABLE, column: COLUMN };
            return Err(if number == 0 { ReportError::NotKept } else { cut.into() });
        };
        sink.write_all(&text)?;
        if last {
            break;
        }
    }
    Ok(())
}

/// Writes `report.csv`, `report.jsonl` and, of a schedule's run, `gone.csv` into a folder, readable by their owner alone, all
/// whole or not at all.
pub async fn export(store: &Store, job: i64, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let mut written = Vec::new();
    for form in Form::FILES {
        let path = folder.join(format!("{}.unfinished", form.file_name()));
        written.push((path.clone(), folder.join(form.file_name())));
        match write_out(store, job, form, &path).await {
            Ok(()) => {}
            Err(ReportError::NotKept) if form == Form::Gone => {
                written.pop();
                fs::remove_file(path)?;
            }
            Err(error) => {
                for (path, _) in &written {
                    drop(fs::remove_file(path));
                }
                return Err(error);
            }
        }
    }
    for (unfinished, path) in &written {
        fs::rename(unfinished, path)?;
    }
    File::open(folder)?.sync_all()?;
    Ok(written.into_iter().map(|(_, path)| path).collect())
}

async fn write_out(store: &Store, job: i64, form: Form, path: &Path) -> Result<(), ReportError> {
    // What a crash left behind is removed and never reused, so no link that was put there is followed.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    copy_out(store, job, form, &mut file).await?;
    Ok(file.sync_all()?)
}
