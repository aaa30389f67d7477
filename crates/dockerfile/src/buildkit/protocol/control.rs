//! Messages of `api/services/control/control.proto` and `api/types/worker.proto` of moby/buildkit.

use std::collections::BTreeMap;

/// `moby.buildkit.v1.SolveRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct SolveRequest {
    #[prost(string, tag = "1")]
    pub(crate) reference: String,
    /// What daemons before 0.13 read in place of `exporters`.
    #[prost(string, tag = "3")]
    pub(crate) exporter: String,
    #[prost(btree_map = "string, string", tag = "4")]
    pub(crate) exporter_attributes: BTreeMap<String, String>,
    #[prost(string, tag = "5")]
    pub(crate) session: String,
    #[prost(string, tag = "6")]
    pub(crate) frontend: String,
    #[prost(btree_map = "string, string", tag = "7")]
    pub(crate) frontend_attributes: BTreeMap<String, String>,
    #[prost(message, optional, tag = "8")]
    pub(crate) cache: Option<CacheOptions>,
    #[prost(string, repeated, tag = "9")]
    pub(crate) entitlements: Vec<String>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) exporters: Vec<Exporter>,
}

/// `moby.buildkit.v1.CacheOptions`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct CacheOptions {
    #[prost(message, repeated, tag = "4")]
    pub(crate) exports: Vec<CacheEntry>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) imports: Vec<CacheEntry>,
}

/// `moby.buildkit.v1.CacheOptionsEntry`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct CacheEntry {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(btree_map = "string, string", tag = "2")]
    pub(crate) attributes: BTreeMap<String, String>,
}

/// `moby.buildkit.v1.Exporter`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Exporter {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(btree_map = "string, string", tag = "2")]
    pub(crate) attributes: BTreeMap<String, String>,
}

/// `moby.buildkit.v1.SolveResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct SolveResponse {
    #[prost(btree_map = "string, string", tag = "1")]
    pub(crate) exporter_response: BTreeMap<String, String>,
}

/// `moby.buildkit.v1.StatusRequest`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct StatusRequest {
    #[prost(string, tag = "1")]
    pub(crate) reference: String,
}

/// `moby.buildkit.v1.StatusResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct StatusResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) vertexes: Vec<Vertex>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) statuses: Vec<VertexStatus>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) logs: Vec<VertexLog>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) warnings: Vec<VertexWarning>,
}

/// `moby.buildkit.v1.Vertex`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Vertex {
    #[prost(string, tag = "1")]
    pub(crate) digest: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(bool, tag = "4")]
    pub(crate) cached: bool,
    #[prost(message, optional, tag = "5")]
    pub(crate) started: Option<Timestamp>,
    #[prost(message, optional, tag = "6")]
    pub(crate) completed: Option<Timestamp>,
    #[prost(string, tag = "7")]
    pub(crate) error: String,
}

/// `moby.buildkit.v1.VertexStatus`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct VertexStatus {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) vertex: String,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(int64, tag = "4")]
    pub(crate) current: i64,
    #[prost(int64, tag = "5")]
    pub(crate) total: i64,
    #[prost(message, optional, tag = "8")]
    pub(crate) completed: Option<Timestamp>,
}

/// `moby.buildkit.v1.VertexLog`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct VertexLog {
    #[prost(string, tag = "1")]
    pub(crate) vertex: String,
    #[prost(int64, tag = "3")]
    pub(crate) stream: i64,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) message: Vec<u8>,
}

/// `moby.buildkit.v1.VertexWarning`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct VertexWarning {
    #[prost(string, tag = "1")]
    pub(crate) vertex: String,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) short: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(crate) url: String,
    #[prost(message, repeated, tag = "7")]
    pub(crate) ranges: Vec<super::status::Range>,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Timestamp {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanoseconds: i32,
}

/// `moby.buildkit.v1.ListWorkersRequest`.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct ListWorkersRequest {}

/// `moby.buildkit.v1.ListWorkersResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ListWorkersResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) records: Vec<WorkerRecord>,
}

/// `moby.buildkit.v1.types.WorkerRecord`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct WorkerRecord {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(btree_map = "string, string", tag = "2")]
    pub(crate) labels: BTreeMap<String, String>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) platforms: Vec<PlatformRecord>,
    #[prost(message, optional, tag = "5")]
    pub(crate) version: Option<Version>,
}

/// `pb.Platform` of `solver/pb/ops.proto`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct PlatformRecord {
    #[prost(string, tag = "1")]
    pub(crate) architecture: String,
    #[prost(string, tag = "2")]
    pub(crate) os: String,
    #[prost(string, tag = "3")]
    pub(crate) variant: String,
}

/// `moby.buildkit.v1.types.BuildkitVersion`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Version {
    #[prost(string, tag = "2")]
    pub(crate) version: String,
}
