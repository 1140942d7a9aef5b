use std::time::{Duration, Instant};

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const DATABASE: &str = r#"{
    "username": "testuser", "password": "test\"pass\nword", "empty": "", "nothing": null, "is_on": true,
    "credentials": {"username": "nested", "zeta": 1, "alpha": [1.10, 1e400, 12345678901234567890]},
    "a-b c": "odd", "ports": [5432, 5433], "none": [],
    "hosts": [{"name": "b", "port": 2, "main": false}, {"name": "a", "port": 1, "main": true}]
}"#;

fn search(expression: &str, document: &str) -> Result<String, String> {
    let expression = Expression::parse(expression).map_err(|error| error.to_string())?;
    let document = Document::parse(document.as_bytes()).map_err(|error| error.to_string())?;
    let found = expression.search(&document).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(found.expose().clone()).unwrap())
}

#[rstest]
#[case::key("username", "testuser")]
#[case::text_as_it_is("password", "test\"pass\nword")]
#[case::empty_text("empty", "")]
#[case::nested("credentials.username", "nested")]
#[case::quoted("\"a-b c\"", "odd")]
#[case::index("ports[0]", "5432")]
#[case::from_the_end("ports[-1]", "5433")]
#[case::boolean("is_on", "true")]
#[case::order_and_digits_as_written(
    "credentials",
    r#"{"username":"nested","zeta":1,"alpha":[1.10,1e400,12345678901234567890]}"#
)]
#[case::digits_as_written("credentials.alpha[0]", "1.10")]
#[case::array("ports", "[5432,5433]")]
#[case::empty_array("none", "[]")]
#[case::projection("hosts[*].name", r#"["b","a"]"#)]
#[case::filter("hosts[?main].name | [0]", "a")]
#[case::filter_by_value("hosts[?name=='b'].port | [0]", "2")]
#[case::slice("ports[::-1]", "[5433,5432]")]
#[case::values("hosts[0].*", r#"["b",2,false]"#)]
#[case::flatten("[ports, hosts[].port][]", "[5432,5433,2,1]")]
#[case::alternative("nothing || username", "testuser")]
#[case::both("is_on && username", "testuser")]
#[case::not("!is_on", "false")]
#[case::multi_select_list("[username, is_on]", r#"["testuser",true]"#)]
#[case::multi_select_hash("{u: username, p: ports[0]}", r#"{"u":"testuser","p":5432}"#)]
#[case::whole_text_escaped("{p: password}", r#"{"p":"test\"pass\nword"}"#)]
#[case::template("join(':', [username, to_string(ports[0])])", "testuser:5432")]
#[case::sort_by("sort_by(hosts, &port)[*].name", r#"["a","b"]"#)]
#[case::max_by("max_by(hosts, &port).name", "b")]
#[case::map("map(&name, hosts)", r#"["b","a"]"#)]
#[case::merge("merge(hosts[0], {port: `3`})", r#"{"name":"b","port":3,"main":false}"#)]
#[case::keys("keys(credentials)", r#"["username","zeta","alpha"]"#)]
#[case::sum("sum(ports)", "10865")]
#[case::average("avg([`1`, `2`])", "1.5")]
#[case::count("length(hosts)", "2")]
#[case::parsed("to_number('1.50')", "1.50")]
#[case::kind("type(ports)", "array")]
#[case::root("@.username", "testuser")]
fn what_users_write_is_found(#[case] expression: &str, #[case] expected: &str) {
    assert_eq!(search(expression, DATABASE).unwrap(), expected);
}

#[rstest]
#[case::absent(
    "pasword",
    "the expression finds nothing or null; the secret has the shape {\"username\": string, "
)]
#[case::average_of_nothing("avg(none)", "finds nothing or null")]
#[case::null("nothing", "finds nothing or null")]
#[case::through_a_text("username.first", "finds nothing or null")]
#[case::wrong_type("sum(hosts)", "sum() takes an array of numbers, found array (argument 1)")]
#[case::wrong_item("join(',', ports)", "join() takes an array of strings, found array (argument 2)")]
#[case::mixed_keys(
    "sort_by([`1`, 'a'], &@)",
    "takes only strings or only numbers, found string (argument 2)"
)]
#[case::digits_lost(
    "sum(credentials.alpha)",
    "sum() would alter a number that has more digits than floating point holds"
)]
#[case::empty(" ", "it is empty; expected such as credentials.username")]
#[case::double_dot("credentials..username", "at character 13, \".username\"")]
#[case::unfinished("credentials.", "at character 13, its end")]
#[case::unclosed("hosts[0", "expected ':', or ']', at character 8, its end")]
#[case::open_quote("'abc", "a quote is not closed, at character 1, \"'abc\"")]
#[case::hyphen("a-b", "'-' must be followed by numbers 1-9, at character 2, \"-b\"")]
#[case::dollar(
    "$.username",
    "this character has no meaning; a name with it needs double quotes, at character 1"
)]
#[case::two("a b", "the expression should end here, at character 3, \"b\"")]
#[case::function("lenght(@)", "\"lenght\" is no function; did you mean length?")]
#[case::no_function("upper(@)", "\"upper\" is no function; the functions are abs, avg, ceil")]
#[case::arity("join(@)", "join() takes 2 arguments, found 1")]
#[case::no_reference("sort_by(hosts, port)", "argument 2 of sort_by() must be an expression such as &name")]
#[case::misplaced("&username", "'&' belongs only into the arguments of map()")]
#[case::zero_step("ports[::0]", "a slice with step 0 selects nothing")]
fn mistakes_are_explained(#[case] expression: &str, #[case] expected: &str) {
    let message = search(expression, DATABASE).unwrap_err();
    assert!(message.contains(expected), "{message}");
}

