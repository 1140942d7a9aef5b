//! What the metadata service says.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header::CONTENT_TYPE};
use hyper::body::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::{
    HttpEndpoint, HttpTokens,
    path::{Item, Place, within_latest},
};
use crate::{
    clock::wire_time,
    state::{State, ecs::Ecs},
};

const LIFE_HEADER: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";
pub(super) const TOKEN_HEADER: &str = "x-aliyun-ecs-metadata-token";
const FORWARDED_HEADER: &str = "x-forwarded-for";

/// A text and its type, or the status of the page that says why not.
pub(super) type Said = Result<(String, &'static str), StatusCode>;

const TEXT: &str = "text/plain";
const JSON: &str = "application/json";

/// Answers one request.
pub(super) fn answer(
    state: &mut State,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
    now: Timestamp,
) -> Said {
    let place = within_latest(path).and_then(Place::read);
    let instance = state.ecs.as_ref().ok_or(StatusCode::NOT_FOUND)?;
    if instance.described().http_endpoint == HttpEndpoint::Disabled {
        return Err(StatusCode::NOT_FOUND);
    }
    if place == Some(Place::Token) {
        return issue(instance, method, headers, now);
    }
    check_token(instance, headers, now)?;
    let place = place.ok_or(StatusCode::NOT_FOUND)?;
    if *method != place.method() {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    let line = |text: &str| Ok((text.to_owned(), TEXT));
    match place {
        Place::Token => Err(StatusCode::METHOD_NOT_ALLOWED),
        Place::Listing(names) => Ok((names.join("\n"), TEXT)),
        Place::Item(item) => Ok((value(instance, item), TEXT)),
        Place::RoleName => line(instance.role().ok_or(StatusCode::NOT_FOUND)?.name.as_ref()),
        Place::RoleCredentials(role) => credentials(state, role, now).ok_or(StatusCode::NOT_FOUND),
        Place::IdentityDocument => Ok((document(instance), JSON)),
        Place::UserData => line(instance.described().user_data.as_deref().ok_or(StatusCode::NOT_FOUND)?),
    }
}

fn issue(instance: &Ecs, method: &Method, headers: &HeaderMap, now: Timestamp) -> Said {
    if *method != Place::Token.method() {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    if headers.contains_key(FORWARDED_HEADER) {
        return Err(StatusCode::FORBIDDEN);
    }
    let life = headers.get(LIFE_HEADER).and_then(|life| life.to_str().ok()).ok_or(StatusCode::BAD_REQUEST)?;
    let token = instance.token_key().issue(life.trim(), now).ok_or(StatusCode::BAD_REQUEST)?;
    Ok((token, TEXT))
}

/// A token that is shown must hold, also where none is needed.
fn check_token(instance: &Ecs, headers: &HeaderMap, now: Timestamp) -> Result<(), StatusCode> {
    let token = headers.get(TOKEN_HEADER);
    let is_needed = instance.described().http_tokens == HttpTokens::Required;
    if token.is_none() && !is_needed {
        return Ok(());
    }
    let holds = token
        .and_then(|token| token.to_str().ok())
        .is_some_and(|token| instance.token_key().accepts(token.trim(), now));
    if holds && !headers.contains_key(FORWARDED_HEADER) { Ok(()) } else { Err(StatusCode::FORBIDDEN) }
}

fn value(instance: &Ecs, item: Item) -> String {
    let described = instance.described();
    match item {
        Item::Hostname => described.hostname.clone().unwrap_or_default(),
        Item::ImageId => described.image_id.clone(),
        Item::InstanceId => described.instance_id.clone(),
        Item::InstanceType => described.instance_type.clone(),
        Item::Mac => described.mac.clone(),
        Item::OwnerAccountId => described.account.clone(),
        Item::PrivateIpv4 => described.private_ipv4.to_string(),
        Item::RegionId => described.region.clone().unwrap_or_default(),
        Item::SerialNumber => described.serial_number.clone(),
        Item::VSwitchId => described.v_switch_id.clone(),
        Item::VpcId => described.vpc_id.clone(),
        Item::ZoneId => described.zone.clone().unwrap_or_default(),
    }
}

fn document(instance: &Ecs) -> String {
    json!({
        "zone-id": value(instance, Item::ZoneId),
        "serial-number": value(instance, Item::SerialNumber),
        "instance-id": value(instance, Item::InstanceId),
        "region-id": value(instance, Item::RegionId),
        "private-ipv4": value(instance, Item::PrivateIpv4),
        "owner-account-id": value(instance, Item::OwnerAccountId),
        "mac": value(instance, Item::Mac),
        "image-id": value(instance, Item::ImageId),
        "instance-type": value(instance, Item::InstanceType),
    })
    .to_string()
}

/// The credentials of the role, if that is the one it has and the role can be had.
fn credentials(state: &mut State, role: &str, now: Timestamp) -> Option<(String, &'static str)> {
    state.ecs.as_ref()?.role().filter(|arn| arn.name.as_ref() == role)?;
    let given = state.ecs_credentials(now)?;
    let text = json!({
        "Code": "Success",
        "AccessKeyId": given.issued.access_key_id.as_ref(),
        "AccessKeySecret": given.issued.secret.expose(),
        "SecurityToken": given.issued.security_token.expose(),
        "Expiration": wire_time(given.issued.expires),
        "LastUpdated": wire_time(given.updated),
    });
    Some((text.to_string(), JSON))
}

/// The answer as it goes over the wire.
pub(super) fn response(said: &Said) -> Response<Bytes> {
    let (status, body, content_type) = match said {
        Ok((text, content_type)) => (StatusCode::OK, text.clone(), *content_type),
        Err(status) => (*status, format!("<html><head><title>{status}</title></head></html>\n"), "text/html"),
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The headers that the journal tells of; the token itself is withheld.
pub(super) fn telling(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    let text = |name: &str| Some(headers.get(name)?.to_str().unwrap_or_default().to_owned());
    [
        (TOKEN_HEADER, headers.get(TOKEN_HEADER).map(|_| crate::journal::WITHHELD.to_owned())),
        (LIFE_HEADER, text(LIFE_HEADER)),
        (FORWARDED_HEADER, text(FORWARDED_HEADER)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
}
