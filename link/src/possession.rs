//! Proof that who names a certificate holds its key: for banks that bring a certificate of their own.
//!
//! Comes in: the key, or a proof and the certificate it is about, and a challenge that belongs to one enrolment. Goes
//! out: a PKCS#10 request (RFC 2986) whose common name is the challenge and whose signature is the key's; or whether it
//! is that. Nothing is issued over it. Never sees: at the verifier, a private key. Fails without saying yes.

use rcgen::{CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroize as _;

use crate::authority::{AuthorityError, MAX_REQUEST};
use crate::identity::IdentityError;

/// Signs the challenge with a PEM key of any kind that TLS here can use.
pub fn prove(key: &[u8], challenge: &str) -> Result<Vec<u8>, IdentityError> {
    let mut key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::Key)?;
    let pair = KeyPair::try_from(&key).map_err(|_| IdentityError::Key);
    key.zeroize();
    let mut pair = pair?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, challenge);
    let request = params.serialize_request(&pair).map_err(|_| IdentityError::Signing);
    pair.zeroize();
    Ok(request?.der().to_vec())
}

/// Whether `proof` is the challenge, signed by the key of `certificate`.
pub fn verify(proof: &[u8], certificate: &CertificateDer<'_>, challenge: &str) -> Result<(), AuthorityError> {
    if proof.len() > MAX_REQUEST {
        return Err(AuthorityError::Request);
    }
    CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(proof))
        .map_err(|_| AuthorityError::Possession)?;
    let (_, asked) = X509CertificationRequest::from_der(proof).map_err(|_| AuthorityError::Request)?;
    let (_, leaf) = X509Certificate::from_der(certificate).map_err(|_| IdentityError::Certificate)?;
    let asked = &asked.certification_request_info;
    let names: Vec<_> = asked.subject.iter_common_name().map(|name| name.as_str().ok()).collect();
    if asked.subject_pki.raw != leaf.public_key().raw || names != [Some(challenge)] {
        return Err(AuthorityError::Possession);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certified(algorithm: &'static rcgen::SignatureAlgorithm) -> (CertificateDer<'static>, String) {
        let key = KeyPair::generate_for(algorithm).unwrap();
        (CertificateParams::default().self_signed(&key).unwrap().der().clone(), key.serialize_pem())
    }

    #[test]
    fn only_who_holds_the_key_can_prove_it_and_only_for_this_enrolment() {
        for algorithm in
            [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519]
        {
            let (leaf, key) = certified(algorithm);
            let (_, other) = certified(algorithm);
            let proof = prove(key.as_bytes(), "this one").unwrap();
            assert_eq!(verify(&proof, &leaf, "this one"), Ok(()));
            assert_eq!(verify(&proof, &leaf, "another"), Err(AuthorityError::Possession));
            let of_another = prove(other.as_bytes(), "this one").unwrap();
            assert_eq!(verify(&of_another, &leaf, "this one"), Err(AuthorityError::Possession));
            let mut damaged = proof.clone();
            *damaged.last_mut().unwrap() ^= 1;
            assert!(verify(&damaged, &leaf, "this one").is_err());
        }
        let (leaf, _) = certified(&rcgen::PKCS_ED25519);
        assert!(verify(&[], &leaf, "x").is_err());
        assert_eq!(verify(&vec![0; MAX_REQUEST + 1], &leaf, "x"), Err(AuthorityError::Request));
    }
}