#[rstest]
#[case::text("hunter2", "the secret is no JSON (line 1, column 1 of its 7 bytes)")]
#[case::cut("{\"a\":\n\"hunter2", "the secret is no JSON (line 2, column 8 of its 14 bytes)")]
#[case::two("{} hunter2", "the secret is no JSON")]
#[case::half_a_pair(r#"{"a":"\ud800 hunter2"}"#, "a \\u escape that stands for no character")]
#[case::nothing("", "the secret is no JSON")]
fn a_secret_that_is_no_json_says_where(#[case] document: &str, #[case] expected: &str) {
    let message = search("a", document).unwrap_err();
    assert!(message.contains(expected) && !message.contains("hunter2"), "{message}");
}

#[test]
fn a_shape_shows_keys_and_types_and_is_bounded() {
    let document = Document::parse(DATABASE.as_bytes()).unwrap();
    insta::assert_snapshot!(document, @r#"{"username": string, "password": string, "empty": string, "nothing": null, "is_on": boolean, "credentials": {"username": string, "zeta": number, "alpha": [number, … (3 items)]}, "a-b c": string, "ports": [number, … (2 items)], "none": [], "hosts": [{"name": string, "port": number, "main": boolean}, … (2 items)]}"#);
    let many: serde_json::Map<_, _> = (0..5000).map(|key| (key.to_string(), serde_json::json!({}))).collect();
    let document = Document::parse(serde_json::Value::from(many).to_string().as_bytes()).unwrap();
    assert!(document.to_string().len() < 300, "{document}");
}

#[test]
fn of_repeated_keys_the_last_counts() {
    assert_eq!(search("@", r#"{"a":1,"b":2,"a":3}"#).unwrap(), r#"{"a":3,"b":2}"#);
}

#[test]
fn a_short_expression_cannot_grow_a_document() {
    let bomb = format!("{}@", "[@,@,@,@,@,@,@]|".repeat(9));
    assert_eq!(bomb.len(), 145);
    let message = search(&bomb, DATABASE).unwrap_err();
    assert!(message.contains("takes too many steps"), "{message}");
}

#[rstest]
#[case::texts(format!("{}@", "[@,@] | [*].to_string(@) | ".repeat(30)))]
#[case::joins(format!("to_string(@){}", " | join(@, ['','','','','',''])".repeat(30)))]
#[case::comparison(format!("{} == {0}", "[@,@]|".repeat(30).trim_end_matches('|')))]
#[case::projections(format!("[*].[{}]", "$[*],".repeat(3)).replace('$', "map(&map(&map(&map(&@, [1,2,3]), @), @), @)"))]
#[case::sorts(format!("[{}@]", "sort(map(&to_string(@), @)),".repeat(50)))]
#[case::merges(format!("{}@", "{a: @, b: @, c: @} | ".repeat(60)))]
#[case::flattened(format!("{}@", "[@,@][] | ".repeat(60)))]
fn whatever_multiplies_ends_soon(#[case] expression: String) {
    let items: Vec<_> = (0..2_000).map(|number| number.to_string()).collect();
    let document = format!("[{}]", items.join(","));
    let started = Instant::now();
    // Some of them are refused earlier, as too deep; none may take long.
    let outcome = search(&expression, &document);
    assert!(outcome.is_err(), "{expression}");
    assert!(started.elapsed() < Duration::from_secs(2), "{expression}: {:?}", started.elapsed());
}

#[rstest]
#[case("(", ")")]
#[case("[", "]")]
#[case("{a:", "}")]
#[case("!", "")]
#[case("&", "")]
#[case("[*]", "")]
#[case("[0]", "")]
#[case("*.", "")]
#[case("a.", "")]
#[case("@|", "")]
#[case("a||", "")]
#[case("a[?", "]")]
#[case("abs(", ")")]
#[case("[:]", "")]
#[case("[]", "")]
#[case("'\\'(', ", "")]
fn depth_is_bounded_before_the_stack_is(#[case] open: &str, #[case] close: &str) {
    for levels in [100, 700, 2_000, 1_000_000] {
        let text = format!("{}a{}", open.repeat(levels), close.repeat(levels));
        // Two megabytes, as a thread of the server has.
        let refusal = Expression::parse(&text).unwrap_err().to_string();
        assert!(refusal.len() < 600, "{refusal}");
    }
}

#[rstest]
#[case("[", "]")]
#[case("{\"a\":", "}")]
fn the_depth_of_documents_is_bounded(#[case] open: &str, #[case] close: &str) {
    let nested = |levels| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    assert!(Document::parse(nested(64).as_bytes()).is_ok());
    assert!(matches!(Document::parse(nested(65).as_bytes()), Err(DocumentError::TooDeep)));
    assert!(matches!(Document::parse(nested(10_000).as_bytes()), Err(DocumentError::TooDeep)));
    assert!(matches!(Document::parse(&vec![b'['; 1_000_000]), Err(DocumentError::TooLarge { .. })));
}

/// JSON whose every value is marked, so that it is recognised in a message.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-99_i32..99).prop_map(Into::into),
        "hunter2[a-c\"\\\\\u{1}密]{0,3}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::btree_map("[a-d]", inner, 0..5)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Expressions of the grammar over the keys that documents have.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => "[a-d]",
        1 => Just("@".to_owned()),
        1 => Just("`1`".to_owned()),
        1 => Just("'hunter2a'".to_owned()),
        1 => Just("[*]".to_owned()),
        1 => Just("*".to_owned()),
        1 => Just("[]".to_owned()),
        1 => (-2..3).prop_map(|index| format!("[{index}]")),
        1 => (-3..4, -3..4, 1..3).prop_map(|(start, stop, step)| format!("[{start}:{stop}:{step}]")),
        1 => (-3..4).prop_map(|start| format!("[{start}::-1]")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let one = inner.clone();
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (
                two.clone(),
                prop::sample::select(vec![" | ", " || ", " && ", ".", " == ", " != ", " < ", " >= "])
            )
                .prop_map(|((left, right), operator)| format!("{left}{operator}{right}")),
            two.clone().prop_map(|(left, right)| format!("[{left}, {right}]")),
            two.clone().prop_map(|(left, right)| format!("{{a: {left}, x: {right}}}")),
            two.clone().prop_map(|(left, right)| format!("{left}[?{right}]")),
            one.clone().prop_map(|inner| format!("({inner})")),
            one.clone().prop_map(|inner| format!("!{inner}")),
            one.clone().prop_map(|inner| format!("{inner}[*].a")),
            (
                one,
                prop::sample::select(vec![
                    "abs",
                    "ceil",
                    "floor",
                    "keys",
                    "length",
                    "max",
                    "min",
                    "not_null",
                    "reverse",
                    "sort",
                    "sum",
                    "to_array",
                    "to_number",
                    "to_string",
                    "type",
                    "values",
                    "merge",
                ])
            )
                .prop_map(|(inner, name)| format!("{name}({inner})")),
            (two.clone(), prop::sample::select(vec!["contains", "ends_with", "join", "starts_with"]))
                .prop_map(|((left, right), name)| format!("{name}({left}, {right})")),
            (two.clone(), prop::sample::select(vec!["max_by", "min_by", "sort_by"]))
                .prop_map(|((left, right), name)| format!("{name}({left}, &{right})")),
            two.prop_map(|(left, right)| format!("map(&{left}, {right})")),
        ]
    })
}

