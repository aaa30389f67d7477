//! Messages of what a session serves: `session/auth/auth.proto`, `session/secrets/secrets.proto`, `session/sshforward/ssh.proto` of moby/buildkit,
//! and `grpc/health/v1/health.proto`.

/// The health of a server that serves (`grpc.health.v1.HealthCheckResponse.ServingStatus`).
pub(crate) const SERVING: i32 = 1;

/// A message of nothing.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Empty {}

/// The `BytesMessage` of `moby.buildkit.v1`, `moby.filesync.v1` and `moby.sshforward.v1`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct BytesMessage {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) data: bytes::Bytes,
}

/// `moby.filesync.v1.CredentialsRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct CredentialsRequest {
    #[prost(string, tag = "1")]
    pub(crate) host: String,
}

/// `moby.filesync.v1.CredentialsResponse`. Its fields are secret.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct CredentialsResponse {
    #[prost(string, tag = "1")]
    pub(crate) username: String,
    #[prost(string, tag = "2")]
    pub(crate) secret: String,
}

/// `moby.buildkit.secrets.v1.GetSecretRequest`, and `moby.sshforward.v1.CheckAgentRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Named {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
}

/// `moby.buildkit.secrets.v1.GetSecretResponse`. Its field is secret.
#[derive(Clone, PartialEq, Eq, prost::Message)]
#[prost(skip_debug)]
pub(crate) struct GetSecretResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) data: Vec<u8>,
}

/// `grpc.health.v1.HealthCheckResponse`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
}

impl std::fmt::Debug for CredentialsResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CredentialsResponse")
    }
}

impl std::fmt::Debug for GetSecretResponse {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("GetSecretResponse")
    }
}
