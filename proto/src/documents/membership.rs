//! What a member signs to stay one: a request for the next certificate, and how far a holder has charged.

use lianfang_trust::{Canonical, DecodeError, Decoder, Digest32, Encoder, VerifyingKey};

use super::Fields;
use super::enrolment::CertificateSource;
use crate::ids::BankId;
use crate::limits;

/// Asks for the next certificate; signed by the member's identity key. With the key that is pinned it is a renewal, with
/// another one an exchange of keys, which makes a new roster.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateRenewal {
    /// The member.
    pub bank: BankId,
    /// The certificate key that the roster pins for it (SHA-256 of the public key): a request for an exchange that is
    /// shown again after the exchange names a key that is not pinned any more, and exchanges nothing.
    pub replaces: [u8; 32],
    /// When it was signed, in microseconds since 1970: one that lay about is not taken.
    pub at: i64,
    /// Whether the key that is exchanged stays good for a while; not if somebody else may have it.
    pub overlap: bool,
    /// The certificate, or the request for one.
    pub certificate: CertificateSource,
}

/// What a bank's own key has to sign to be taken in place of another, as the common name of a PKCS#10 request: good for
/// this identity, and for the exchange of this key alone.
pub fn renewal_challenge(replaces: &[u8; 32], identity: &VerifyingKey) -> String {
    let mut to = Encoder::new("lianfang/renewal-possession", 1);
    to.fixed(replaces).fixed(identity.as_bytes());
    Digest32::of("lianfang/renewal-possession", &to.finish()).to_hex()
}

impl Canonical for CertificateRenewal {
    const DOMAIN: &'static str = "lianfang/certificate-renewal";
    const MAX_BYTES: usize = 32 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.text(self.bank.as_str()).fixed(&self.replaces).i64(self.at).bool(self.overlap);
        self.certificate.write(to);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            bank: from.bank("bank")?,
            replaces: from.fixed("replaces")?,
            at: from.i64("at")?,
            overlap: from.bool("overlap")?,
            certificate: CertificateSource::read(from)?,
        })
    }
}

/// How far a holder has charged, in its own words: kept by the coordinator and shown to the holder again, which then
/// knows whether its ledger has gone back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeStatement {
    /// The holder.
    pub holder: BankId,
    /// Its charge number.
    pub number: u64,
    /// When it said so, in microseconds since 1970.
    pub at: i64,
}

impl Canonical for ChargeStatement {
    const DOMAIN: &'static str = "lianfang/charge-statement";
    const MAX_BYTES: usize = 256;

    fn write(&self, to: &mut Encoder) {
        to.text(self.holder.as_str()).u64(self.number).i64(self.at);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self { holder: from.bank("holder")?, number: from.u64("number")?, at: from.i64("at")? })
    }
}

impl CertificateSource {
    pub(super) fn write(&self, to: &mut Encoder) {
        match self {
            Self::Authority(request) => to.u8(0).bytes(request),
            Self::Own { leaf, root, proof } => to.u8(1).bytes(leaf).bytes(root).bytes(proof),
        };
    }

    pub(super) fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let der =
            |from: &mut Decoder<'_>, field| from.bytes(field, limits::CERTIFICATE_BYTES).map(<[u8]>::to_vec);
        match from.u8("certificate")? {
            0 => Ok(Self::Authority(der(from, "certificate.request")?)),
            1 => Ok(Self::Own {
                leaf: der(from, "certificate.leaf")?,
                root: der(from, "certificate.root")?,
                proof: der(from, "certificate.proof")?,
            }),
            _ => Err(DecodeError::Value { field: "certificate", why: "is of no known kind" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use lianfang_trust::SigningKey;

    use super::*;

    fn bank() -> BankId {
        BankId::parse("alpha", "bank").unwrap()
    }

    /// To the byte, for these are signed by one version of the program and opened by another.
    #[test]
    fn the_encodings_stand() {
        let of_authority = CertificateRenewal {
            bank: bank(),
            replaces: [2; 32],
            at: 3,
            overlap: true,
            certificate: CertificateSource::Authority(vec![4, 5]),
        };
        let header = |domain: &str| [&(domain.len() as u64).to_be_bytes(), domain.as_bytes(), &[1]].concat();
        let name = [&5_u64.to_be_bytes()[..], b"alpha"].concat();
        let three = 3_i64.to_be_bytes();
        let tail = [&[1, 0][..], &2_u64.to_be_bytes(), &[4, 5]].concat();
        let expected = [&header("lianfang/certificate-renewal")[..], &name, &[2; 32], &three, &tail].concat();
        assert_eq!(of_authority.encode(), expected);
        assert!(CertificateRenewal::decode(&expected).unwrap() == of_authority);

        let statement = ChargeStatement { holder: bank(), number: 7, at: 3 };
        let expected =
            [&header("lianfang/charge-statement")[..], &name, &7_u64.to_be_bytes(), &three].concat();
        assert_eq!(statement.encode(), expected);
        assert_eq!(ChargeStatement::decode(&expected), Ok(statement));
    }

    #[test]
    fn a_proof_is_good_for_one_identity_and_one_exchange() {
        let key = |seed: u8| SigningKey::from_bytes(&[seed; 32]).verifying_key();
        let challenge = renewal_challenge(&[1; 32], &key(1));
        assert_ne!(challenge, renewal_challenge(&[2; 32], &key(1)));
        assert_ne!(challenge, renewal_challenge(&[1; 32], &key(2)));
        assert_eq!(challenge.len(), 64, "a common name holds no more");
    }
}
