//! MCP over Streamable HTTP, stateless in every revision: any replica answers any request. `listen` has the
//! connections, `gate` what is refused before a message is read, `exchange` one message and its answer. Who may call is
//! decided by a `Door`, which the caller of `serve` brings.

mod address;
mod body;
mod door;
mod exchange;
mod gate;
mod listen;
mod metrics;
mod product;
mod reply;
mod shared;
mod slots;

pub use address::IpRange;
pub use door::{Admitted, Door, Mask, Refused, Wish};
pub use gate::{Names, Origins};
pub use listen::serve;
pub use metrics::Metrics;
pub use product::{Seal, Servers};
pub use shared::Settings;

use bytes::Bytes;
use http::Response;
use http_body_util::combinators::BoxBody;

/// A body that leaves.
pub(super) type Body = BoxBody<Bytes, std::convert::Infallible>;
/// An answer that leaves.
pub(super) type Reply = Response<Body>;
