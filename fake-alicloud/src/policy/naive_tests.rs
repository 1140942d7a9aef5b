//! The same decisions by a second evaluator, which works on the JSON itself, with regular expressions for wildcards, text
//! forms for addresses and a table for dates. What the two agree on over many made-up policies is unlikely to be a slip.

use std::collections::BTreeMap;

use proptest::{prelude::*, sample::select};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::{
    tests::{principal, world},
    *,
};
use crate::{behaviour::AbsentKey, pattern::Pattern};

type Values = BTreeMap<String, Vec<String>>;

// What the policies are made of. The pools are small, so that what is asked is often what is spoken of.

const ACTIONS: &[&str] = &["kms:GetSecretValue", "kms:PutSecretValue", "kms:ListSecrets", "oos:GetParameter"];
const RESOURCES: &[&str] =
    &["acs:kms:cn-hangzhou:1:secret/db/a", "acs:kms:cn-beijing:1:secret/db/b", "acs:kms:cn-hangzhou:1:key/a"];
const TEXTS: &[&str] = &["a", "A", "ab", "b", "", "a*", "äb", "ÄB"];
const NUMBERS: &[&str] = &["-7", "0", "7", "10", "007"];
/// Times with the seconds since the first of them; some are the same time.
const DATES: &[(&str, i64)] = &[
    ("2026-01-01T00:00:00Z", 0),
    ("2026-01-01T08:00:00+08:00", 0),
    ("2026-01-01T00:00:01Z", 1),
    ("2025-12-31T23:30:00-00:30", 0),
    ("2026-06-01T00:00:00Z", 13_046_400),
];
const ADDRESSES: &[&str] = &["10.0.0.1", "10.0.0.9", "192.168.1.1", "2001:db8::1", "2001:db9::1"];
const NETWORKS: &[&str] = &["10.0.0.1", "10.0.0.0/29", "0.0.0.0/0", "192.0.0.0/3", "2001:db8::/32", "::/0"];
const KEYS: &[&str] = &["t:text", "t:number", "t:date", "t:address", "t:bool", "kms:tag/a"];
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "IpAddress",
    "NotIpAddress",
];
const PRINCIPALS: &[&str] = &[
    "acs:ram::1:root",
    "acs:ram::1:*",
    "acs:ram::*:root",
    "acs:ram::1:user/alice",
    "acs:ram::?:user/al*",
    "acs:ram::2:user/*",
    "acs:ram::1:role/reader",
    "acs:ram::2:assumed-role/reader/*",
];

/// A text of the pool, perhaps with wildcards for some of it.
fn pattern(pool: &'static [&'static str]) -> impl Strategy<Value = String> {
    (select(pool), any::<prop::sample::Index>(), 0..5).prop_map(|(text, place, way)| {
        // Behind the product's name, so that it stays a name of the right form.
        let start = text.find(':').map_or(0, |colon| colon + 1);
        let place = start + place.index(text.len() - start);
        match way {
            0 => text.to_owned(),
            1 if text.as_bytes()[place] != b':' => format!("{}?{}", &text[..place], &text[place + 1..]),
            1 | 2 => format!("{}*", &text[..place]),
            3 => format!("{}*{}", &text[..place], &text[place..]),
            _ => "*".to_owned(),
        }
    })
}

fn operand(operator: &str) -> BoxedStrategy<String> {
    let texts = |pool: &'static [&'static str]| select(pool).prop_map(str::to_owned).boxed();
    match operator {
        _ if operator.starts_with("String") => {
            prop_oneof![texts(TEXTS), Just("*b".to_owned()), Just("?".to_owned())].boxed()
        }
        _ if operator.starts_with("Numeric") => texts(NUMBERS),
        _ if operator.starts_with("Date") => select(DATES).prop_map(|(text, _)| text.to_owned()).boxed(),
        "Bool" => texts(&["true", "false"]),
        _ => texts(NETWORKS),
    }
}

