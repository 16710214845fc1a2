//! Addresses: one cell gives up to three levels, so that two complaints from one house meet even if the rooms differ.
//!
//! Comes in: a prepared text. Goes out: `address-building` (down to the house number), `address-unit` (down to the room)
//! and `address` (all of it). Refuses what has no known province, and what ends with the district, where half a million
//! people live. Sources: GB/T 2260 and the Ministry of Civil Affairs' list of divisions (`regions`); the parts of an
//! address and their words: GB/T 23705-2009, chapter 5.

mod chain;
mod clean;
mod detail;
mod regions;

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::text::Prepared;
use super::{IssueCode, gathering::Gathering};

pub(super) fn read(value: &Prepared, out: &mut Gathering) -> Result<(), IssueCode> {
    if value.contains('*') {
        return Err(IssueCode::Masked);
    }
    let text = clean::clean(value);
    let chain = chain::parse(&text).ok_or(IssueCode::Region)?;
    if chain.rest.is_empty() {
        return Err(IssueCode::Coarse);
    }
    let head = chain.head();
    let detail = detail::normalise(chain.rest);
    let level = |end: usize| {
        let mut level = Zeroizing::new(String::with_capacity(head.len() + end));
        level.push_str(&head);
        level.push_str(&detail.text[..end]);
        level
    };
    if let Some(end) = detail.building {
        out.keep(Kind::AddressBuilding, &level(end));
    }
    if let Some(end) = detail.unit {
        out.keep(Kind::AddressUnit, &level(end));
    }
    out.keep(Kind::Address, &level(detail.text.len()));
    if chain.contradicts {
        out.warn(IssueCode::Chain);
    }
    if detail.building.or(detail.unit).is_none() {
        out.warn(IssueCode::NoNumber);
    }
    Ok(())
}

/// Bytes of a canonical address that name province, city and district: what a mask may show.
pub(super) fn district_length(canonical: &str) -> usize {
    chain::parse(canonical).map_or(0, |chain| canonical.len() - chain.rest.len())
}
