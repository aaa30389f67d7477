//! What a failed call carries: `google/rpc/status.proto`, and of moby/buildkit `solver/errdefs/errdefs.proto` with `solver/pb/ops.proto`.

use serde::Deserialize;

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct RpcStatus {
    #[prost(message, repeated, tag = "3")]
    pub(crate) details: Vec<Any>,
}

/// `google.protobuf.Any`. Daemons before 0.20 put JSON into it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
}

/// `errdefs.Source`: which lines an error is about.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub(crate) struct Source {
    #[prost(message, optional, tag = "1")]
    pub(crate) info: Option<SourceInfo>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) ranges: Vec<Range>,
}

/// `pb.SourceInfo`.
#[derive(Clone, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub(crate) struct SourceInfo {
    #[prost(string, tag = "1")]
    pub(crate) filename: String,
}

/// `pb.Range`.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub(crate) struct Range {
    #[prost(message, optional, tag = "1")]
    pub(crate) start: Option<Position>,
    #[prost(message, optional, tag = "2")]
    pub(crate) end: Option<Position>,
}

/// `pb.Position`. Lines count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, prost::Message)]
#[serde(default)]
pub(crate) struct Position {
    #[prost(int32, tag = "1")]
    pub(crate) line: i32,
}
