//! Things with a number: devices and parcels.
//!
//! Comes in: a prepared text. Goes out: `device`, `waybill`. Both are as written: makers and couriers number as they
//! like, so only what cannot be such a number is refused. Sources: the widest forms in use, IMEI (3GPP TS 23.003,
//! clause 6), MAC (IEEE 802), advertising ids (RFC 9562 text form); waybills YD/T 快递电子运单, letters and digits.

use lianfang_proto::catalogue::Kind;

use super::text::{Prepared, upper};
use super::{IssueCode, gathering::Gathering};

pub(super) fn device(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    refuse_odd(value, b"-_:.{}")?;
    if value.len() < 6 {
        return Err(IssueCode::Length);
    }
    out.keep(Kind::Device, value);
    Ok(())
}

pub(super) fn waybill(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    refuse_odd(value, b"-")?;
    if !(6..=40).contains(&value.len()) {
        return Err(IssueCode::Length);
    }
    out.keep(Kind::Waybill, &upper(value));
    Ok(())
}

/// Letters and digits with one of them a digit, and the given signs. A number that was rounded is many devices' at once.
fn refuse_odd(value: &Prepared, signs: &[u8]) -> Result<(), IssueCode> {
    if value.contains('*') {
        return Err(IssueCode::Masked);
    }
    value.refuse_rounded()?;
    if !value.bytes().all(|b| b.is_ascii_alphanumeric() || signs.contains(&b)) {
        return Err(IssueCode::Character);
    }
    if !value.bytes().any(|b| b.is_ascii_digit()) {
        return Err(IssueCode::Form);
    }
    Ok(())
}
