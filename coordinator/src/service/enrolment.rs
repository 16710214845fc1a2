//! `Enrolment`: the only service that strangers may call, and members whose certificate has expired.

use lianfang_proto::checked::open_signed;
use lianfang_proto::documents::enrolment::EnrolmentRequest;
use lianfang_proto::documents::membership::CertificateRenewal;
use lianfang_proto::v1::enrolment_server::Enrolment;
use lianfang_proto::v1::{EnrolReply, EnrolRequest, RenewReply, RenewRequest};
use lianfang_proto::{Fault, FaultCode};
use lianfang_trust::Signed;
use tonic::{Request, Response, Status};

use super::Services;
use crate::roster::{enrol, renewal};

#[tonic::async_trait]
impl Enrolment for Services {
    async fn enrol(&self, request: Request<EnrolRequest>) -> Result<Response<EnrolReply>, Status> {
        let bytes = request.into_inner().request;
        // Nobody's key is pinned yet: the one that the request names must have signed it, and people compare it.
        let signer = Signed::<EnrolmentRequest>::claimed_signer(&bytes)
            .map_err(|error| Fault::field(FaultCode::MalformedField, "request").got(error))?;
        let request = open_signed(&bytes, "request", &signer)?;
        let membership = enrol::ask(&self.office, &request).await?;
        Ok(Response::new(EnrolReply { membership }))
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewReply>, Status> {
        let bytes = request.into_inner().renewal;
        // The key that it names must have signed it; whether that is a member's is found out next.
        let signer = Signed::<CertificateRenewal>::claimed_signer(&bytes)
            .map_err(|error| Fault::field(FaultCode::MalformedField, "renewal").got(error))?;
        let renewal = open_signed(&bytes, "renewal", &signer)?;
        let membership = Some(renewal::renew(&self.office, &renewal).await?);
        Ok(Response::new(RenewReply { membership }))
    }
}
