use std::borrow::Cow;

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::cache::claims::Claims;
use crate::endpoint::samples::endpoint;

const ORIGIN: Origin = Origin { system_identifier: 1, timeline: 1, epoch: 1 };

fn viewpoint() -> Viewpoint {
    Viewpoint { database: "rota".to_owned(), role: "web".to_owned(), generation: 1 }
}

fn key(arguments: &Arguments<'_>) -> Key {
    Key::of(ORIGIN, &viewpoint(), &endpoint("GET", "/api/a", &[]), arguments)
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        (-2i16..3).prop_map(Value::SmallInteger),
        (-2i32..3).prop_map(Value::Integer),
        (-2i64..3).prop_map(Value::BigInteger),
        (-2i16..3).prop_map(|number| Value::Double(f64::from(number))),
        "[a-b/0]{0,3}".prop_map(|text| Value::Text(Cow::Owned(text))),
        "[a-b/0]{0,3}".prop_map(|text| Value::Json(Cow::Owned(text))),
        (0i64..3)
            .prop_map(|seconds| { Value::TimestampWithZone(DateTime::from_timestamp(seconds, 0).unwrap()) }),
    ];
    scalar.prop_recursive(2, 6, 3, |element| prop::collection::vec(element, 0..3).prop_map(Value::Array))
}

fn arguments() -> impl Strategy<Value = Arguments<'static>> {
    prop::collection::vec((0usize..3, value()), 0..4).prop_map(|values| Arguments {
        supplied: 0,
        values,
        claims: Claims::default(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn keys_are_equal_exactly_if_the_arguments_are(one in arguments(), other in arguments()) {
        prop_assert_eq!(key(&one) == key(&other), one.values == other.values);
        prop_assert_eq!(key(&one), key(&one));
    }
}

#[test]
fn everything_that_an_answer_depends_on_is_in_its_key() {
    let none = || Arguments { supplied: 0, values: Vec::new(), claims: Claims::default() };
    let (here, there) = (endpoint("GET", "/api/a", &[]), endpoint("GET", "/api/b", &[]));
    let tenant = |number: u64| {
        let claims = serde_json::json!({ "tenant": number });
        let claims = Claims::declared(&["tenant".to_owned()], claims.as_object().unwrap());
        Arguments { claims, ..none() }
    };
    let keys = [
        Key::of(ORIGIN, &viewpoint(), &here, &none()),
        Key::of(ORIGIN, &Viewpoint { generation: 2, ..viewpoint() }, &here, &none()),
        Key::of(ORIGIN, &Viewpoint { database: "other".to_owned(), ..viewpoint() }, &here, &none()),
        Key::of(ORIGIN, &Viewpoint { role: "other".to_owned(), ..viewpoint() }, &here, &none()),
        Key::of(ORIGIN, &viewpoint(), &there, &none()),
        Key::of(ORIGIN, &viewpoint(), &here, &tenant(1)),
        Key::of(ORIGIN, &viewpoint(), &here, &tenant(2)),
        Key::of(Origin { epoch: 2, ..ORIGIN }, &viewpoint(), &here, &none()),
        Key::of(Origin { timeline: 2, ..ORIGIN }, &viewpoint(), &here, &none()),
        Key::of(Origin { system_identifier: 2, ..ORIGIN }, &viewpoint(), &here, &none()),
    ];
    for (index, one) in keys.iter().enumerate() {
        for (other_index, other) in keys.iter().enumerate() {
            assert_eq!(one == other, index == other_index, "{index} {other_index}");
        }
    }
}

#[test]
fn keys_of_one_hash_are_still_told_apart() {
    let one = Key { hash: 7, bytes: vec![1] };
    let other = Key { hash: 7, bytes: vec![2] };
    assert_ne!(one, other);
}
