//! A canonical identifier: what the tag function is asked about, and what a store keeps sealed.
//!
//! Comes in: a value that a rule has made, or one that such a rule made earlier and a store gives back. Goes out: the
//! kind, the value, the input text of the tag function, a mask for reports. Never: printed by `Debug`, left in memory
//! after drop.

use std::cmp::Ordering;
use std::fmt;

use lianfang_proto::catalogue::Kind;
use zeroize::Zeroizing;

use super::mask;

/// One identifier in its canonical form. Ordered by the bytes of its kind's code, then of its value, as reports are.
#[derive(Clone, PartialEq, Eq)]
pub struct Canonical {
    kind: Kind,
    value: Zeroizing<String>,
}

impl Canonical {
    /// A value that this rule set made earlier, given back by a store. It is taken at its word.
    pub fn from_stored(kind: Kind, value: String) -> Self {
        Self { kind, value: Zeroizing::new(value) }
    }

    /// The kind under which it is compared and reported.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The canonical text.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The input of the tag function: `kind|v1|value`, of which only the first two bars separate.
    pub fn tag_input(&self) -> Zeroizing<String> {
        let code = self.kind.code();
        let mut input = Zeroizing::new(String::with_capacity(code.len() + 4 + self.value.len()));
        input.push_str(code);
        input.push_str("|v1|");
        input.push_str(&self.value);
        input
    }

    /// What a report or a preview shows of it. Never the whole of it, and never text that a spreadsheet would take
    /// for a formula.
    pub fn masked(&self) -> String {
        mask::of(self.kind, &self.value)
    }
}

impl Ord for Canonical {
    fn cmp(&self, other: &Self) -> Ordering {
        self.kind.code().cmp(other.kind.code()).then_with(|| self.value.as_str().cmp(other.value.as_str()))
    }
}

impl PartialOrd for Canonical {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canonical").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_two_bars_separate() {
        let value = Canonical::from_stored(Kind::Url, "https://example.cn/a|b".to_owned());
        assert_eq!(value.tag_input().as_str(), "url|v1|https://example.cn/a|b");
    }

    #[test]
    fn debug_keeps_the_value() {
        let value = Canonical::from_stored(Kind::Qq, "10001".to_owned());
        assert!(!format!("{value:?}").contains("10001"));
    }

    #[test]
    fn order_is_that_of_bytes_of_code_and_value() {
        let of = |kind, value: &str| Canonical::from_stored(kind, value.to_owned());
        let mut values =
            [of(Kind::CnId, "2"), of(Kind::Address, "9"), of(Kind::CnId, "10"), of(Kind::BankCard, "1")];
        values.sort();
        let order: Vec<_> = values.iter().map(|v| (v.kind().code(), v.value())).collect();
        assert_eq!(order, [("address", "9"), ("bank-card", "1"), ("cn-id", "10"), ("cn-id", "2")]);
    }
}