fn conditions() -> impl Strategy<Value = Value> {
    let entry = select(OPERATORS).prop_flat_map(|operator| {
        let keys = prop::collection::btree_map(
            select(KEYS).prop_map(str::to_owned),
            prop::collection::vec(operand(operator), 1..3),
            1..3,
        );
        (Just(operator.to_owned()), keys)
    });
    prop::collection::vec(entry, 0..3).prop_map(|entries| {
        let entries: BTreeMap<_, _> = entries.into_iter().collect();
        json!(entries)
    })
}

fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    let actions = prop::collection::vec(pattern(ACTIONS), 1..3);
    let resources = prop::collection::vec(pattern(RESOURCES), 1..3);
    let principals = prop::collection::vec(select(PRINCIPALS), 1..3);
    (prop::bool::weighted(0.7), prop::bool::weighted(0.8), actions, resources, principals, conditions())
        .prop_map(move |(allow, positive, actions, resources, principals, conditions)| {
            let mut statement = Map::new();
            statement.insert("Effect".to_owned(), json!(if allow { "Allow" } else { "Deny" }));
            let element = if positive { "Action" } else { "NotAction" };
            // Upper case, which must not matter.
            let actions: Vec<_> = actions.iter().map(|text| text.to_uppercase()).collect();
            statement.insert(
                element.to_owned(),
                if actions.len() == 1 { json!(actions[0]) } else { json!(actions) },
            );
            statement.insert("Resource".to_owned(), json!(resources));
            statement.insert("Condition".to_owned(), conditions);
            if with_principal {
                statement.insert("Principal".to_owned(), json!({ "RAM": principals }));
            }
            Value::Object(statement)
        })
}

fn document(with_principal: bool) -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(with_principal), 1..4)
        .prop_map(|statements| json!({ "Version": "1", "Statement": statements }))
}

fn values() -> impl Strategy<Value = Values> {
    let value = prop_oneof![
        select(TEXTS).prop_map(str::to_owned),
        select(NUMBERS).prop_map(str::to_owned),
        select(DATES).prop_map(|(text, _)| text.to_owned()),
        select(ADDRESSES).prop_map(str::to_owned),
        select(&["true", "false"][..]).prop_map(str::to_owned),
    ];
    let of_kind = |key: &'static str| match key {
        "t:number" => select(NUMBERS).prop_map(str::to_owned).boxed(),
        "t:date" => select(DATES).prop_map(|(text, _)| text.to_owned()).boxed(),
        "t:address" => select(ADDRESSES).prop_map(str::to_owned).boxed(),
        "t:bool" => select(&["true", "false"][..]).prop_map(str::to_owned).boxed(),
        _ => select(TEXTS).prop_map(str::to_owned).boxed(),
    };
    let entry = select(KEYS).prop_flat_map(move |key| {
        let value = prop_oneof![4 => of_kind(key), 1 => value.clone()];
        (Just(key.to_owned()), prop::collection::vec(value, 1..3))
    });
    prop::collection::vec(entry, 0..6).prop_map(|entries| entries.into_iter().collect())
}

/// An operator with operands, and values of the call that it is about, mostly.
fn comparison() -> impl Strategy<Value = (&'static str, Vec<String>, Vec<String>)> {
    select(OPERATORS).prop_flat_map(|operator| {
        let fitting = if operator.ends_with("IpAddress") {
            select(ADDRESSES).prop_map(str::to_owned).boxed()
        } else {
            operand(operator)
        };
        let value = prop_oneof![9 => fitting, 1 => select(TEXTS).prop_map(str::to_owned)];
        let operands = prop::collection::vec(operand(operator), 1..3);
        (Just(operator), operands, prop::collection::vec(value, 0..3))
    })
}

// The second evaluator.

fn like(pattern: &str, text: &str, flags: &str) -> bool {
    let expression = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("(?{flags}s)^(?:{expression})$")).expect("an expression").is_match(text)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect(),
        other => vec![other.as_str().expect("a text").to_owned()],
    }
}

fn seconds(text: &str) -> Option<i64> {
    DATES.iter().find(|(date, _)| *date == text).map(|(_, seconds)| *seconds)
}

/// The bits of an address as digits.
fn digits(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<std::net::Ipv4Addr>() {
        return Some(format!("{:032b}", address.to_bits()));
    }
    let address = text.parse::<std::net::Ipv6Addr>().ok()?;
    Some(format!("{:0128b}", address.to_bits()))
}

