//! HTTPS: certificates made on first use, by the name that the client asks for. Knows no HTTP.
//!
//! Clients need the authority's certificate ([`Authority::ca_pem`]), and that of an instance for its dedicated gateway.

mod authority;
mod name;

pub(crate) use self::authority::Authority;
