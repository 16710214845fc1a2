//! From wire message to domain type, or to a fault that names the field: the one place where a peer's bytes are judged.

use lianfang_trust::signed::SignedError;
use lianfang_trust::{Canonical, DecodeError, Digest, Signed, VerifyingKey};

use crate::catalogue::Class;
use crate::documents::evaluation::EvaluationRequest;
use crate::fault::{Fault, FaultCode};
use crate::ids::{BankId, CeremonyId, ClaimedBankId, Epoch, IdError, JobId, KeyId};
use crate::{limits, v1};

impl From<IdError> for Fault {
    fn from(error: IdError) -> Self {
        match error {
            IdError::Name { field } | IdError::Random { field } => {
                Self::field(FaultCode::MalformedField, field)
            }
        }
    }
}

/// What a document's decoding error is to the peer that sent the document.
pub fn document_fault(field: &str, error: &DecodeError) -> Fault {
    let code = match error {
        DecodeError::Truncated { .. } => FaultCode::MessageTruncated,
        DecodeError::TooLong { .. } => FaultCode::MessageTooLarge,
        DecodeError::NotCanonical { .. } => FaultCode::NotCanonical,
        _ => FaultCode::MalformedField,
    };
    Fault::field(code, field).got(error)
}

/// Opens a signed document that stood in `field` with the key that the reader has pinned.
pub fn open_signed<T: Canonical>(bytes: &[u8], field: &str, key: &VerifyingKey) -> Result<Signed<T>, Fault> {
    Signed::open(bytes, key).map_err(|error| match error {
        SignedError::Malformed(error) => document_fault(field, &error),
        SignedError::OtherKind { .. } | SignedError::SignerKey(_) => {
            Fault::field(FaultCode::MalformedField, field).got(error)
        }
        SignedError::OtherSigner | SignedError::BadSignature => {
            Fault::field(FaultCode::SignatureInvalid, field)
        }
        _ => Fault::field(FaultCode::MalformedField, field),
    })
}

/// A terms digest that stood in a request.
pub fn terms_digest(bytes: &[u8]) -> Result<Digest, Fault> {
    let bytes: [u8; 64] = bytes
        .try_into()
        .map_err(|_| Fault::field(FaultCode::MalformedField, "terms_digest").wanted("64 bytes"))?;
    Ok(Digest::from_bytes(bytes))
}

/// A ceremony id that stood in a request.
pub fn ceremony(bytes: &[u8]) -> Result<CeremonyId, Fault> {
    Ok(CeremonyId::from_slice(bytes, "ceremony")?)
}

/// A job id that stood in a request.
pub fn job(bytes: &[u8]) -> Result<JobId, Fault> {
    Ok(JobId::from_slice(bytes, "job")?)
}

/// Class and epoch that stood in a request.
pub fn class_epoch(class: u32, epoch: u32) -> Result<(Class, Epoch), Fault> {
    let class = u8::try_from(class)
        .ok()
        .and_then(Class::from_number)
        .ok_or_else(|| Fault::field(FaultCode::MalformedField, "class"))?;
    Ok((class, Epoch(epoch)))
}

/// A packed batch of elements: whole, not empty, within `most`. Whether each is a group element is for `crypto` to say.
pub fn packed_elements<'a>(bytes: &'a [u8], field: &str, most: usize) -> Result<&'a [u8], Fault> {
    if bytes.len() > most * limits::ELEMENT_BYTES {
        let fault = Fault::field(FaultCode::MessageTooLarge, field);
        return Err(fault.wanted(most).got(bytes.len() / limits::ELEMENT_BYTES));
    }
    if bytes.is_empty() || !bytes.len().is_multiple_of(limits::ELEMENT_BYTES) {
        return Err(Fault::field(FaultCode::MessageTruncated, field).wanted("n × 32 bytes").got(bytes.len()));
    }
    Ok(bytes)
}

/// A bulk evaluation whose envelope fits the connection it came over and the elements beside it.
pub struct CheckedEvaluation {
    /// The request, signed by the caller.
    pub request: Signed<EvaluationRequest>,
    /// Its packed elements: as many as the request says.
    pub elements: bytes::Bytes,
}

impl CheckedEvaluation {
    /// Opens the request with the key that the roster gives for the bank whose certificate was shown.
    pub fn open(message: v1::EvaluateRequest, bank: &BankId, key: &VerifyingKey) -> Result<Self, Fault> {
        packed_elements(&message.blinded_elements, "blinded_elements", limits::CHUNK_ELEMENTS)?;
        let request = open_signed::<EvaluationRequest>(&message.request, "request", key)?;
        if &request.value().bank != bank {
            return Err(Fault::field(FaultCode::Unauthenticated, "request.bank").at(bank.as_str()));
        }
        let stated = request.value().elements as usize;
        let there = message.blinded_elements.len() / limits::ELEMENT_BYTES;
        if stated != there {
            return Err(Fault::field(FaultCode::MessageTruncated, "blinded_elements")
                .wanted(stated)
                .got(there));
        }
        Ok(Self { request, elements: message.blinded_elements })
    }
}

/// An RFC 9497 BlindEvaluate of well-formed size under a key id of our form.
pub fn blind_evaluate(message: &v1::BlindEvaluateRequest) -> Result<(KeyId, &[u8]), Fault> {
    let key = KeyId::from_slice(&message.key_id)
        .ok_or_else(|| Fault::field(FaultCode::MalformedField, "key_id"))?;
    let elements =
        packed_elements(&message.blinded_elements, "blinded_elements", limits::BLIND_EVALUATE_ELEMENTS)?;
    Ok((key, elements))
}

/// A bank that somebody names in a message must be the one that its certificate names.
pub fn same_bank(claimed: &ClaimedBankId, proven: &BankId, field: &str) -> Result<(), Fault> {
    if claimed.agrees_with(proven) { Ok(()) } else { Err(Fault::field(FaultCode::Unauthenticated, field)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_whole_and_within_its_limit() {
        assert!(packed_elements(&[0; 64], "e", 2).is_ok());
        let code = |bytes: &[u8]| packed_elements(bytes, "e", 2).unwrap_err().code;
        assert_eq!(code(&[]), FaultCode::MessageTruncated);
        assert_eq!(code(&[0; 33]), FaultCode::MessageTruncated);
        assert_eq!(code(&[0; 96]), FaultCode::MessageTooLarge);
    }

    #[test]
    fn ids_of_other_lengths_name_their_field() {
        assert_eq!(job(&[1; 15]).unwrap_err().field.as_deref(), Some("job"));
        assert_eq!(terms_digest(&[1; 63]).unwrap_err().field.as_deref(), Some("terms_digest"));
        assert_eq!(class_epoch(99, 1).unwrap_err().field.as_deref(), Some("class"));
    }
}
