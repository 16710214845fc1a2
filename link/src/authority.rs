//! The regulator's certificate authority.
//!
//! Comes in: a PKCS#10 request (RFC 2986) and the party that a person has confirmed. Goes out: a certificate (RFC 5280)
//! for that party and no other, whatever the request asks for. Never sees: a party's private key. Times are parameters;
//! serial numbers are digests of what is certified. Fails without issuing anything.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, UnixTime};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::admission::Party;
use crate::identity::{Fingerprint, IdentityError, KeyMaterial};

/// The longest request that is read; ours have about 300 bytes.
pub const MAX_REQUEST: usize = 8 * 1024;
/// The longest a party's id may be inside a certificate.
const MAX_ID: usize = 64;
/// How far a peer's clock may lie behind before it calls a fresh certificate not yet valid.
const CLOCK_SKEW: Duration = Duration::from_mins(5);
const DAY: Duration = Duration::from_hours(24);
/// How long a root lasts unless said otherwise: ten years.
pub const ROOT_LASTS: Duration = Duration::from_secs(DAY.as_secs() * 3_653);
/// How long a party's certificate lasts unless said otherwise: a year.
pub const LEAF_LASTS: Duration = Duration::from_secs(DAY.as_secs() * 366);

/// Nothing was certified, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The request is too long, not PKCS#10, or asks for what is not supported.
    #[error("certificate request: not a plain PKCS#10 request of at most 8 KiB; make a new one")]
    Request,
    /// The request is not signed by the key in it.
    #[error("certificate request: its signature does not prove possession of the key; make a new one")]
    Possession,
    /// The request's key is not ECDSA P-256.
    #[error("certificate request: the key must be ECDSA P-256")]
    KeyKind,
    /// The bank's id cannot stand in a certificate.
    #[error("bank: an id in a certificate has 1 to 64 characters of a-z, 0-9, '-', '_' and '.'")]
    Name,
    /// The validity is empty, or outlasts the root.
    #[error("validity: it must end after it begins and not outlast the authority's own certificate")]
    Validity,
    /// The authority's own key or certificate cannot be used.
    #[error("authority: {0}")]
    Own(#[from] IdentityError),
    /// The stored certificate is not that of an authority.
    #[error("authority: the stored certificate may not issue others")]
    NotAuthority,
    /// The signing library failed.
    #[error("authority: the certificate could not be signed")]
    Signing,
}

/// From when until when a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First moment.
    pub not_before: UnixTime,
    /// Last moment.
    pub not_after: UnixTime,
}

impl Validity {
    /// From five minutes ago, for clocks that are behind, until `lasts` from now.
    pub fn starting(now: UnixTime, lasts: Duration) -> Self {
        Self {
            not_before: at(now.as_secs().saturating_sub(CLOCK_SKEW.as_secs())),
            not_after: at(now.as_secs().saturating_add(lasts.as_secs())),
        }
    }

    /// That of a certificate.
    pub fn of(certificate: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| IdentityError::Certificate)?;
        let seconds = |time: x509_parser::time::ASN1Time| u64::try_from(time.timestamp()).unwrap_or(0);
        let validity = parsed.validity();
        Ok(Self { not_before: at(seconds(validity.not_before)), not_after: at(seconds(validity.not_after)) })
    }

    /// How long it lasts from now on; nothing once it is over.
    pub fn left(&self, now: UnixTime) -> Duration {
        Duration::from_secs(self.not_after.as_secs().saturating_sub(now.as_secs()))
    }

    /// Whole days that are left.
    pub fn days_left(&self, now: UnixTime) -> u64 {
        self.left(now).as_secs() / DAY.as_secs()
    }

    fn apply(self, params: &mut CertificateParams) -> Result<(), AuthorityError> {
        // 9999-12-31, the last day that X.509 can write.
        const LAST: u64 = 253_402_300_799;
        if self.not_after <= self.not_before || self.not_after.as_secs() > LAST {
            return Err(AuthorityError::Validity);
        }
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + Duration::from_secs(self.not_before.as_secs());
        params.not_after = epoch + Duration::from_secs(self.not_after.as_secs());
        Ok(())
    }
}

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A certificate as it was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The party's certificate, then the authority's.
    pub chain: Vec<CertificateDer<'static>>,
    /// The fingerprint to pin in the roster.
    pub fingerprint: Fingerprint,
}

/// A root with its key.
pub struct Authority {
    certificate: CertificateDer<'static>,
    key: KeyMaterial,
}

impl Authority {
    /// Makes a new root under `name`.
    pub fn create(name: &str, validity: Validity) -> Result<Self, AuthorityError> {
        let key = KeyMaterial::generate()?;
        let certificate = root(name, &key, validity)?;
        Ok(Self { certificate, key })
    }