fn within(address: &str, network: &str) -> bool {
    let (base, length) = network.split_once('/').unwrap_or((network, ""));
    let (Some(address), Some(base)) = (digits(address), digits(base)) else { return false };
    let length = length.parse().unwrap_or(base.len());
    address.len() == base.len() && address.starts_with(&base[..length])
}

fn compare(value: Option<i64>, operand: Option<i64>, relation: &str) -> bool {
    let (Some(value), Some(operand)) = (value, operand) else { return false };
    match relation {
        "Equals" => value == operand,
        "LessThan" => value < operand,
        "LessThanEquals" => value <= operand,
        "GreaterThan" => value > operand,
        "GreaterThanEquals" => value >= operand,
        _ => panic!("no relation {relation}"),
    }
}

fn passes(operator: &str, operand: &str, value: &str) -> bool {
    match operator {
        "StringEquals" | "Bool" => value == operand,
        "StringEqualsIgnoreCase" => {
            Regex::new(&format!("(?is)^{}$", regex::escape(operand))).expect("an expression").is_match(value)
        }
        "StringLike" => like(operand, value, ""),
        "IpAddress" => within(value, operand),
        _ => match (operator.strip_prefix("Numeric"), operator.strip_prefix("Date")) {
            (Some(relation), _) => compare(value.parse().ok(), operand.parse().ok(), relation),
            (_, Some(relation)) => compare(seconds(value), seconds(operand), relation),
            _ => panic!("no operator {operator}"),
        },
    }
}

fn applies(statement: &Value, action: &str, resource: &str, values: &Values, absent_key: AbsentKey) -> bool {
    let named = |element: &str, text: &str, flags: &str| {
        texts(&statement[element]).iter().any(|pattern| like(pattern, text, flags))
    };
    let acted = if statement.get("Action").is_some() {
        named("Action", action, "i")
    } else {
        !named("NotAction", action, "i")
    };
    acted && named("Resource", resource, "") && {
        let conditions = statement["Condition"].as_object().expect("an object");
        conditions.iter().all(|(operator, keys)| {
            keys.as_object().expect("an object").iter().all(|(key, operands)| {
                let positive = operator.replace("Not", "");
                match values.get(key) {
                    None => positive != *operator && absent_key == AbsentKey::SatisfiesNegation,
                    Some(values) => {
                        let found = texts(operands)
                            .iter()
                            .any(|operand| values.iter().any(|value| passes(&positive, operand, value)));
                        found == (positive == *operator)
                    }
                }
            })
        })
    }
}

/// Whether the statement speaks to the caller, and then whether by the name of the account only.
fn addressed(statement: &Value, caller: &Principal) -> (bool, bool) {
    let account = format!("acs:ram::{}", caller.account);
    let mut own = vec![caller.arn()];
    if let Identity::AssumedRole(role, _) = &caller.identity {
        own.push(format!("{account}:role/{role}"));
    }
    let (mut by_account, mut in_person) = (false, false);
    for pattern in texts(&statement["Principal"]["RAM"]) {
        match pattern.strip_suffix(":root").or_else(|| pattern.strip_suffix(":*")) {
            Some(beginning) => by_account |= like(beginning, &account, ""),
            None => in_person |= own.iter().any(|arn| like(&pattern, arn, "")),
        }
    }
    (by_account || in_person, in_person)
}

#[derive(Debug)]
struct Case {
    account: &'static str,
    who: &'static str,
    action: &'static str,
    resource: &'static str,
    own: Vec<Value>,
    session: Option<Value>,
    theirs: Option<Value>,
    values: Values,
    absent_key: AbsentKey,
}

