//! This party's own key and certificate, and the fingerprint of anybody's.
//!
//! Comes in: a private key (PKCS#8, or any PEM key of an own PKI) and its certificate chain. Goes out: signatures inside
//! TLS, and a request for a certificate. The key is wiped when dropped and has no `Debug`; TLS keeps its own parsed copy.
//! Keys are ECDSA P-256, made by AWS-LC's generator.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::{Zeroize, Zeroizing};

use crate::authority::Validity;

/// A key or certificate of this party cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The private key is not one that TLS here can sign with.
    #[error(
        "private key: not a PKCS#8 key of ECDSA P-256, P-384, P-521, Ed25519 or RSA; make a new one or convert it"
    )]
    Key,
    /// No certificate, or bytes that are none.
    #[error("certificate chain: not DER or PEM certificates, leaf first; ask the authority for them again")]
    Certificate,
    /// The certificate belongs to another key.
    #[error("certificate chain: its first certificate is for another key than the one given")]
    Mismatch,
    /// The signing library failed.
    #[error("certificate request: the key could not sign it")]
    Signing,
    /// Text that is not a fingerprint.
    #[error("fingerprint: 64 hexadecimal digits are needed; blanks and colons between them do not matter")]
    Fingerprint,
}

/// SHA-256 of a certificate's SubjectPublicKeyInfo: what the roster pins and what people compare.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate's key.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| IdentityError::Certificate)?;
        Ok(Self::of_spki(parsed.public_key().raw))
    }

    pub(crate) fn of_spki(spki: &[u8]) -> Self {
        Self(Sha256::digest(spki).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':').take(65).collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| IdentityError::Fingerprint)?;
        Ok(Self(bytes))
    }
}

/// A private key, before or beside its certificate.
pub struct KeyMaterial {
    pkcs8: Zeroizing<Vec<u8>>,
}

impl KeyMaterial {
    /// Makes a new ECDSA P-256 key.
    pub fn generate() -> Result<Self, IdentityError> {
        let mut pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)
            .map_err(|_| IdentityError::Signing)?;
        let pkcs8 = Zeroizing::new(pair.serialized_der().to_vec());
        pair.zeroize();
        Ok(Self { pkcs8 })
    }

    /// Takes a key that was stored before.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, IdentityError> {
        let key = Self { pkcs8: Zeroizing::new(der.to_vec()) };
        key.sign_with(|_| Ok(()))?;
        Ok(key)
    }

    /// The key's bytes, for sealed storage and nothing else.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The fingerprint that a certificate for this key will have.
    pub fn fingerprint(&self) -> Result<Fingerprint, IdentityError> {
        self.sign_with(|pair| Ok(Fingerprint::of_spki(&rcgen::PublicKeyData::subject_public_key_info(pair))))
    }

    /// A PKCS#10 request (RFC 2986), DER, signed by this key. It names nobody: the authority decides the name.
    pub fn certificate_request(&self) -> Result<Vec<u8>, IdentityError> {
        self.sign_with(|pair| {
            let mut params = rcgen::CertificateParams::default();
            params.distinguished_name = rcgen::DistinguishedName::new();
            let request = params.serialize_request(pair).map_err(|_| IdentityError::Signing)?;
            Ok(request.der().to_vec())
        })
    }

    /// The key behind a certificate that nobody has issued and whose time is over: with it a party that has no other yet
    /// can start, and is refused by everybody until it has one.
    pub fn uncertified(&self) -> Result<Identity, IdentityError> {
        let certificate = self.sign_with(|pair| {
            let mut params = rcgen::CertificateParams::default();
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.not_before = rcgen::date_time_ymd(1970, 1, 1);
            params.not_after = rcgen::date_time_ymd(1970, 1, 2);
            params.self_signed(pair).map_err(|_| IdentityError::Signing)
        })?;
        self.certified(vec![certificate.der().clone()])
    }

    /// Whether this is the key that a certificate is for.
    pub fn is_behind(&self, certificate: &CertificateDer<'_>) -> bool {
        matches!((self.fingerprint(), Fingerprint::of(certificate)), (Ok(own), Ok(of)) if own == of)
    }

    /// Joins the key with the chain that the authority issued, leaf first.
    pub fn certified(&self, chain: Vec<CertificateDer<'static>>) -> Result<Identity, IdentityError> {
        Identity::from_der(chain, &self.pkcs8)
    }

    /// Lends a parsed key to `f` and wipes it afterwards.
    pub(crate) fn sign_with<T>(
        &self,
        f: impl FnOnce(&rcgen::KeyPair) -> Result<T, IdentityError>,
    ) -> Result<T, IdentityError> {
        let der = PrivatePkcs8KeyDer::from(self.pkcs8.as_slice());
        let mut pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der, &rcgen::PKCS_ECDSA_P256_SHA256)
            .map_err(|_| IdentityError::Key)?;
        let result = f(&pair);
        pair.zeroize();
        result
    }
}

/// A key with its certificate, ready for TLS. Clones share it, so a renewal reaches servers and clients that run.
#[derive(Clone)]
pub struct Identity {
    current: Arc<RwLock<Arc<CertifiedKey>>>,
}

impl Identity {
    /// From certificates, leaf first, and a private key in DER (PKCS#8, SEC1 or PKCS#1).
    pub fn from_der(chain: Vec<CertificateDer<'static>>, key: &[u8]) -> Result<Self, IdentityError> {
        let leaf = chain.first().ok_or(IdentityError::Certificate)?;
        Fingerprint::of(leaf)?;
        let key = PrivateKeyDer::try_from(key).map_err(|_| IdentityError::Key)?;
        let key =
            rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).map_err(|_| IdentityError::Key)?;
        let certified = CertifiedKey::new(chain, key);
        certified.keys_match().map_err(|_| IdentityError::Mismatch)?;
        Ok(Self { current: Arc::new(RwLock::new(Arc::new(certified))) })
    }

    /// From PEM, as an own PKI hands it out.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| IdentityError::Certificate)?;
        let mut key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::Key)?;
        let identity = Self::from_der(chain, key.secret_der());
        key.zeroize();
        identity
    }

    /// Takes over a renewed key and certificate; connections made from now on use them.
    pub fn replace(&self, newer: &Self) {
        let newer = newer.certified();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = newer;
    }

    /// The chain, leaf first.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.certified().cert.clone()
    }

    /// The fingerprint of the leaf's key.
    pub fn fingerprint(&self) -> Result<Fingerprint, IdentityError> {
        Fingerprint::of(self.chain().first().ok_or(IdentityError::Certificate)?)
    }

    /// When the leaf ends, so that a person can be told in time.
    pub fn expires(&self) -> Result<UnixTime, IdentityError> {
        Ok(self.validity()?.not_after)
    }

    /// From when until when the leaf holds.
    pub fn validity(&self) -> Result<Validity, IdentityError> {
        Validity::of(self.chain().first().ok_or(IdentityError::Certificate)?)
    }

    fn certified(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("fingerprint", &self.fingerprint().ok()).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified())
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.certified())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
