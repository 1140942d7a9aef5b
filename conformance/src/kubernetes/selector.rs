//! Which objects of a kind a client wants: selectors by label and by field.

use serde_json::Value;

use super::resource::Resource;
use super::status::Refusal;

/// Every condition must hold.
#[derive(Debug, Default)]
pub(super) struct Selector(Vec<Condition>);

#[derive(Debug)]
struct Condition {
    subject: Subject,
    test: Test,
}

#[derive(Debug)]
enum Subject {
    Label(String),
    /// A path of names.
    Field(Vec<String>),
}

#[derive(Debug)]
enum Test {
    In(Vec<String>),
    /// Absent labels pass, as in Kubernetes.
    NotIn(Vec<String>),
    Present,
    Absent,
}

impl Selector {
    /// Reads both forms; fields must be those that the API indexes.
    pub(super) fn new(resource: &Resource, labels: &str, fields: &str) -> Result<Self, Refusal> {
        let mut conditions = Vec::new();
        for text in parts(labels) {
            conditions.push(label_condition(text).ok_or_else(|| {
                Refusal::bad_request(format!(
                    "unable to parse requirement: {text:?} is no condition on a label"
                ))
            })?);
        }
        for text in parts(fields) {
            let (field, test) = equality(text).ok_or_else(|| {
                Refusal::bad_request(format!("invalid selector: {fields:?}; can't understand {text:?}"))
            })?;
            if !is_selectable(resource, field) {
                return Err(Refusal::bad_request(format!("field label not supported: {field}")));
            }
            let path = field.split('.').map(str::to_owned).collect();
            conditions.push(Condition { subject: Subject::Field(path), test });
        }
        Ok(Self(conditions))
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|Condition { subject, test }| {
            let found = match subject {
                Subject::Label(key) => object["metadata"]["labels"].get(key).and_then(Value::as_str),
                // An absent field is an empty one.
                Subject::Field(path) => {
                    let value = path.iter().try_fold(object, |value, name| value.get(name));
                    Some(value.and_then(Value::as_str).unwrap_or_default())
                }
            };
            let is_among = |values: &[String]| found.is_some_and(|found| values.iter().any(|v| v == found));
            match test {
                Test::In(values) => is_among(values),
                Test::NotIn(values) => !is_among(values),
                Test::Present => found.is_some(),
                Test::Absent => found.is_none(),
            }
        })
    }
}

fn is_selectable(resource: &Resource, field: &str) -> bool {
    let own: &[&str] = match (&*resource.group, &*resource.plural) {
        ("", "events") => &[
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.uid",
            "reason",
            "type",
        ],
        ("", "namespaces") => &["status.phase"],
        ("", "pods") => &["spec.nodeName", "spec.serviceAccountName", "status.phase"],
        ("", "secrets") => &["type"],
        _ => &[],
    };
    let is_name = field == "metadata.name" || (field == "metadata.namespace" && resource.is_namespaced);
    is_name || own.contains(&field)
}

/// The parts between the commas outside of parentheses.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

fn label_condition(text: &str) -> Option<Condition> {
    let of = |key: &str, rule| Some(Condition { subject: Subject::Label(key.trim().to_owned()), test: rule });
    if let Some((head, values)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        let values = values.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, operator) = head.trim().rsplit_once(' ')?;
        return match operator {
            "in" => of(key, Test::In(values)),
            "notin" => of(key, Test::NotIn(values)),
            _ => None,
        };
    }
    if let Some((key, rule)) = equality(text) {
        return of(key, rule);
    }
    let (key, rule) = text.strip_prefix('!').map_or((text, Test::Present), |key| (key, Test::Absent));
    let is_name = key.trim().chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if is_name { of(key, rule) } else { None }
}

fn equality(text: &str) -> Option<(&str, Test)> {
    let rule = |value: &str, is_equal| {
        let values = vec![value.trim().to_owned()];
        if is_equal { Test::In(values) } else { Test::NotIn(values) }
    };
    let (key, value) = text.split_once('=')?;
    let (key, is_equal) = key.strip_suffix('!').map_or((key, true), |key| (key, false));
    Some((key.trim(), rule(value.strip_prefix('=').unwrap_or(value), is_equal)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn secrets() -> Resource {
        Resource::built_in().into_iter().find(|resource| resource.plural == "secrets").unwrap()
    }

    #[rstest]
    #[case("app=web", "", true)]
    #[case("app==web,tier!=back", "", true)]
    #[case("app in (api, web),tier notin (back)", "", true)]
    #[case("app,!tier", "", true)]
    #[case("app!=web", "", false)]
    #[case("app notin (api,web)", "", false)]
    #[case("tier", "", false)]
    #[case("", "metadata.name=a,type=Opaque", true)]
    #[case("app=web", "type!=Opaque", false)]
    fn an_object_is_selected_when_every_condition_holds(
        #[case] labels: &str,
        #[case] fields: &str,
        #[case] expected: bool,
    ) {
        let object = json!({ "metadata": { "name": "a", "labels": { "app": "web" } }, "type": "Opaque" });

        let selector = Selector::new(&secrets(), labels, fields).unwrap();

        assert_eq!(selector.matches(&object), expected);
    }

    #[rstest]
    #[case("app in web", "")]
    #[case("", "data.key=a")]
    #[case("", "metadata.name")]
    fn what_the_api_cannot_select_is_a_bad_request(#[case] labels: &str, #[case] fields: &str) {
        let refusal = Selector::new(&secrets(), labels, fields).unwrap_err();

        assert_eq!(refusal.status, 400);
    }
}