/// What the crate's own interpreter finds. Left out of [`expression`] is what it does differently on purpose of ours: it
/// sorts keys, and refuses the average of nothing.
fn oracle(expression: &str, document: &serde_json::Value) -> Option<String> {
    let found = jmespath::compile(expression).ok()?.search(document).ok()?;
    (!found.is_null()).then(|| found.as_string().cloned().unwrap_or_else(|| found.to_string()))
}

/// Equal as JSON; numbers by value, since ours writes `3` where the crate writes `3.0`.
fn same(one: &str, other: &str) -> bool {
    fn normal(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Number(number) => number.as_f64().into(),
            serde_json::Value::Array(items) => items.into_iter().map(normal).collect(),
            serde_json::Value::Object(entries) => entries
                .into_iter()
                .map(|(key, value)| (key, normal(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }
    let parse = |text: &str| serde_json::from_str(text).ok().map(normal);
    one == other || parse(one).is_some_and(|one| Some(one) == parse(other))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_crates_own_interpreter_finds_the_same(document in json(), expression in expression()) {
        let text = document.to_string();
        let ours = search(&expression, &text).ok();
        let theirs = oracle(&expression, &document);
        let agree = match (&ours, &theirs) {
            (Some(ours), Some(theirs)) => same(ours, theirs),
            (None, None) => true,
            _ => false,
        };
        prop_assert!(agree, "{expression} in {text}: {ours:?}, the crate {theirs:?}");
    }

    #[test]
    fn no_value_is_in_any_error(document in json(), expression in expression()) {
        // A literal of the expression is the author's own text.
        let expression = expression.replace("hunter2a", "a");
        if let Err(message) = search(&expression, &document.to_string()) {
            prop_assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn any_text_is_an_expression_or_an_error(text in r#"[a-b@*.\[\](){}|&!?:,'"`\\<>=0-9 -]{0,40}"#) {
        if let Ok(expression) = Expression::parse(&text) {
            let document = Document::parse(DATABASE.as_bytes()).unwrap();
            let _ = expression.search(&document);
        }
    }
}