impl Case {
    fn naive(&self) -> Result<(), bool> {
        let caller = principal(self.account, self.who);
        let covering = |document: &Value, effect: &str| -> Vec<Value> {
            let statements = document["Statement"].as_array().expect("a list").iter();
            let covering = statements.filter(|one| {
                one["Effect"] == effect
                    && applies(one, self.action, self.resource, &self.values, self.absent_key)
            });
            covering.cloned().collect()
        };
        let any = |documents: &[Value], effect| documents.iter().any(|one| !covering(one, effect).is_empty());
        let session: Vec<_> = self.session.iter().cloned().collect();
        let own: &[Value] = if self.who == "root" { &[] } else { &self.own };
        let theirs = |effect| -> Vec<(bool, bool)> {
            let found = self.theirs.iter().flat_map(|document| covering(document, effect));
            found.map(|one| addressed(&one, &caller)).filter(|(addressed, _)| *addressed).collect()
        };
        if any(&session, "Deny") || any(own, "Deny") || !theirs("Deny").is_empty() {
            return Err(true);
        }
        let own_side = self.who == "root" || any(own, "Allow");
        let invited = theirs("Allow");
        let sides = if self.account == "1" {
            own_side || invited.iter().any(|(_, in_person)| *in_person)
        } else {
            own_side && !invited.is_empty()
        };
        if sides && (session.is_empty() || any(&session, "Allow")) { Ok(()) } else { Err(false) }
    }

    fn decided(&self) -> Result<(), bool> {
        let read = |document: &Value| IdentityPolicy::try_from(document.to_string()).expect("a policy");
        let rights: Vec<_> = self.own.iter().map(read).collect();
        let caller = Caller {
            principal: principal(self.account, self.who),
            session_policy: self.session.as_ref().map(read),
        };
        let theirs = self
            .theirs
            .as_ref()
            .map(|document| ResourcePolicy::try_from(document.to_string()).expect("a policy"));
        let mut context = Context::new(self.absent_key);
        for (key, values) in &self.values {
            context.set_all(key, values.clone());
        }
        let question = Question {
            caller: &caller,
            action: self.action,
            resource: self.resource,
            owner: &"1".parse().expect("an id"),
            resource_policy: theirs.as_ref(),
            context: &context,
        };
        authorize(&world(&rights), &question).map_err(|refusal| refusal.explicit)
    }
}

fn case() -> impl Strategy<Value = Case> {
    let who = (select(&["1", "1", "2"][..]), select(&["root", "alice", "reader", "bob"][..]));
    let asked = (select(ACTIONS), select(RESOURCES));
    let policies = (
        prop::collection::vec(document(false), 0..3),
        prop::option::weighted(0.3, document(false)),
        prop::option::of(document(true)),
    );
    let absent_key = select(&[AbsentKey::SatisfiesNegation, AbsentKey::FailsNegation][..]);
    (who, asked, policies, values(), absent_key).prop_map(
        |((account, who), (action, resource), (own, session, theirs), values, absent_key)| {
            // Bob is gone, and nobody knows what his rights were.
            let own = if who == "bob" { Vec::new() } else { own };
            Case { account, who, action, resource, own, session, theirs, values, absent_key }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn two_evaluators_decide_alike(case in case()) {
        prop_assert_eq!(case.decided(), case.naive());
    }

    #[test]
    fn two_evaluators_compare_alike((operator, operands, found) in comparison()) {
        let statement = json!({
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*",
            "Condition": { operator: { "t:key": operands } },
        });
        let text = json!({ "Version": "1", "Statement": [statement.clone()] }).to_string();
        let policy = IdentityPolicy::try_from(text).expect("a policy");
        let values: Values = [("t:key".to_owned(), found)].into_iter().filter(|(_, found)| !found.is_empty()).collect();
        for absent_key in [AbsentKey::SatisfiesNegation, AbsentKey::FailsNegation] {
            let mut context = Context::new(absent_key);
            for (key, values) in &values {
                context.set_all(key, values.clone());
            }
            let allowed = policy.verdict("a:b", "acs:a:b:c:d", &context) == Verdict::Allowed;
            prop_assert_eq!(allowed, applies(&statement, "a:b", "acs:a:b:c:d", &values, absent_key));
        }
    }

    #[test]
    fn the_wildcards_are_those_of_the_regular_expressions(pattern in "[ab?*]{0,8}", text in "[ab*?]{0,10}") {
        prop_assert_eq!(Pattern::new(&pattern).matches(&text), like(&pattern, &text, ""));
    }
}