    /// Takes up a root that was stored before.
    pub fn load(certificate: CertificateDer<'static>, key: KeyMaterial) -> Result<Self, AuthorityError> {
        if Fingerprint::of(&certificate)? != key.fingerprint()? {
            return Err(IdentityError::Mismatch.into());
        }
        let (_, parsed) =
            X509Certificate::from_der(&certificate).map_err(|_| AuthorityError::NotAuthority)?;
        if !parsed.is_ca() {
            return Err(AuthorityError::NotAuthority);
        }
        Ok(Self { certificate, key })
    }

    /// The same authority for longer: its name and its key stay, so what it has issued goes on under the new root, and so
    /// does the fingerprint that people have compared.
    pub fn renewed(&self, validity: Validity) -> Result<Self, AuthorityError> {
        let (_, parsed) =
            X509Certificate::from_der(&self.certificate).map_err(|_| AuthorityError::NotAuthority)?;
        let name = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let key = KeyMaterial::from_pkcs8(self.key.pkcs8())?;
        let certificate = root(name.ok_or(AuthorityError::NotAuthority)?, &key, validity)?;
        Ok(Self { certificate, key })
    }

    /// From when until when the root holds.
    pub fn validity(&self) -> Result<Validity, AuthorityError> {
        Ok(Validity::of(&self.certificate)?)
    }

    /// That of a party's certificate that is issued now: [`LEAF_LASTS`], or as long as the root does.
    pub fn leaf_validity(&self, now: UnixTime) -> Result<Validity, AuthorityError> {
        let wanted = Validity::starting(now, LEAF_LASTS);
        let root = self.validity()?.not_after;
        Ok(if wanted.not_after > root { Validity { not_after: root, ..wanted } } else { wanted })
    }

    /// The root certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The root's key, for sealed storage.
    pub fn key(&self) -> &KeyMaterial {
        &self.key
    }

    /// What an invitation carries, and what people compare.
    pub fn fingerprint(&self) -> Result<Fingerprint, AuthorityError> {
        Ok(Fingerprint::of(&self.certificate)?)
    }

    /// Certifies the key of `request` for `party`. Only the key is taken from the request.
    pub fn issue(&self, request: &[u8], party: &Party, validity: Validity) -> Result<Issued, AuthorityError> {
        if let Party::Bank(id) = party {
            check_name(id)?;
        }
        if validity.not_after > self.validity()?.not_after {
            return Err(AuthorityError::Validity);
        }
        let mut asked = read_request(request)?;
        let spki = rcgen::PublicKeyData::subject_public_key_info(&asked.public_key);
        let fingerprint = Fingerprint::of_spki(&spki);
        let mut params = CertificateParams::default();
        validity.apply(&mut params)?;
        params.distinguished_name = named(&party.uri());
        let uri = party.uri().try_into().map_err(|_| AuthorityError::Name)?;
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(serial(&fingerprint, validity));
        asked.params = params;
        let leaf = self.key.sign_with(|pair| {
            let issuer =
                Issuer::from_ca_cert_der(&self.certificate, pair).map_err(|_| IdentityError::Signing)?;
            asked.signed_by(&issuer).map_err(|_| IdentityError::Signing)
        });
        let leaf = leaf.map_err(|_| AuthorityError::Signing)?;
        Ok(Issued { chain: vec![leaf.der().clone(), self.certificate.clone()], fingerprint })
    }
}

/// A root over this key.
fn root(
    name: &str,
    key: &KeyMaterial,
    validity: Validity,
) -> Result<CertificateDer<'static>, AuthorityError> {
    let mut params = CertificateParams::default();
    validity.apply(&mut params)?;
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(serial(&key.fingerprint()?, validity));
    let certificate = key.sign_with(|pair| params.self_signed(pair).map_err(|_| IdentityError::Signing))?;
    Ok(certificate.der().clone())
}

/// Reads a request and checks that its own key has signed it.
fn read_request(request: &[u8]) -> Result<CertificateSigningRequestParams, AuthorityError> {
    if request.len() > MAX_REQUEST {
        return Err(AuthorityError::Request);
    }
    let asked = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(request));
    let asked = asked.map_err(|error| match error {
        rcgen::Error::InvalidCertificationRequestSignature => AuthorityError::Possession,
        _ => AuthorityError::Request,
    })?;
    if asked.public_key.algorithm() != &rcgen::PKCS_ECDSA_P256_SHA256 {
        return Err(AuthorityError::KeyKind);
    }
    Ok(asked)
}

fn check_name(id: &str) -> Result<(), AuthorityError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    if (1..=MAX_ID).contains(&id.len()) && id.bytes().all(plain) { Ok(()) } else { Err(AuthorityError::Name) }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Distinct for distinct certificates, and positive: a renewal for the same key has another validity.
fn serial(key: &Fingerprint, validity: Validity) -> SerialNumber {
    let mut digest = Sha256::new();
    digest.update(b"lianfang certificate serial");
    digest.update(key.0);
    digest.update(validity.not_before.as_secs().to_be_bytes());
    digest.update(validity.not_after.as_secs().to_be_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    let mut serial = digest.get(..16).unwrap_or_default().to_vec();
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::from(serial)
}
