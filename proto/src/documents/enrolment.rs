//! How a bank becomes a member: the invite that the regulator hands over, and the request that the node makes of it.

use lianfang_trust::{Canonical, DecodeError, Decoder, Digest32, Encoder, VerifyingKey};

use super::Fields;
use crate::ids::{BankId, InviteId};
use crate::limits;

/// What the bank's people compare with the regulator's, out of band: one digest over both keys of the authority, the one
/// that vouches for certificates (SHA-256 of the root's SubjectPublicKeyInfo) and the one that signs rosters.
pub fn authority_fingerprint(root_key: &[u8; 32], signing_key: &VerifyingKey) -> [u8; 32] {
    let mut to = Encoder::new("lianfang/authority", 1);
    to.fixed(root_key).fixed(signing_key.as_bytes());
    *Digest32::of("lianfang/authority", &to.finish()).as_bytes()
}

/// What a bank's own key has to sign for its enrolment, as the common name of a PKCS#10 request: nothing that was signed
/// for another invite, or beside another identity key, proves anything here.
pub fn possession_challenge(invite: &InviteId, identity: &VerifyingKey) -> String {
    let mut to = Encoder::new("lianfang/possession", 1);
    to.fixed(invite.as_bytes()).fixed(identity.as_bytes());
    Digest32::of("lianfang/possession", &to.finish()).to_hex()
}

/// The text that the regulator hands to a bank. Its secret is good for one enrolment and not for long.
#[derive(Clone, PartialEq, Eq)]
pub struct Invite {
    /// Which invite it is.
    pub id: InviteId,
    /// The bank that is invited.
    pub bank: BankId,
    /// Where the coordinator listens, `host:port`.
    pub coordinator: String,
    /// The [`authority_fingerprint`] over the two keys below: what the bank compares out of band.
    pub authority: [u8; 32],
    /// SHA-256 of the public key of the authority's root certificate: the coordinator's certificate must lead to it.
    pub authority_root_key: [u8; 32],
    /// By which the authority signs rosters.
    pub authority_signing_key: VerifyingKey,
    /// Proves that the bearer was handed the invite.
    pub secret: [u8; 32],
    /// Until when it is good, in microseconds since 1970.
    pub expires_at: i64,
}

impl Canonical for Invite {
    const DOMAIN: &'static str = "lianfang/invite";
    const MAX_BYTES: usize = 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.id.as_bytes())
            .text(self.bank.as_str())
            .text(&self.coordinator)
            .fixed(&self.authority)
            .fixed(&self.authority_root_key)
            .fixed(self.authority_signing_key.as_bytes())
            .fixed(&self.secret)
            .i64(self.expires_at);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let invite = Self {
            id: InviteId::from_random(from.fixed("id")?),
            bank: from.bank("bank")?,
            coordinator: from.text("coordinator", limits::ADDRESS_BYTES)?.to_owned(),
            authority: from.fixed("authority")?,
            authority_root_key: from.fixed("authority_root_key")?,
            authority_signing_key: from.key("authority_signing_key")?,
            secret: from.fixed("secret")?,
            expires_at: from.i64("expires_at")?,
        };
        if authority_fingerprint(&invite.authority_root_key, &invite.authority_signing_key)
            != invite.authority
        {
            return Err(DecodeError::Value {
                field: "authority",
                why: "is not the fingerprint of the keys beside it",
            });
        }
        Ok(invite)
    }
}

/// What a node asks for; signed by the identity key that it names.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentRequest {
    /// The invite it answers.
    pub invite: InviteId,
    /// The invite's secret: shown only inside TLS to the authority that the invite names.
    pub secret: [u8; 32],
    /// The bank that asks.
    pub bank: BankId,
    /// The key that it will sign with.
    pub identity: VerifyingKey,
    /// The key that packages are sealed to (X25519).
    pub sealing: [u8; 32],
    /// Where its node will listen, `host:port`.
    pub address: String,
    /// How it comes by a certificate.
    pub certificate: CertificateSource,
}

/// How a member comes by its certificate.
#[derive(Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// The authority issues it over this PKCS#10 request (DER).
    Authority(Vec<u8>),
    /// The bank's own: the leaf and the root that vouches for it (DER).
    Own {
        /// The certificate that its node shows.
        leaf: Vec<u8>,
        /// The root under which it stands.
        root: Vec<u8>,
        /// A PKCS#10 request (DER) made with the leaf's key for this enrolment, see [`possession_challenge`]: who only
        /// has a copy of another bank's certificate cannot make it.
        proof: Vec<u8>,
    },
}

impl Canonical for EnrolmentRequest {
    const DOMAIN: &'static str = "lianfang/enrolment-request";
    const MAX_BYTES: usize = 32 * 1_024;

    fn write(&self, to: &mut Encoder) {
        to.fixed(self.invite.as_bytes())
            .fixed(&self.secret)
            .text(self.bank.as_str())
            .fixed(self.identity.as_bytes())
            .fixed(&self.sealing)
            .text(&self.address);
        self.certificate.write(to);
    }

    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            invite: InviteId::from_random(from.fixed("invite")?),
            secret: from.fixed("secret")?,
            bank: from.bank("bank")?,
            identity: from.key("identity")?,
            sealing: from.fixed("sealing")?,
            address: from.text("address", limits::ADDRESS_BYTES)?.to_owned(),
            certificate: CertificateSource::read(from)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use lianfang_trust::SigningKey;

    use super::*;

    fn invite() -> Invite {
        let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
        Invite {
            id: InviteId::from_random([1; 16]),
            bank: BankId::parse("alpha", "bank").unwrap(),
            coordinator: "hub.example:7443".to_owned(),
            authority: authority_fingerprint(&[2; 32], &key),
            authority_root_key: [2; 32],
            authority_signing_key: key,
            secret: [3; 32],
            expires_at: 4,
        }
    }

    #[test]
    fn the_fingerprint_covers_both_keys() {
        assert!(Invite::decode(&invite().encode()).is_ok());
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        for exchanged in [
            Invite { authority_root_key: [9; 32], ..invite() },
            Invite { authority_signing_key: other, ..invite() },
            Invite { authority: [9; 32], ..invite() },
        ] {
            let error = Invite::decode(&exchanged.encode()).err();
            assert!(matches!(error, Some(DecodeError::Value { field: "authority", .. })));
        }
    }
}
