//! How files of evidence are written and read: one JSON object that says what it is, bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::Flaw;

/// Bytes of one file: a hundred full chunks and what is opened of them.
pub const FILE_BYTES: usize = 128 * 1024 * 1024;

/// A kind of file.
pub trait Form: Serialize + DeserializeOwned {
    /// What stands in the field `form`.
    const NAME: &'static str;
}

/// The version of all these forms.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct File<T> {
    form: String,
    version: u8,
    #[serde(flatten)]
    content: T,
}

#[derive(Deserialize)]
struct Named {
    form: String,
}

/// The bytes of a file.
pub fn write<T: Form>(content: &T) -> Zeroizing<Vec<u8>> {
    let file = File { form: T::NAME.to_owned(), version: VERSION, content };
    let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
    bytes.push(b'\n');
    Zeroizing::new(bytes)
}

/// What a file says it is.
pub fn name(bytes: &[u8]) -> Result<String, Flaw> {
    serde_json::from_slice::<Named>(bytes).map(|named| named.form).map_err(|_| Flaw::Malformed("form"))
}

/// Reads a file of this form.
pub fn read<T: Form>(bytes: &[u8]) -> Result<T, Flaw> {
    let file: File<T> = serde_json::from_slice(bytes).map_err(|_| Flaw::Malformed(T::NAME))?;
    if file.form != T::NAME || file.version != VERSION {
        return Err(Flaw::Malformed("form"));
    }
    Ok(file.content)
}

/// A bank's id as text.
pub mod bank {
    use lianfang_proto::ids::BankId;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes it.
    pub fn serialize<S: Serializer>(bank: &BankId, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(bank.as_str())
    }

    /// Reads it.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BankId, D::Error> {
        let text = String::deserialize(from)?;
        BankId::parse(&text, "bank").map_err(|_| serde::de::Error::custom("bank"))
    }
}

/// Bytes that stand in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed(pub Vec<u8>);

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(|_| serde::de::Error::custom("base64"))
    }
}

impl Packed {
    /// The bytes, if they are so many.
    pub fn fixed<const N: usize>(&self, field: &'static str) -> Result<[u8; N], Flaw> {
        self.0.as_slice().try_into().map_err(|_| Flaw::Malformed(field))
    }
}
