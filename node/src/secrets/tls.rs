//! The exchange of the key behind the node's certificate.
//!
//! The next key is on the disk before anybody hears of it. The store's certificate decides which of the two is in use:
//! it is written in one transaction when the coordinator has issued it, and the file of keys follows. A crash in between
//! leaves both keys, and the next start takes the one that the certificate is for.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use lianfang_desk::Problem;
use lianfang_link::{CertificateDer, KeyMaterial};
use lianfang_trust::at_rest::{self, MasterKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{Secrets, read, read_keys, remove, sealed, write, write_keys};

const NEXT: &str = "tls-next.sealed";
const PURPOSE: &str = "lianfang/node-tls-next";

pub(super) fn keep_next(
    folder: &Path,
    master: &MasterKey,
    pkcs8: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<(), Problem> {
    let file = at_rest::seal_file(master, PURPOSE, pkcs8, rng).map_err(|e| sealed(&e))?;
    write(&folder.join(NEXT), &file)
}

impl Secrets {
    /// The key of an exchange that was begun.
    pub fn next_tls(&self) -> Result<Option<KeyMaterial>, Problem> {
        let path = self.folder.join(NEXT);
        if !path.exists() {
            return Ok(None);
        }
        let file = read(&path, 16 * 1_024)?;
        let bytes = at_rest::open_file(&self.master, PURPOSE, &file).map_err(|e| sealed(&e))?;
        KeyMaterial::from_pkcs8(&bytes).map(Some).map_err(Problem::bug)
    }

    /// The key to exchange for: that of an exchange that was begun, or a new one.
    pub fn prepare_tls(&self, rng: &mut dyn CryptoRng) -> Result<KeyMaterial, Problem> {
        if let Some(begun) = self.next_tls()? {
            return Ok(begun);
        }
        let key = KeyMaterial::generate().map_err(Problem::bug)?;
        keep_next(&self.folder, &self.master, key.pkcs8(), rng)?;
        Ok(key)
    }

    /// The key behind this certificate, if this node has it; if it is the next one, the exchange ends with it.
    pub fn tls_behind(
        &self,
        certificate: &CertificateDer<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<Arc<KeyMaterial>>, Problem> {
        let now = self.tls();
        let next = self.next_tls()?;
        if now.is_behind(certificate) {
            return Ok(Some(now));
        }
        let Some(next) = next.filter(|next| next.is_behind(certificate)) else { return Ok(None) };
        let mut keys = read_keys(&self.folder, &self.master)?;
        keys.tls = Zeroizing::new(next.pkcs8().to_vec());
        write_keys(&self.folder, &self.master, &keys, rng)?;
        remove(&self.folder.join(NEXT))?;
        let next = Arc::new(next);
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
        Ok(Some(next))
    }
}
