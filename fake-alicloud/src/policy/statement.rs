//! Statements: what is allowed or denied, and when that counts.

use super::{
    Context,
    condition::Condition,
    principal::Named,
    text::{Effect, PrincipalText, StatementText, Texts},
};
use crate::pattern::Pattern;

/// What is done, to what, under which conditions, without whom it is said to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    pub(super) actions: Actions,
    pub(super) resources: Resources,
    conditions: Vec<Condition>,
}

/// The operations that a statement speaks of, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Actions {
    These(Vec<Pattern>),
    AllBut(Vec<Pattern>),
}

/// The resources that a statement speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resources {
    These(Vec<Pattern>),
    /// That which has the policy.
    Itself,
}

/// A statement that says to whom it speaks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Addressed {
    pub(super) sid: String,
    pub(super) principals: Vec<Named>,
    pub(super) statement: Statement,
}

impl Statement {
    /// Whether it speaks of that call.
    pub(super) fn covers(&self, action: &str, resource: &str, context: &Context) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.cover(&action)
            && self.resources.cover(resource)
            && self.conditions.iter().all(|condition| condition.holds(context))
    }

    /// Reads all but the principal. Whether there is a resource the caller has made sure of.
    fn read(text: StatementText) -> Result<Self, String> {
        let actions = match (text.action, text.not_action) {
            (Some(texts), None) => Actions::These(actions("Action", texts)?),
            (None, Some(texts)) => Actions::AllBut(actions("NotAction", texts)?),
            (None, None) => return Err("needs Action or NotAction".to_owned()),
            (Some(_), Some(_)) => return Err("has Action and NotAction, of which it takes one".to_owned()),
        };
        let resources = text.resource.map_or(Ok(Resources::Itself), resources)?;
        let mut conditions = Vec::new();
        for (operator, entries) in text.condition.0 {
            if entries.0.is_empty() {
                return Err(format!("Condition {operator}: there is no key"));
            }
            for (key, Texts(operands)) in entries.0 {
                let condition = Condition::read(&operator, &key, &operands);
                conditions
                    .push(condition.map_err(|problem| format!("Condition {operator} {key}: {problem}"))?);
            }
        }
        Ok(Self { effect: text.effect, actions, resources, conditions })
    }

    /// One of a policy that an identity or a session has.
    pub(super) fn of_identity(text: StatementText) -> Result<Self, String> {
        if text.principal.is_some() {
            return Err("has a Principal, which only policies of resources and roles have".to_owned());
        }
        if text.resource.is_none() {
            return Err("needs Resource".to_owned());
        }
        Self::read(text)
    }
}

impl Addressed {
    /// One of a policy that a resource has.
    pub(super) fn of_resource(text: StatementText) -> Result<Self, String> {
        if text.resource.is_none() {
            return Err("needs Resource".to_owned());
        }
        Self::read(text)
    }

    /// One of a policy that says who may become a role.
    pub(super) fn of_trust(text: StatementText) -> Result<Self, String> {
        if text.resource.is_some() {
            return Err("has a Resource, which is the role that has the policy: leave it out".to_owned());
        }
        Self::read(text)
    }

    fn read(mut text: StatementText) -> Result<Self, String> {
        let sid = text.sid.take().unwrap_or_default();
        let principal = text.principal.take().ok_or("needs Principal")?;
        let principals = principals(&principal).map_err(|problem| format!("Principal: {problem}"))?;
        Ok(Self { sid, principals, statement: Statement::read(text)? })
    }
}

impl Actions {
    fn cover(&self, action: &str) -> bool {
        let among = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(action));
        match self {
            Self::These(patterns) => among(patterns),
            Self::AllBut(patterns) => !among(patterns),
        }
    }

    pub(super) fn patterns(&self) -> &[Pattern] {
        match self {
            Self::These(patterns) | Self::AllBut(patterns) => patterns,
        }
    }
}

impl Resources {
    fn cover(&self, resource: &str) -> bool {
        match self {
            Self::Itself => true,
            Self::These(patterns) => patterns.iter().any(|pattern| pattern.matches(resource)),
        }
    }
}

/// `*`, or a service and an operation, each with or without wildcards.
fn actions(element: &str, Texts(texts): Texts) -> Result<Vec<Pattern>, String> {
    if texts.is_empty() {
        return Err(format!("{element}: the list is empty"));
    }
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*?-_".contains(&byte))
    };
    let read = |text: &String| {
        let is_action = text == "*"
            || text.split_once(':').is_some_and(|(service, operation)| word(service) && word(operation));
        if is_action {
            Ok(Pattern::new(&text.to_ascii_lowercase()))
        } else {
            Err(format!("{element}: {text:?} is not of the form <service>:<Operation>"))
        }
    };
    texts.iter().map(read).collect()
}

/// `*`, or the five parts of a resource's name, each with or without wildcards. Since `*` crosses colons, a last one may
/// stand for several parts.
fn resources(Texts(texts): Texts) -> Result<Resources, String> {
    if texts.is_empty() {
        return Err("Resource: the list is empty".to_owned());
    }
    let read = |text: &String| {
        let is_resource = text == "*"
            || text.starts_with("acs:") && (text.ends_with('*') || text.matches(':').count() >= 4);
        if is_resource {
            Ok(Pattern::new(text))
        } else {
            Err(format!("Resource: {text:?} is not of the form acs:<service>:<region>:<account>:<resource>"))
        }
    };
    texts.iter().map(read).collect::<Result<_, _>>().map(Resources::These)
}

fn principals(text: &PrincipalText) -> Result<Vec<Named>, String> {
    let ram = text.ram.0.iter().map(|text| Named::read_ram(text));
    let service = text.service.0.iter().map(|text| Named::read_service(text));
    let federated = text.federated.0.iter().map(|text| Named::read_federated(text));
    let named: Vec<_> = ram.chain(service).chain(federated).collect::<Result<_, _>>()?;
    if named.is_empty() {
        Err("names nobody: it takes RAM, Service or Federated".to_owned())
    } else {
        Ok(named)
    }
}
