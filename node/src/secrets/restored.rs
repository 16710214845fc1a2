//! What a restored backup of keys leaves to the next start, for only then is the store there.
//!
//! Comes in: when the backup was made, and key shares if it holds any. Goes out: the same, once. The file is removed only
//! after everything in it has been taken up, and taking it up again changes nothing.

use lianfang_desk::Problem;
use lianfang_proto::documents::key_record::EndorsedKeyRecord;
use lianfang_trust::at_rest::{self, MasterKey};
use lianfang_trust::{Canonical, DecodeError, Decoder, Encoder};
use rand_core::CryptoRng;
use std::path::Path;
use zeroize::Zeroizing;

use super::{Secrets, read, remove, sealed, write};

pub(super) const FILE: &str = "restored.sealed";
const PURPOSE: &str = "lianfang/node-restored";
const SHARES: usize = 256;
const SHARE_BYTES: usize = 1_024;

/// A share as a backup carries it.
pub struct CarriedShare {
    /// The record that all holders have signed.
    pub record: Vec<u8>,
    /// The share in `crypto`'s encoding.
    pub share: Zeroizing<Vec<u8>>,
}

/// What the next start takes up.
pub struct Restored {
    /// When the backup was made, in microseconds since 1970.
    pub made_at: i64,
    /// Who restored it.
    pub by: String,
    /// The shares in it.
    pub shares: Vec<CarriedShare>,
}

pub(super) fn write_shares(to: &mut Encoder, shares: &[CarriedShare]) {
    to.list(shares, |to, carried| {
        to.bytes(&carried.record).bytes(&carried.share);
    });
}

pub(super) fn read_shares(from: &mut Decoder<'_>) -> Result<Vec<CarriedShare>, DecodeError> {
    from.list("shares", SHARES, |from| {
        Ok(CarriedShare {
            record: from.bytes("record", EndorsedKeyRecord::MAX_BYTES)?.to_vec(),
            share: Zeroizing::new(from.bytes("share", SHARE_BYTES)?.to_vec()),
        })
    })
}

impl Canonical for Restored {
    const DOMAIN: &'static str = PURPOSE;

    fn write(&self, to: &mut Encoder) {
        to.i64(self.made_at).text(&self.by);
        write_shares(to, &self.shares);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            made_at: from.i64("made_at")?,
            by: from.text("by", 256)?.to_owned(),
            shares: read_shares(from)?,
        })
    }
}

impl Restored {
    pub(super) fn keep(
        &self,
        folder: &Path,
        master: &MasterKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Problem> {
        let plain = Zeroizing::new(self.encode());
        let file = at_rest::seal_file(master, PURPOSE, &plain, rng).map_err(|e| sealed(&e))?;
        write(&folder.join(FILE), &file)
    }
}

impl Secrets {
    /// What a restored backup has left.
    pub fn restored(&self) -> Result<Option<Restored>, Problem> {
        let path = self.folder.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let file = read(&path, at_rest::MAX_SEALED_FILE)?;
        let bytes = at_rest::open_file(&self.master, PURPOSE, &file).map_err(|e| sealed(&e))?;
        Restored::decode(&bytes).map(Some).map_err(|error| {
            Problem::usage("secrets-damaged").with("detail", error.to_string()).because(error)
        })
    }

    /// It has been taken up.
    pub fn forget_restored(&self) -> Result<(), Problem> {
        remove(&self.folder.join(FILE))
    }
}
