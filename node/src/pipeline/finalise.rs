//! Finalise: from a checked chunk to the outputs of the tag function.
//!
//! Comes in: a [`CheckedChunk`], which only the check can make. Goes out: one output for each identifier's row, to be
//! sealed into the cache and nowhere else.

use lianfang_crypto::oprf::finalise::Output;
use lianfang_proto::{Fault, FaultCode};

use super::evaluate::CheckedChunk;

/// The outputs of one chunk, each with its identifier's row.
pub struct Outputs {
    outputs: Vec<(i64, Output)>,
}

impl Outputs {
    /// Unblinds and hashes.
    pub async fn of(chunk: CheckedChunk) -> Result<Self, Fault> {
        let CheckedChunk { rows, blinding, checked, own, cores } = chunk;
        let outputs = cores
            .run(move || blinding.finalise(checked, own.as_deref()))
            .await?
            .map_err(|_| Fault::new(FaultCode::GenerationChanged))?;
        Ok(Self { outputs: rows.into_iter().zip(outputs).collect() })
    }

    /// Row and output, in the chunk's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (i64, &Output)> {
        self.outputs.iter().map(|(row, output)| (*row, output))
    }
}
