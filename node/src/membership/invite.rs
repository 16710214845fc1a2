//! The text that the regulator hands over: `lfi1-` and the canonical invite in base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lianfang_desk::Problem;
use lianfang_proto::documents::enrolment::Invite;
use lianfang_trust::Canonical;

const PREFIX: &str = "lfi1-";

/// Reads an invite; blanks and line breaks that mail programs add do not matter.
pub fn read_invite(text: &str) -> Result<Invite, Problem> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let unreadable = || Problem::usage("invite-unreadable");
    let encoded = text.strip_prefix(PREFIX).ok_or_else(unreadable)?;
    if encoded.len() > 2 * Invite::MAX_BYTES {
        return Err(unreadable());
    }
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|error| unreadable().because(error))?;
    Invite::decode(&bytes).map_err(|error| unreadable().because(error))
}

#[cfg(test)]
mod tests {
    use lianfang_proto::documents::enrolment::authority_fingerprint;
    use lianfang_proto::ids::{BankId, InviteId};
    use lianfang_trust::SigningKey;

    use super::*;

    #[test]
    fn an_invite_is_read_through_what_mail_does_to_it() {
        let key = SigningKey::from_bytes(&[1; 32]).verifying_key();
        let invite = Invite {
            id: InviteId::from_random([1; 16]),
            bank: BankId::parse("alpha", "bank").unwrap(),
            coordinator: "127.0.0.1:7000".into(),
            authority: authority_fingerprint(&[2; 32], &key),
            authority_root_key: [2; 32],
            authority_signing_key: key,
            secret: [3; 32],
            expires_at: 1,
        };
        let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(invite.encode()));
        let (head, tail) = text.split_at(40);
        assert!(read_invite(&format!("  {head}\r\n {tail}\n")).unwrap() == invite);
        for bad in ["", "lfi1-", "lfi2-AAAA", &text[..60], &text.replace("lfi1-", "lfi1-!")] {
            assert_eq!(read_invite(bad).err().unwrap().code(), "invite-unreadable", "{bad}");
        }
    }
}
